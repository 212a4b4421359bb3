import type { CodeOf, OperationId, Problem } from './types.ts'

/** The server has refused, and says why (RFC 9457). `code` is the contract; the message is a sentence for a person. */
export class Refusal extends Error {
  readonly kind = 'latchkey:refusal'
  /** The name of the call, `login` for example. */
  declare readonly operation: OperationId
  declare readonly status: number
  declare readonly code: Problem['code']
  /** Why the session has ended, with the code `session_ended`. */
  declare readonly reason: Problem['reason']
  /** The fields that were refused, with `invalid_request` and `password_rejected`. */
  declare readonly errors: Problem['errors']
  /** Seconds within which the password must have been entered, with `reauthentication_required`. */
  declare readonly maxAge: number | undefined
  /** The strengths (`acr`) that would do, separated by blanks, with `reauthentication_required` and `mfa_required`. */
  declare readonly acrValues: string | undefined
  /** What goes on with a sign-in whose second factor is due, with `mfa_required` and bearer tokens. */
  declare readonly mfaToken: string | undefined
  /** What can be proved next, with `mfa_required`. */
  declare readonly methods: string[] | undefined
  /** Seconds after which to try again. */
  declare readonly retryAfter: number | undefined
  /** Names the request in the server's log. */
  declare readonly requestId: string

  constructor (operation: OperationId, problem: Problem, retryAfter: number | undefined) {
    super(problem.detail)
    this.name = 'Refusal'
    this.operation = operation
    this.status = problem.status
    this.code = problem.code
    this.reason = problem.reason
    this.errors = problem.errors
    this.maxAge = problem.max_age
    this.acrValues = problem.acr_values
    this.mfaToken = problem.mfa_token
    this.methods = problem.methods
    this.retryAfter = retryAfter
    this.requestId = problem.request_id
  }
}

/** No answer has come: the network, CORS, or a deadline. `cause` is the error of `fetch`. */
export class Unreachable extends Error {
  readonly kind = 'latchkey:unreachable'

  constructor (cause?: unknown) {
    super('The server could not be reached.', { cause })
    this.name = 'Unreachable'
  }
}

/** Something other than Latchkey has answered: a proxy or a captive portal. */
export class Unintelligible extends Error {
  readonly kind = 'latchkey:unintelligible'
  declare readonly status: number
  /** Seconds after which to try again. */
  declare readonly retryAfter: number | undefined

  constructor (status: number, retryAfter?: number) {
    super(`The answer, with status ${status}, is not Latchkey's.`)
    this.name = 'Unintelligible'
    this.status = status
    this.retryAfter = retryAfter
  }
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
  if (!isMarked(error, 'refusal')) return false
  return operation === undefined || ('operation' in error && error.operation === operation)
}

/** Whether an error means that no answer has come. It never means signed out. */
export const isUnreachable = (error: unknown): error is Unreachable => isMarked(error, 'unreachable')

/** Whether an error means that something other than Latchkey has answered. It never means signed out. */
export const isUnintelligible = (error: unknown): error is Unintelligible => isMarked(error, 'unintelligible')

function isMarked (error: unknown, mark: string): error is object {
  return typeof error === 'object' && error !== null && 'kind' in error && error.kind === `latchkey:${mark}`
}
