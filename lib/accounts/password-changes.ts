import type { Audit } from '../audit/audit.ts'
import type { Caller } from '../http/caller.ts'
import type { ChangeFeed } from '../changes/change-feed.ts'
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
import type { ChangeStore } from '../changes/change-store.ts'
import type { Database } from '../stores/database.ts'
import type { UserStore } from '../users/user-store.ts'

export interface PasswordChangeParts {
  database: Database
  users: UserStore
  sessions: Sessions
  tokenResponses: TokenResponses
  oneTimeTokens: Pick<OneTimeTokens, 'revoke'>
  policy: PasswordPolicy
  passwords: Passwords
  checks: PasswordChecks
  lockout: Pick<Lockout, 'sessionOf'>
  changes: ChangeStore
  audit: Audit
  jobs: Pick<Jobs, 'send'>
  feed: Pick<ChangeFeed, 'publish'>
  clock: Clock
}

const unchanged: FieldError = { path: '/new_password', code: 'unchanged', message: 'This is the password that you have now.' }

/** A user's own change of password. */
export function createPasswordChanges ({ database, users, sessions, tokenResponses, oneTimeTokens, policy, passwords, checks, lockout, changes, audit, jobs, feed, clock }: PasswordChangeParts) {
  return { changePassword }

  /**
   * Replaces the password if the current one is right. Every other session ends, in one step with the
   * change; this one outlives it and gets new tokens.
   */
  async function changePassword ({ sessionId }: { sessionId: string }, { currentPassword, newPassword }: { currentPassword: string, newPassword: string }, caller: Caller): Promise<TokenResponse> {
    const state = await sessions.find(sessionId)
    await checks.check({ password: currentPassword, passwordHash: state.passwordHash, bucket: lockout.sessionOf(sessionId), owner: state, canonical: state.emailCanonical, sessionId, caller, failure: 'authn_password_change_fail' })

    if (newPassword.normalize('NFC') === currentPassword.normalize('NFC')) throw new Refusal('password_rejected', { errors: [unchanged] })
    const errors = await policy.check(newPassword, [state.email, state.fullName], '/new_password')
    if (errors.length) throw new Refusal('password_rejected', { errors })
    const passwordHash = await passwords.hash(newPassword, 'known')
    const authTime = new Date(clock.now())

    const over = new Error('the account or the session is not what it was')

    const { written, user } = await database.begin(async tx => {
      const user = await users.setPassword(tx, state, passwordHash, authTime)
      if (!user) throw over

      const { change, hasSurvived } = await sessions.recordEpochRaise(tx, { userId: state.id, to: user.sessionEpoch, reason: 'password_changed', survivor: sessionId, authTime })
      if (!hasSurvived) throw over

      const version = await changes.append(tx, { kind: 'user_changed', subjectId: state.id, number: user.version })
      await oneTimeTokens.revoke(tx, state.id, outdatedByPassword)
      const eventId = await audit.record(tx, { event: 'authn_password_change', outcome: 'success', actorId: state.id, subject: state, sessionId, caller })
      await jobs.send(tx, 'mail', { kind: 'password_changed', userId: state.id, how: 'changed', eventId })
      return { written: [change, version], user }
    // Asked after the transaction: within it, that would take a second connection while holding one.
    }).catch(async error => { throw error === over ? await sessions.refusalFor(sessionId) : error })
    feed.publish(written)

    return tokenResponses.issue(await sessions.advance({ ...state, ...user, userEpoch: user.sessionEpoch, authTime, mustChangePassword: false }))
  }
}
