import type { Caller } from '../http/caller.ts'
import type { UnitsOfWork } from '../changes/unit-of-work.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { FieldError } from '../errors.ts'
import type { TokenResponse, TokenResponses } from '../sessions/token-responses.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Lockout } from '../throttling/lockout.ts'
import type { OneTimeTokens } from '../tokens/one-time-tokens.ts'
import type { PasswordChecks } from '../throttling/password-checks.ts'
import type { PasswordPolicy } from '../passwords/policy.ts'
import { outdatedByPassword } from './password-resets.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { UserStore } from '../users/user-store.ts'

export interface PasswordChangeParts {
  commitUnlessNull: UnitsOfWork['commitUnlessNull']
  users: UserStore
  sessions: Sessions
  tokenResponses: TokenResponses
  oneTimeTokens: Pick<OneTimeTokens, 'revoke'>
  policy: PasswordPolicy
  passwords: Passwords
  checks: PasswordChecks
  lockout: Pick<Lockout, 'sessionOf'>
  jobs: Pick<Jobs, 'send'>
  clock: Clock
}

const unchanged: FieldError = { path: '/new_password', code: 'unchanged', message: 'This is the password that you have now.' }

/** A user's own change of password. */
export function createPasswordChanges ({ commitUnlessNull, users, sessions, tokenResponses, oneTimeTokens, policy, passwords, checks, lockout, jobs, clock }: PasswordChangeParts) {
  return { changePassword }

  /**
   * Replaces the password if the current one is right. Every other session ends, in one step with the
   * change; this one outlives it and gets new tokens.
   */
  async function changePassword ({ sessionId }: { sessionId: string }, { currentPassword, newPassword }: { currentPassword: string, newPassword: string }, caller: Caller): Promise<TokenResponse> {
    const state = await sessions.find(sessionId)
    await checks.check({
      password: currentPassword,
      passwordHash: state.passwordHash,
      bucket: lockout.sessionOf(sessionId),
      owner: state,
      canonical: state.emailCanonical,
      sessionId,
      caller,
      purpose: 'password_change'
    })

    if (newPassword.normalize('NFC') === currentPassword.normalize('NFC')) throw new Refusal('password_rejected', { errors: [unchanged] })
    const errors = await policy.check(newPassword, [state.email, state.fullName], '/new_password')
    if (errors.length) throw new Refusal('password_rejected', { errors })
    const passwordHash = await passwords.hash(newPassword, 'known')
    const authTime = new Date(clock.now())

    const user = await commitUnlessNull(async unit => {
      const user = await users.setPassword(unit.tx, state, passwordHash, authTime)
      if (!user) return null

      const { hasSurvived, eventId } = await sessions.recordEpochRaise(unit, {
        user: { id: state.id, ...user },
        reason: 'password_changed',
        survivor: sessionId,
        authTime,
        event: { event: 'authn_password_change', outcome: 'success', actorId: state.id, subject: state, sessionId, caller }
      })
      if (!hasSurvived) return null

      await oneTimeTokens.revoke(unit.tx, state.id, outdatedByPassword)
      await jobs.send(unit.tx, 'mail', { kind: 'password_changed', userId: state.id, how: 'changed', eventId })
      return user
    })
    // Asked after the transaction: within it, that would take a second connection while holding one.
    if (!user) throw await sessions.refusalFor(sessionId)

    return tokenResponses.issue(await sessions.advance({ ...state, ...user, userEpoch: user.sessionEpoch, authTime, mustChangePassword: false }))
  }
}
