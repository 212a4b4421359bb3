import type { Call, CallOptions } from './calls.ts'
import type { AnswerOf, InputOf, OperationId } from './types.ts'

/** Functions for operations, each with the operation's name. The input may be left out if nothing in it is needed. */
export type Operations<Ids extends OperationId> = {
  [Id in Ids]: {} extends InputOf<Id>
    ? (input?: InputOf<Id>, options?: CallOptions) => Promise<AnswerOf<Id>>
    : (input: InputOf<Id>, options?: CallOptions) => Promise<AnswerOf<Id>>
}

/**
 * Makes the functions of a table of routes.
 *
 * @param table routes by operation: `{ getUser: 'GET /users/{id}' }`
 */
export function operationsOf<Ids extends OperationId> (table: Record<Ids, string>, call: Call): Operations<Ids>
export function operationsOf<Ids extends OperationId> (table: Record<Ids, string>, call: Call): object {
  const calls: Record<string, unknown> = {}
  for (const name in table) {
    calls[name] = (input?: object, options?: CallOptions) => call(name, table[name], input, options)
  }
  return calls
}
