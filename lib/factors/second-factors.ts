import { randomBytes, randomUUID } from 'node:crypto'
import type { Principal } from '../access/authentication.ts'
import { assertFullStrength } from '../access/step-up.ts'
import type { Audit, AuditEvent } from '../audit/audit.ts'
import type { ChangeFeed } from '../changes/change-feed.ts'
import type { UnitOfWork, UnitsOfWork } from '../changes/unit-of-work.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { RoleStore } from '../access/role-store.ts'
import type { KnownDeviceStore } from '../sessions/known-device-store.ts'
import type { SessionState } from '../sessions/session-store.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { TokenResponse, TokenResponses } from '../sessions/token-responses.ts'
import type { Database, Transaction } from '../stores/database.ts'
import type { RateLimits } from '../throttling/rate-limits.ts'
import type { Tokens } from '../tokens/access-tokens.ts'
import { withSecond, withoutSecond } from '../tokens/assurance.ts'
import { isInForce } from '../users/factor-policy.ts'
import type { User, UserStore } from '../users/user-store.ts'
import { toBase32 } from './base32.ts'
import type { FactorResets } from './factor-resets.ts'
import type { PasskeyStore } from './passkey-store.ts'
import { presentPasskey } from './passkey-view.ts'
import type { RecoveryCodeStore } from './recovery-code-store.ts'
import { hashRecoveryCode, makeRecoveryCode } from './recovery-code.ts'
import type { TotpKeeping } from './totp-keeping.ts'
import type { TotpSecretStore } from './totp-secret-store.ts'
import { matchingStep, secretBytes, stepAt, totpUri } from './totp.ts'

/** Who asks: a user in a session whose sign-in is recent, which the guard of the route has made sure of. */
type Asking = Pick<Principal, 'userId' | 'sessionId'>

/** The answer to a change that gives the session new tokens, with recovery codes if there were none before. */
export type FactorChange = TokenResponse & { recovery_codes?: string[] }

export interface SecondFactorParts extends Pick<UnitsOfWork, 'commitUnlessNull'> {
  database: Database
  users: Pick<UserStore, 'find' | 'lock' | 'setTwoStep'>
  roleStore: Pick<RoleStore, 'lockPolicy'>
  devices: Pick<KnownDeviceStore, 'forgetSecondFactors' | 'countRemembered'>
  resets: FactorResets
  sessions: Pick<Sessions, 'find' | 'findLocked' | 'refusalFor' | 'recordEpochRaise' | 'advance'>
  tokenResponses: TokenResponses
  tokens: Pick<Tokens, 'assertCanSign'>
  feed: Pick<ChangeFeed, 'assertFresh'>
  totpSecrets: TotpSecretStore
  recoveryCodes: RecoveryCodeStore
  passkeys: Pick<PasskeyStore, 'has' | 'list'>
  keeping: Pick<TotpKeeping, 'encrypt' | 'decrypt'>
  rateLimits: Pick<RateLimits, 'count'>
  audit: Pick<Audit, 'record'>
  jobs: Pick<Jobs, 'send'>
  clock: Pick<Clock, 'now'>
  /** What authenticator apps call this service. */
  totpIssuer: string
  /** How many steps before the current one count. */
  totpStepsBack: number
  /** For how long (ms) a device is remembered; 0 for never. */
  rememberDevice: number
}

export type SecondFactors = ReturnType<typeof createSecondFactors>

/** How long (s) a secret waits for its first code. */
export const waitingSeconds = 600
/** How many recovery codes a user gets at once. */
const recoveryCodesCount = 10
/** How many steps off the clock of an authenticator app may be for the refusal to say so. */
const clockHintSteps = 10

/**
 * The second factors of a user, as the user manages them. Each change demands a session that has proved all factors the
 * account has; the first factor is added by a session that has proved the password (NIST 800-63B-4, section 4.1.2.1).
 */
export function createSecondFactors (parts: SecondFactorParts) {
  const { database, commitUnlessNull, users, roleStore, devices, sessions, tokenResponses, tokens, feed } = parts
  const { resets, totpSecrets, recoveryCodes, passkeys, keeping, rateLimits, audit, jobs, clock } = parts
  const { totpIssuer, totpStepsBack, rememberDevice } = parts

  return {
    describe,
    describeOther,
    beginTotp,
    confirmTotp,
    removeTotp,
    setTwoStep,
    renewRecoveryCodes,
    /** How any factor of a user is changed. */
    changes: { findStrong, counted, inSession, assertOptional, change, answerTo }
  }

  /** What the user has, without any secret. */
  async function describe ({ sessionId }: Asking) {
    return await summarise(await sessions.find(sessionId))
  }

  /**
   * What another user has, for administrators.
   * @throws Refusal `not_found`
   */
  async function describeOther (userId: string) {
    const user = await users.find(userId)
    if (!user) throw new Refusal('not_found')
    return await summarise(user)
  }

  async function summarise (user: User) {
    const { id, twoStep, factorPolicy, factorPolicyFrom } = user
    const [secret, codes] = [await totpSecrets.findConfirmed(id), await recoveryCodes.summarise(id)]
    const isRequired = isInForce(user, clock.now())
    return {
      two_step: twoStep,
      required: isRequired,
      required_from: factorPolicy === 'optional' || isRequired ? null : factorPolicyFrom.toISOString(),
      remembered_devices: rememberDevice === 0 || isRequired
        ? 0
        : await devices.countRemembered(database, user, new Date(clock.now() - rememberDevice)),
      totp: secret && {
        id: secret.id,
        created_at: secret.createdAt.toISOString(),
        last_used_at: secret.lastUsedAt?.toISOString() ?? null
      },
      passkeys: (await passkeys.list(id)).map(presentPasskey),
      recovery_codes: codes && { left: codes.left, created_at: codes.createdAt.toISOString() }
    }
  }

  /**
   * Makes the secret of an authenticator app. It counts only when a code of it has been entered; until then a confirmed
   * one stays as it is. A second call replaces the one that waits. A session that a reset has opened may do this.
   * @throws Refusal `session_ended`; `reauthentication_required`; `rate_limited`; `unavailable`
   */
  async function beginTotp (asking: Asking, caller: Caller) {
    const state = await findEnrolling(asking)
    return await counted(asking, caller, async () => {
      const [id, secret] = [randomUUID(), randomBytes(secretBytes)]
      await inSession(state, async ({ tx }) => {
        await totpSecrets.keepWaiting(tx, {
          id,
          userId: state.id,
          secret: keeping.encrypt(id, secret),
          createdAt: new Date(clock.now())
        })
        return true
      })
      const uri = totpUri({ secret, issuer: totpIssuer, account: state.email })
      return { id, secret: toBase32(secret), uri, expires_in: waitingSeconds }
    })
  }

  /**
   * Makes a waiting secret the one that signs in, and gives the account two steps. The code is used up by that. Every
   * other session ends. In a session that a reset has opened, all other factors and all other devices are gone then.
   * @throws Refusal `not_found` for a secret that does not wait (any more); `token_invalid` for a wrong code, which
   * says so if the clock of the app is off; `session_ended`; `reauthentication_required`; `invalid_token`;
   * `rate_limited`; `unavailable`
   */
  async function confirmTotp (asking: Asking, id: string, code: string, caller: Caller): Promise<FactorChange> {
    const state = await findEnrolling(asking)
    return await counted(asking, caller, () => resets.during(state, async finishReset => {
      const step = await stepOf(state.id, id, code.replace(/\s/g, ''))
      const codes = !finishReset && await recoveryCodes.summarise(state.id) ? null : makeCodes()
      const amr = withSecond(state.amr, 'otp')
      const userEpoch = await inSession(state, async unit => {
        const confirmed = await totpSecrets.confirm(unit.tx, { id, userId: state.id }, step, new Date(clock.now()))
        if (!confirmed) throw new Refusal('not_found')
        await finishReset?.(unit.tx, id)
        if (codes) await keepCodes(unit.tx, state.id, codes)
        return await change(unit, state, { twoStep: true, amr, caller }, finishReset
          ? { event: 'authn_factor_reset', reason: 'finished', mail: 'second_factor_reset_finished' }
          : { event: 'authn_factor_added', mail: 'second_factor_added' })
      })
      const changed = { userEpoch, sessionEpoch: userEpoch, twoStep: true, amr, factorReset: null }
      const answer = await answerTo({ ...state, ...changed })
      return codes ? { ...answer, recovery_codes: codes } : answer
    }))
  }

  /** The time step of the code that a waiting secret is confirmed by. */
  async function stepOf (userId: string, id: string, code: string): Promise<number> {
    const waiting = await totpSecrets.findWaiting(userId, id, new Date(clock.now() - waitingSeconds * 1000))
    if (!waiting) throw new Refusal('not_found')

    const secret = keeping.decrypt(waiting)
    const now = stepAt(clock.now())
    const step = matchingStep(secret, code, { from: now - totpStepsBack, to: now })
    if (step !== null) return step

    const isClockOff = matchingStep(secret, code, { from: now - clockHintSteps, to: now + clockHintSteps }) !== null
    throw new Refusal('token_invalid', isClockOff ? { errors: [clockOff] } : {})
  }

  /**
   * Removes the authenticator app, and the recovery codes if no passkey is left. Every other session ends.
   * @throws Refusal `last_factor` while the account has two steps, or its role demands them, and no passkey is left;
   * `not_found`; `session_ended`; `reauthentication_required`; `invalid_token`; `unavailable`
   */
  async function removeTotp (asking: Asking, caller: Caller): Promise<FactorChange> {
    const state = await findStrong(asking)
    if (state.twoStep && !await passkeys.has(state.id)) throw new Refusal('last_factor')

    return await counted(asking, caller, async () => {
      const amr = withoutSecond(state.amr, 'otp')
      const userEpoch = await inSession(state, async unit => {
        const isLast = !await passkeys.has(state.id, unit.tx)
        if (isLast) await assertOptional(unit.tx, state.id)
        if (!await totpSecrets.remove(unit.tx, state.id)) throw new Refusal('not_found')
        if (isLast && state.twoStep) throw new Refusal('last_factor')
        if (isLast) await recoveryCodes.remove(unit.tx, state.id)
        return await change(unit, state, { twoStep: state.twoStep, amr, caller }, {
          event: 'authn_factor_removed',
          reason: 'totp',
          mail: state.twoStep ? 'factor_removed' : 'second_factor_removed'
        })
      })
      return await answerTo({ ...state, userEpoch, sessionEpoch: userEpoch, amr })
    })
  }

  /**
   * Says whether the password alone signs in. Every other session ends if that changes.
   * @throws Refusal `last_factor` if the account has no second factor, or if its role demands one; `session_ended`;
   * `reauthentication_required`; `invalid_token`; `unavailable`
   */
  async function setTwoStep (asking: Asking, twoStep: boolean, caller: Caller): Promise<FactorChange> {
    const state = await findStrong(asking)
    if (twoStep && !await hasFactor(state.id)) throw new Refusal('last_factor')

    return await counted(asking, caller, async () => {
      if (twoStep === state.twoStep) return await answerTo(state)
      const userEpoch = await inSession(state, async unit => {
        if (!twoStep) await assertOptional(unit.tx, state.id)
        return await change(unit, state, { twoStep, caller }, {
          event: twoStep ? 'authn_two_step_enabled' : 'authn_two_step_disabled',
          mail: twoStep ? 'second_factor_added' : 'second_factor_removed'
        })
      })
      return await answerTo({ ...state, userEpoch, sessionEpoch: userEpoch, twoStep })
    })
  }

  /**
   * Makes new recovery codes in place of all others. They can be read in this answer only.
   * @throws Refusal `last_factor` if the account has no second factor; `session_ended`; `reauthentication_required`;
   * `invalid_token`; `rate_limited`; `unavailable`
   */
  async function renewRecoveryCodes (asking: Asking, caller: Caller): Promise<{ recovery_codes: string[] }> {
    const state = await findStrong(asking)
    if (!await hasFactor(state.id)) throw new Refusal('last_factor')

    return await counted(asking, caller, async () => {
      const codes = makeCodes()
      await inSession(state, async ({ tx }) => {
        await keepCodes(tx, state.id, codes)
        const event = eventOf(state, caller, 'authn_factor_added', 'recovery_codes')
        const eventId = await audit.record(tx, event)
        await jobs.send(tx, 'mail', { kind: 'recovery_codes_renewed', userId: state.id, eventId })
        return true
      })
      return { recovery_codes: codes }
    })
  }

  /**
   * The session that asks, if it has proved every factor that the account has. A change ends in tokens, so it is
   * refused before it begins if this node cannot sign, or would not accept them.
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
    return await sessions.find(sessionId)
  }

  /**
   * Refuses to take away what the role demands, where no passkey is left. The role stays as it is until the transaction
   * ends.
   */
  async function assertOptional (tx: Transaction, userId: string, { hasTotp = false } = {}) {
    const policy = await roleStore.lockPolicy(tx, userId)
    const isSatisfied = hasTotp && policy?.factorPolicy === 'required'
    if (policy && isInForce(policy, clock.now()) && !isSatisfied) throw new Refusal('last_factor')
  }

  async function hasFactor (userId: string): Promise<boolean> {
    return await totpSecrets.findConfirmed(userId) !== null || await passkeys.has(userId)
  }

  async function counted<T> ({ userId }: Asking, caller: Caller, work: () => Promise<T>): Promise<T> {
    return await rateLimits.count({ policy: 'second-factor', caller, userId }, work)
  }

  /** Runs the work with the user's row locked, if account and session are still those that were read. */
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
    { event, reason = 'totp', mail }: {
      event: string
      reason?: string
      mail: 'second_factor_added' | 'second_factor_removed' | 'second_factor_reset_finished' | 'factor_removed'
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

  async function keepCodes (tx: Transaction, userId: string, codes: string[]) {
    const hashes = codes.flatMap(code => hashRecoveryCode(code) ?? [])
    await recoveryCodes.replace(tx, userId, hashes, new Date(clock.now()))
  }

  async function answerTo (state: SessionState): Promise<TokenResponse> {
    return tokenResponses.issue(await sessions.advance(state))
  }
}

function makeCodes (): string[] {
  return Array.from({ length: recoveryCodesCount }, makeRecoveryCode)
}

/** The event of a change of a user's factors. */
export function eventOf (state: SessionState, caller: Caller, event: string, reason: string): AuditEvent {
  const { id: actorId, sessionId } = state
  return { event, outcome: 'success', reason, actorId, subject: state, sessionId, caller }
}

const clockOff = {
  path: '/code',
  code: 'clock_off',
  message: 'is of another time: set the clock of the device with the authenticator app, best to automatic'
}
