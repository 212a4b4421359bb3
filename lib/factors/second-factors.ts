import { randomBytes, randomUUID } from 'node:crypto'
import type { Audit } from '../audit/audit.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import type { Jobs } from '../jobs/jobs.ts'
import { withSecond, withoutSecond } from '../tokens/assurance.ts'
import { toBase32 } from '../formats/base32.ts'
import { eventOf } from './factor-changes.ts'
import type { Asking, FactorChange, FactorChanges } from './factor-changes.ts'
import type { FactorResets } from './factor-resets.ts'
import type { PasskeyStore } from './passkey-store.ts'
import type { RecoveryCodeStore } from './recovery-code-store.ts'
import { hashRecoveryCodes, makeRecoveryCodes } from './recovery-code.ts'
import type { TotpKeeping } from './totp-keeping.ts'
import type { TotpSecretStore } from './totp-secret-store.ts'
import { matchingStep, secretBytes, stepAt, totpUri } from './totp.ts'

export interface SecondFactorParts {
  changes: FactorChanges
  resets: FactorResets
  totpSecrets: TotpSecretStore
  recoveryCodes: RecoveryCodeStore
  passkeys: Pick<PasskeyStore, 'has'>
  keeping: Pick<TotpKeeping, 'encrypt' | 'decrypt'>
  audit: Pick<Audit, 'record'>
  jobs: Pick<Jobs, 'send'>
  clock: Pick<Clock, 'now'>
  /** What authenticator apps call this service. */
  totpIssuer: string
  /** How many steps before the current one count. */
  totpStepsBack: number
}

export type SecondFactors = ReturnType<typeof createSecondFactors>

/** How long (s) a secret waits for its first code. */
const waitingSeconds = 600
/** How many steps off the clock of an authenticator app may be for the refusal to say so. */
const clockHintSteps = 10

/**
 * Authenticator app, recovery codes and two steps of a user, as the user manages them. Each change demands a session
 * that has proved all factors the account has; the first factor is added by a session that has proved the password
 * (NIST 800-63B-4, section 4.1.2.1).
 */
export function createSecondFactors (parts: SecondFactorParts) {
  const { resets, totpSecrets, recoveryCodes, passkeys, keeping, audit, jobs, clock } = parts
  const { totpIssuer, totpStepsBack } = parts
  const { findStrong, findEnrolling, hasFactor, assertOptional, counted, inSession, change, answerTo } = parts.changes

  return { beginTotp, confirmTotp, removeTotp, setTwoStep, renewRecoveryCodes }

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
      const codes = !finishReset && await recoveryCodes.summarise(state.id) ? null : makeRecoveryCodes()
      const amr = withSecond(state.amr, 'otp')
      const userEpoch = await inSession(state, async unit => {
        const confirmed = await totpSecrets.confirm(unit.tx, { id, userId: state.id }, step, new Date(clock.now()))
        if (!confirmed) throw new Refusal('not_found')
        await finishReset?.(unit.tx, id)
        if (codes) await recoveryCodes.replace(unit.tx, state.id, hashRecoveryCodes(codes), new Date(clock.now()))
        return await change(unit, state, { twoStep: true, amr, caller }, finishReset
          ? { event: 'authn_factor_reset', reason: 'finished', mail: 'second_factor_reset_finished' }
          : { event: 'authn_factor_added', reason: 'totp', mail: 'second_factor_added' })
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
   * @throws Refusal `last_factor` if the account has no second factor, or if its role demands one, or if it has no
   * password, so that the mailbox, which sets one, would suffice; `session_ended`; `reauthentication_required`;
   * `invalid_token`; `unavailable`
   */
  async function setTwoStep (asking: Asking, twoStep: boolean, caller: Caller): Promise<FactorChange> {
    const state = await findStrong(asking)
    if (twoStep && !await hasFactor(state.id)) throw new Refusal('last_factor')
    if (!twoStep && state.passwordHash === null) throw new Refusal('last_factor', { sentence: keepsTwoSteps })

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
      const codes = makeRecoveryCodes()
      await inSession(state, async ({ tx }) => {
        await recoveryCodes.replace(tx, state.id, hashRecoveryCodes(codes), new Date(clock.now()))
        const event = eventOf(state, caller, 'authn_factor_added', 'recovery_codes')
        const eventId = await audit.record(tx, event)
        await jobs.send(tx, 'mail', { kind: 'recovery_codes_renewed', userId: state.id, eventId })
        return true
      })
      return { recovery_codes: codes }
    })
  }
}

const keepsTwoSteps = 'Without a password the account keeps two steps: a link in a mail could set one.'

const clockOff = {
  path: '/code',
  code: 'clock_off',
  message: 'is of another time: set the clock of the device with the authenticator app, best to automatic'
}
