import { isRefusal, isUnreachable } from '../src/index.ts'

/** What a person reads of an error. A refusal brings a sentence of its own. */
export function explain (error: unknown): string {
  if (isUnreachable(error)) return 'The server cannot be reached. Are you online?'
  if (error instanceof DOMException) return failures[error.name] ?? error.message
  if (!isRefusal(error)) return 'Something went wrong. Please try again.'
  if (isRefusal(error, 'login') && error.code === 'invalid_credentials') return 'The address or the password is wrong.'
  return error.retryAfter === undefined ? error.message : `${error.message} Try again in ${wait(error.retryAfter)}.`
}

/** What browsers refuse. */
const failures: Record<string, string> = {
  NotAllowedError: 'No passkey was used.',
  InvalidStateError: 'This device has a passkey of this account already.'
}

/** The sentences about single fields, by the field's name. */
export function fieldErrors (error: unknown): Map<string, string> {
  const errors = isRefusal(error) ? error.errors ?? [] : []
  return new Map(errors.map(({ path, message }) => [path.replace(/^\//, ''), message]))
}

/** Why the last session is over, for somebody who expected to be signed in; empty if they ended it themselves. */
export function explainEnd (reason: string | undefined): string {
  if (reason === undefined || reason === 'signed_out') return ''
  return endings[reason] ?? 'Please sign in again.'
}

const endings: Record<string, string> = {
  expired: 'You were signed in for long. Please sign in again.',
  idle: 'You were away for long. Please sign in again.',
  revoked_by_user: 'You were signed out from another device.',
  revoked_by_admin: 'An administrator has signed you out.',
  password_changed: 'The password was changed. Please sign in with the new one.',
  reuse_detected: 'This session was used from two places, so it was ended. Please sign in again.',
  factors_changed: 'The second factors of this account were changed. Please sign in again.',
  account_disabled: 'This account is disabled.',
  account_deleted: 'This account was deleted.',
  everyone_signed_out: 'Everybody was signed out. Please sign in again.',
  replaced: 'Somebody else has signed in in another tab.'
}

function wait (seconds: number) {
  return seconds < 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`
}
