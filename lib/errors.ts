/** Every refusal that the API answers: its code, the HTTP status and a sentence for a person. */
const refusals = {
  malformed_request: [400, 'The request could not be read.'],
  unauthenticated: [401, 'Sign in first.'],
  invalid_token: [401, 'The token is not valid; refresh or sign in again.'],
  session_ended: [401, 'The session has ended; sign in again.'],
  invalid_credentials: [
    401,
    'The address and the password do not belong together, or the address has not been confirmed yet.'
  ],
  passkey_unknown: [401, 'No account has this passkey.'],
  mfa_required: [401, 'A second factor is needed, too.'],
  reauthentication_required: [401, 'Authenticate again to do this.'],
  forbidden: [403, 'You are not allowed to do this.'],
  csrf: [403, 'The request comes from an origin that is not allowed.'],
  approval_pending: [403, 'The account waits for approval.'],
  approval_rejected: [403, 'The account was not approved.'],
  account_disabled: [403, 'The account is disabled.'],
  vendor_suspended: [403, 'The vendor is suspended.'],
  wrong_user_type: [403, 'This application is for another kind of user.'],
  password_change_required: [403, 'Change the password first.'],
  second_factor_enrollment_required: [403, 'Add a second factor first.'],
  https_required: [403, 'Use https.'],
  not_found: [404, 'There is nothing here.'],
  method_not_allowed: [405, 'This path does not answer that method.'],
  conflict: [409, 'This collides with something that exists already.'],
  role_in_use: [409, 'The role is in use.'],
  last_factor: [409, 'The account would be without the second factor that it needs.'],
  mail_not_failed: [409, 'The mail has not failed: it waits or is being sent.'],
  last_super_admin: [409, 'The last active super_admin must remain.'],
  stale: [412, 'It has changed since it was read; read it again.'],
  body_too_large: [413, 'The body is too large.'],
  unsupported_media_type: [415, 'Send the body as application/json, uncompressed.'],
  invalid_request: [422, 'The request is not valid; see errors.'],
  password_rejected: [422, 'The password is not acceptable; see errors.'],
  token_invalid: [422, 'The code or token is wrong, used or expired.'],
  too_many_attempts: [429, 'Too many failed attempts; try again later.'],
  rate_limited: [429, 'Too many requests; try again later.'],
  internal_error: [500, 'Something went wrong here.'],
  unavailable: [503, 'A service behind this one does not answer; try again shortly.'],
  overloaded: [503, 'Too busy; try again shortly.']
} as const satisfies Record<string, readonly [number, string]>

export type RefusalCode = keyof typeof refusals
export const refusalCodes = Object.keys(refusals).filter(isRefusalCode)

/** The reasons why a session ended; one is answered with every 401 `session_ended`. The first cause counts. */
export const endReasons = [
  'expired', 'idle', 'signed_out', 'revoked_by_user', 'revoked_by_admin', 'password_changed',
  'reuse_detected', 'factors_changed', 'evicted', 'account_disabled', 'account_deleted', 'email_restored',
  'everyone_signed_out'
] as const
export type EndReason = typeof endReasons[number]

/** A sign-in that waits for its second factor: the token that goes on with it, and how that travels. */
export interface PendingSecondFactor {
  token: string
  transport: 'bearer' | 'cookie'
  /** Seconds. */
  expiresIn: number
}

/** One entry of a problem's `errors`: a JSON pointer into the body, a stable code, and a sentence for a person. */
export interface FieldError { path: string, code: string, message: string }

export interface RefusalDetails {
  reason?: EndReason
  /** Seconds within which `auth_time` must lie (RFC 9470). */
  maxAge?: number
  /** The strengths that would do, separated by blanks (RFC 9470). */
  acrValues?: string
  /** What goes on with a sign-in whose second factor is due (`mfa_required`). */
  pending?: PendingSecondFactor
  /** What can be proved next (`mfa_required`). */
  methods?: readonly string[]
  /** Whether the pending sign-in is over, so that a browser may forget its token. */
  endsPending?: true
  /** Seconds after which the client may try again; sent as `Retry-After`. */
  retryAfter?: number
  /** The methods that a path does answer; sent as `Allow`. */
  allow?: string[]
  errors?: FieldError[]
  /** Says it better than the sentence of the code, which is for more cases than this one. */
  sentence?: string
  /** The permission that was missing; unset if a rank was too low. It is for the audit trail and not answered. */
  permission?: string
  cause?: unknown
}

/**
 * A refusal: thrown anywhere below a route, turned into RFC 9457 problem+json in `plugins/http/errors`
 * and nowhere else. The code is the contract; the message helps a person and tells an attacker nothing.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: RefusalCode
  readonly status: number
  readonly details: Omit<RefusalDetails, 'cause' | 'sentence'>

  constructor (code: RefusalCode, { cause, sentence = refusals[code][1], ...details }: RefusalDetails = {}) {
    super(sentence, { cause })
    this.code = code
    this.status = refusals[code][0]
    this.details = details
  }
}

/** The refusal for a store that did not or could not answer: 503. No cookie is cleared and nothing has been decided. */
export const unavailable = (cause?: unknown) => new Refusal('unavailable', { retryAfter: 1, cause })

/** Whether a word is the code of a refusal. */
export function isRefusalCode (code: string): code is RefusalCode {
  return Object.hasOwn(refusals, code)
}

/** The result of the work, or null if it refuses the token with a 401. */
export async function unlessRefused<T> (work: () => T | Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) return null
    throw error
  }
}
