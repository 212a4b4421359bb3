import type { Principal } from '../access/authentication.ts'
import type { Audit } from '../audit/audit.ts'
import type { Clock } from '../clock.ts'
import type { Caller } from '../http/caller.ts'
import type { SessionState } from '../sessions/session-store.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { TokenResponse, TokenResponses } from '../sessions/token-responses.ts'
import type { Database } from '../stores/database.ts'
import type { Lockout } from '../throttling/lockout.ts'
import type { PasswordChecks } from '../throttling/password-checks.ts'
import type { RateLimits } from '../throttling/rate-limits.ts'
import type { UserStore } from '../users/user-store.ts'

export interface ReauthenticationParts {
  database: Database
  users: Pick<UserStore, 'lock'>
  sessions: Pick<Sessions, 'find' | 'authenticateAgain' | 'refusalFor' | 'advance'>
  tokenResponses: TokenResponses
  checks: PasswordChecks
  rateLimits: Pick<RateLimits, 'count'>
  lockout: Pick<Lockout, 'sessionOf'>
  audit: Pick<Audit, 'record'>
  clock: Pick<Clock, 'now'>
}

/** Proving the password again within a session. */
export function createReauthentications (parts: ReauthenticationParts) {
  const { database, users, sessions, tokenResponses, checks, rateLimits, lockout, audit, clock } = parts

  return { reauthenticate }

  /**
   * Checks the password, sets the session's `auth_time` to now (RFC 9470) and rotates its tokens. Tries are counted by
   * user, right passwords too, because each costs a hash.
   * @throws Refusal `rate_limited`; `session_ended`; `invalid_credentials`; `too_many_attempts`; `invalid_token` if the
   * session's access tokens have become outdated meanwhile; `overloaded`; `unavailable`
   */
  async function reauthenticate (
    { userId, sessionId }: Pick<Principal, 'userId' | 'sessionId'>,
    password: string,
    caller: Caller
  ): Promise<TokenResponse> {
    return await rateLimits.count({ policy: 'reauthenticate', caller, userId }, () => {
      return proveAgain(sessionId, password, caller)
    })
  }

  async function proveAgain (sessionId: string, password: string, caller: Caller): Promise<TokenResponse> {
    const state = await sessions.find(sessionId)
    await checks.check({
      password,
      passwordHash: state.passwordHash,
      bucket: lockout.sessionOf(sessionId),
      owner: state,
      canonical: state.emailCanonical,
      sessionId,
      caller,
      purpose: 'sign_in'
    })

    const authTime = new Date(clock.now())
    const isRecorded = await record(state, authTime, caller)
    // This is read after the transaction: within it, the read would take a second connection.
    if (!isRecorded) throw await sessions.refusalFor(sessionId)
    return tokenResponses.issue(await sessions.advance({ ...state, authTime }))
  }

  async function record (state: SessionState, authTime: Date, caller: Caller): Promise<boolean> {
    return await database.begin(async tx => {
      if (!await users.lock(tx, state) || !await sessions.authenticateAgain(tx, state, authTime)) return false
      await audit.record(tx, {
        event: 'authn_login_success',
        outcome: 'success',
        reason: 'reauthenticated',
        actorId: state.id,
        subject: state,
        sessionId: state.sessionId,
        caller
      })
      return true
    })
  }
}
