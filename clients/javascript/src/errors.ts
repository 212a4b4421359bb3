import type { CodeOf, OperationId, Problem } from './types.ts'

/** The server has refused, and says why (RFC 9457). `code` is the contract; the message is a sentence for a person. */
export interface Refusal extends Error {
  readonly kind: 'latchkey:Refusal'
  /** The name of the call, `login` for example. */
  readonly operation: OperationId
  readonly status: number
  readonly code: Problem['code']
  /** Why the session has ended, with the code `session_ended`. */
  readonly reason: Problem['reason']
  /** The fields that were refused, with `invalid_request` and `password_rejected`. */
  readonly errors: Problem['errors']
  /** Seconds within which the password must have been entered, with `reauthentication_required`. */
  readonly maxAge: number | undefined
  /** The strengths (`acr`) that would do, separated by blanks, with `reauthentication_required` and `mfa_required`. */
  readonly acrValues: string | undefined
  /** What goes on with a sign-in whose second factor is due, with `mfa_required` and bearer tokens. */
  readonly mfaToken: string | undefined
  /** What can be proved next, with `mfa_required`. */
  readonly methods: string[] | undefined
  /** Seconds after which to try again. */
  readonly retryAfter: number | undefined
  /** Names the request in the server's log. */
  readonly requestId: string
}

/** No answer has come: the network, CORS, or a deadline. `cause` is the error of `fetch`. */
export interface Unreachable extends Error { readonly kind: 'latchkey:Unreachable' }

/** Something other than Latchkey has answered: a proxy or a captive portal. */
export interface Unintelligible extends Error {
  readonly kind: 'latchkey:Unintelligible'
  readonly status: number
  /** Seconds after which to try again. */
  readonly retryAfter: number | undefined
}

/** A refusal of one operation: `code` is one of those that this operation may answer. */
export type RefusalOf<Id extends OperationId> = Refusal & { readonly code: CodeOf<Id> }

/**
 * Whether an error is a refusal of the server, and of this operation if one is named. It looks for a mark and not for
 * a class, because a bundle may hold two copies of this package.
 */
export function isRefusal<Id extends OperationId = OperationId> (
  error: unknown,
  operation?: Id
): error is RefusalOf<Id> {
  return isMarked(error, 'Refusal') && (!operation || operation === Object(error).operation)
}

/** Whether an error means that no answer has come. It never means signed out. */
export const isUnreachable = (error: unknown): error is Unreachable => isMarked(error, 'Unreachable')

/** Whether an error means that something other than Latchkey has answered. It never means signed out. */
export const isUnintelligible = (error: unknown): error is Unintelligible => isMarked(error, 'Unintelligible')

/** The refusal that an answer brings. */
export function refusal (operation: OperationId, problem: Problem, response: Response): Refusal {
  return marked('Refusal', problem.detail, {
    operation,
    status: problem.status,
    code: problem.code,
    reason: problem.reason,
    errors: problem.errors,
    maxAge: problem.max_age,
    acrValues: problem.acr_values,
    mfaToken: problem.mfa_token,
    methods: problem.methods,
    retryAfter: retryAfter(response),
    requestId: problem.request_id
  })
}

/** The error of a request that got no answer; an error that says so already stays what it is. */
export function unreachable (cause?: unknown): Unreachable {
  return isUnreachable(cause) ? cause : marked('Unreachable', 'The server could not be reached.', { cause })
}

export function unintelligible (response: Response): Unintelligible {
  const { status } = response
  return marked('Unintelligible', `The answer, with status ${status}, is not Latchkey's.`, {
    status, retryAfter: retryAfter(response)
  })
}

/** Seconds after which to try again, if the answer says so. */
export const retryAfter = ({ headers }: Response) => Number(headers.get('retry-after')) || undefined

function marked<Name extends string, Fields extends object> (name: Name, message: string, fields: Fields) {
  return Object.assign(new Error(message), fields, { name, kind: `latchkey:${name}` as const })
}

const isMarked = (error: unknown, name: string) => Object(error).kind === `latchkey:${name}`
