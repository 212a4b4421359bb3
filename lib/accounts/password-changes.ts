import type { Principal } from '../access/authentication.ts'
import { assertFullStrength } from '../access/step-up.ts'
import type { Caller } from '../http/caller.ts'
import type { UnitsOfWork } from '../changes/unit-of-work.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { FieldError } from '../errors.ts'
import type { TotpSecretStore } from '../factors/totp-secret-store.ts'
import type { TokenResponse, TokenResponses } from '../sessions/token-responses.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { OneTimeTokens } from '../tokens/one-time-tokens.ts'
import type { PasswordChecks } from '../throttling/password-checks.ts'
import type { RateLimits } from '../throttling/rate-limits.ts'
import type { PasswordPolicy } from '../passwords/policy.ts'
import { byPassword } from '../tokens/assurance.ts'
import { needsBoth } from '../tokens/factor-dues.ts'
import { outdatedByPassword } from './password-resets.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { SessionState } from '../sessions/session-store.ts'
import type { PasswordStore } from '../users/password-store.ts'

export interface PasswordChangeParts {
  commitUnlessNull: UnitsOfWork['commitUnlessNull']
  passwordStore: Pick<PasswordStore, 'replace'>
  sessions: Sessions
  tokenResponses: TokenResponses
  oneTimeTokens: Pick<OneTimeTokens, 'revoke'>
  totpSecrets: Pick<TotpSecretStore, 'forgetStrangersFailures'>
  policy: PasswordPolicy
  passwords: Passwords
  checks: Pick<PasswordChecks, 'checkInSession'>
  rateLimits: Pick<RateLimits, 'count'>
  jobs: Pick<Jobs, 'send'>
  clock: Clock
}

/** A change that a user wants. */
export interface PasswordChange { currentPassword: string, newPassword: string }

const unchanged: FieldError = {
  path: '/new_password',
  code: 'unchanged',
  message: 'This is the password that you have now.'
}

/** The change of a password by its user, who knows the current one. */
export function createPasswordChanges (parts: PasswordChangeParts) {
  const { commitUnlessNull, passwordStore, sessions, tokenResponses, oneTimeTokens, totpSecrets } = parts
  const { policy, passwords, checks, rateLimits, jobs, clock } = parts

  return { changePassword }

  /**
   * Replaces the password if the current one is right. Every other session ends in one step with the change. The
   * session of the request survives and gets new tokens. Tries are counted by user, right passwords too, because each
   * costs a hash. If the account needs two factors, the session must have proved both, and `auth_time` stays, because
   * only the password has been proved again.
   * @throws Refusal `rate_limited`; `session_ended`; `reauthentication_required`; `invalid_credentials`;
   * `too_many_attempts`; `password_rejected`; `invalid_token` if the session's access tokens have become outdated
   * meanwhile; `overloaded`; `unavailable`
   */
  async function changePassword (
    { userId, sessionId }: Pick<Principal, 'userId' | 'sessionId'>,
    change: PasswordChange,
    caller: Caller
  ): Promise<TokenResponse> {
    return await rateLimits.count({ policy: 'password-change', caller, userId }, () => {
      return replaceProven(sessionId, change, caller)
    })
  }

  /** Replaces the password after the current one has been checked. */
  async function replaceProven (
    sessionId: string,
    { currentPassword, newPassword }: PasswordChange,
    caller: Caller
  ): Promise<TokenResponse> {
    const state = await sessions.find(sessionId)
    const needsFactor = needsBoth(state, clock.now())
    if (needsFactor) assertFullStrength(state)
    await checks.checkInSession(state, currentPassword, caller, 'password_change')

    const errors = await objectionsTo(newPassword, currentPassword, state)
    if (errors.length) throw new Refusal('password_rejected', { errors })
    const passwordHash = await passwords.hash(newPassword, { priority: 'known', flow: state.id })
    const now = new Date(clock.now())
    const proved = needsFactor ? {} : { authTime: now, amr: byPassword }

    const user = await replace(state, passwordHash, { now, proved, needsFactor }, caller)
    // This is read after the transaction: within it, the read would take a second connection.
    if (!user) throw await sessions.refusalFor(sessionId)

    const changed = { ...state, ...user, userEpoch: user.sessionEpoch, ...proved, mustChangePassword: false }
    return tokenResponses.issue(await sessions.advance(changed))
  }

  async function objectionsTo (newPassword: string, currentPassword: string, { email, fullName }: SessionState) {
    if (newPassword.normalize('NFC') === currentPassword.normalize('NFC')) return [unchanged]
    return await policy.check(newPassword, [email, fullName], '/new_password')
  }

  /** The counters of the account after the change; null if the account or the session has changed since. */
  async function replace (
    state: SessionState,
    passwordHash: string,
    { now, proved, needsFactor }: {
      now: Date
      proved: { authTime?: Date, amr?: string[] }
      needsFactor: boolean
    },
    caller: Caller
  ) {
    const { id, sessionId } = state

    return await commitUnlessNull(async unit => {
      const user = await passwordStore.replace(unit.tx, state, passwordHash, now)
      if (!user) return null

      const { hasSurvived, eventId } = await sessions.recordEpochRaise(unit, {
        user: { id, ...user },
        reason: 'password_changed',
        survivor: sessionId,
        ...proved,
        event: {
          event: 'authn_password_change',
          outcome: 'success',
          actorId: id,
          subject: state,
          sessionId,
          caller
        }
      })
      if (!hasSurvived) return null

      // Strangers who entered codes had the old password.
      if (needsFactor) await totpSecrets.forgetStrangersFailures(unit.tx, id)
      await oneTimeTokens.revoke(unit.tx, id, outdatedByPassword)
      await jobs.send(unit.tx, 'mail', { kind: 'password_changed', userId: id, how: 'changed', eventId })
      return user
    })
  }
}
