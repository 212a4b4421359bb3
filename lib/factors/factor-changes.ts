import type { Principal } from '../access/authentication.ts'
import type { RoleStore } from '../access/role-store.ts'
import { assertFullStrength } from '../access/step-up.ts'
import type { AuditEvent } from '../audit/audit.ts'
import type { ChangeFeed } from '../changes/change-feed.ts'
import type { UnitOfWork, UnitsOfWork } from '../changes/unit-of-work.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { KnownDeviceStore } from '../sessions/known-device-store.ts'
import type { SessionState } from '../sessions/session-store.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { TokenResponse, TokenResponses } from '../sessions/token-responses.ts'
import type { Transaction } from '../stores/database.ts'
import type { RateLimits } from '../throttling/rate-limits.ts'
import type { Tokens } from '../tokens/access-tokens.ts'
import { isInForce } from '../users/factor-policy.ts'
import type { UserStore } from '../users/user-store.ts'
import type { PasskeyStore } from './passkey-store.ts'
import type { TotpSecretStore } from './totp-secret-store.ts'

/** The user and the session that ask for a change. The guard of the route has made sure that the sign-in is recent. */
export type Asking = Pick<Principal, 'userId' | 'sessionId'>

/** The answer to a change that gives the session new tokens, with recovery codes if there were none before. */
export type FactorChange = TokenResponse & { recovery_codes?: string[] }

export interface FactorChangeParts extends Pick<UnitsOfWork, 'commitUnlessNull'> {
  users: Pick<UserStore, 'lock' | 'setTwoStep'>
  roleStore: Pick<RoleStore, 'lockPolicy'>
  devices: Pick<KnownDeviceStore, 'forgetSecondFactors'>
  sessions: Pick<Sessions, 'find' | 'findLocked' | 'refusalFor' | 'recordEpochRaise' | 'assertCanAdvance' | 'advance'>
  tokenResponses: TokenResponses
  tokens: Pick<Tokens, 'assertCanSign'>
  feed: Pick<ChangeFeed, 'assertFresh'>
  totpSecrets: Pick<TotpSecretStore, 'findConfirmed'>
  passkeys: Pick<PasskeyStore, 'has'>
  rateLimits: Pick<RateLimits, 'count'>
  jobs: Pick<Jobs, 'send'>
  clock: Pick<Clock, 'now'>
}

export type FactorChanges = ReturnType<typeof createFactorChanges>

/** What any change of a user's factors takes: who may ask for it, its locks, and what comes of it for the sessions. */
export function createFactorChanges (parts: FactorChangeParts) {
  const { commitUnlessNull, users, roleStore, devices, sessions, tokenResponses, tokens, feed } = parts
  const { totpSecrets, passkeys, rateLimits, jobs, clock } = parts

  return { findStrong, findEnrolling, hasFactor, assertOptional, counted, inSession, change, answerTo }

  /**
   * The session that asks, if it has proved every factor that the account has. A change ends in tokens, so it is
   * refused before it begins if this node cannot sign, or would not accept them, or if the clock of Redis is off.
   * @throws Refusal `session_ended`; `reauthentication_required`; `unavailable`
   */
  async function findStrong (asking: Asking): Promise<SessionState> {
    const state = await findAnswerable(asking)
    await assertStrong(state)
    return state
  }

  async function assertStrong (state: SessionState) {
    if (state.twoStep || await hasFactor(state.id)) assertFullStrength(state)
  }

  /** As `findStrong`; a session that a reset has opened may add a factor, too. */
  async function findEnrolling (asking: Asking): Promise<SessionState> {
    const state = await findAnswerable(asking)
    if (state.factorReset === null) await assertStrong(state)
    return state
  }

  async function findAnswerable ({ sessionId }: Asking): Promise<SessionState> {
    tokens.assertCanSign()
    feed.assertFresh()
    sessions.assertCanAdvance()
    return await sessions.find(sessionId)
  }

  /**
   * Refuses to take away the last passkey, or the app that stands beside none, while the role demands what would be
   * missing. The role stays as it is until the transaction ends.
   * @throws Refusal `last_factor`
   */
  async function assertOptional (tx: Transaction, userId: string, { hasTotp = false } = {}) {
    const policy = await roleStore.lockPolicy(tx, userId)
    const isSatisfied = hasTotp && policy?.factorPolicy === 'required'
    if (policy && isInForce(policy, clock.now()) && !isSatisfied) throw new Refusal('last_factor')
  }

  /** Whether the user has an authenticator app or a passkey. */
  async function hasFactor (userId: string): Promise<boolean> {
    return await totpSecrets.findConfirmed(userId) !== null || await passkeys.has(userId)
  }

  /** @throws Refusal `rate_limited`; what the work throws */
  async function counted<T> ({ userId }: Asking, caller: Caller, work: () => Promise<T>): Promise<T> {
    return await rateLimits.count({ policy: 'second-factor', caller, userId }, work)
  }

  /**
   * Runs the work with the user's row locked, if account and session are still those that were read.
   * @throws Refusal `session_ended` or `invalid_token` if they are not; what the work throws
   */
  async function inSession<T> (state: SessionState, work: (unit: UnitOfWork) => Promise<T>): Promise<T> {
    const done = await commitUnlessNull(async unit => {
      if (!await users.lock(unit.tx, state) || !await sessions.findLocked(unit.tx, state.sessionId)) return null
      return { result: await work(unit) }
    })
    // This is read after the transaction: within it, the read would take a second connection.
    if (!done) throw await sessions.refusalFor(state.sessionId)
    return done.result
  }

  /** Ends the other sessions, forgets what devices have passed, and tells the owner. Returns the new epoch. */
  async function change (
    unit: UnitOfWork,
    state: SessionState,
    { twoStep, amr, caller }: { twoStep: boolean, amr?: string[], caller: Caller },
    { event, reason, mail }: {
      event: string
      /** The factor that has changed, where one has, or what has happened to a reset. */
      reason?: string
      mail:
        | 'second_factor_added'
        | 'second_factor_removed'
        | 'second_factor_reset_finished'
        | 'factor_removed'
        | 'password_removed'
    }
  ): Promise<number> {
    const sessionEpoch = await users.setTwoStep(unit.tx, state.id, twoStep)
    const { eventId } = await sessions.recordEpochRaise(unit, {
      user: { id: state.id, sessionEpoch },
      reason: 'factors_changed',
      survivor: state.sessionId,
      amr,
      event: eventOf(state, caller, event, reason)
    })
    await devices.forgetSecondFactors(unit.tx, state.id)
    const what = mail === 'factor_removed' ? { what: reason } : {}
    await jobs.send(unit.tx, 'mail', { kind: mail, userId: state.id, ...what, eventId })
    return sessionEpoch
  }

  /** The tokens with which the session goes on. */
  async function answerTo (state: SessionState): Promise<TokenResponse> {
    return tokenResponses.issue(await sessions.advance(state))
  }
}

/** The event of a change of a user's factors. */
export function eventOf (state: SessionState, caller: Caller, event: string, reason?: string): AuditEvent {
  const { id: actorId, sessionId } = state
  return { event, outcome: 'success', ...reason !== undefined && { reason }, actorId, subject: state, sessionId, caller }
}
