import { createAccountCreation } from './account-creation.ts'
import type { AccountCreationParts } from './account-creation.ts'
import type { RegistrationStore, TriedRegistration } from './registration-store.ts'
import { Refusal } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { KnownDeviceStore } from '../sessions/known-device-store.ts'
import type { Database } from '../stores/database.ts'
import type { RateLimits } from '../throttling/rate-limits.ts'
import type { Codes } from '../tokens/codes.ts'
import type { DeviceTokens } from '../tokens/device-tokens.ts'
import { presentUser } from '../users/user-view.ts'

/** A code that a user has entered. */
export interface Confirmation { registrationId: string, code: string, deviceToken?: string | undefined }

export interface ConfirmationParts extends AccountCreationParts {
  database: Database
  registrations: Pick<RegistrationStore, 'openRole' | 'tryCode' | 'returnTry' | 'renewCode' | 'find' | 'remove'>
  devices: Pick<KnownDeviceStore, 'remember'>
  rateLimits: Pick<RateLimits, 'count' | 'countMail' | 'countGuess'>
  codes: Pick<Codes, 'matches'>
  deviceTokens: Pick<DeviceTokens, 'recognise' | 'issue'>
  jobs: Pick<Jobs, 'send'>
}

/** How long a mailed code is valid. */
export const codeLifetimeMs = 10 * 60_000

/** A code that is valid for longer than this is given to a repeated registration of its address as well. */
export const sharedCodeLeftMs = codeLifetimeMs / 2

/** Confirmation of an address that was registered, by the code that was mailed to it. */
export function createConfirmations (parts: ConfirmationParts) {
  const { database, registrations, devices, rateLimits, codes, deviceTokens, audit, jobs, clock } = parts
  const { createAccount } = createAccountCreation(parts)

  return { confirm, resend }

  /**
   * Makes the account of a registration when its code is entered. Every try is counted before the code is compared: for
   * the network of the caller, and for the address, whose registrations share 20 wrong codes an hour. A try that is
   * refused because of these counts uses up nothing: else strangers who share the address would use up the code.
   * @throws Refusal `token_invalid` for a wrong, used, expired or unknown code alike; `rate_limited`; `unavailable`
   */
  async function confirm (confirmation: Confirmation, caller: Caller) {
    return await rateLimits.count({ policy: 'verify-email', caller }, () => tryCode(confirmation, caller))
  }

  async function tryCode ({ registrationId, code, deviceToken }: Confirmation, caller: Caller) {
    const registration = await registrations.tryCode(registrationId, new Date(clock.now()))
    // An unknown registration costs a comparison too.
    const { codeId, codeNumber } = registration ?? { codeId: registrationId, codeNumber: 0 }
    const isRight = codes.matches('verify_email', codeId, codeNumber, code)
    // Where the count fails nobody learns whether the code was right.
    if (registration) await orReturnTry(registration, rateLimits.countGuess(registration.emailCanonical, isRight))
    if (!registration || !isRight) throw await refuse(registration, caller)

    const deviceId = deviceTokens.recognise(deviceToken)
    // The code was right, so it may be entered again. If the account was made after all, the registration is gone.
    const user = await orReturnTry(registration, makeAccount(registration, deviceId, caller))
    if (!user) throw await refuse(registration, caller)

    return { user: presentUser(user), device_token: deviceTokens.issue(deviceId) }
  }

  /** Gives a try back if the work after it fails: work whose failure does not tell that a code is wrong. */
  async function orReturnTry<T> ({ id }: TriedRegistration, work: Promise<T>): Promise<T> {
    return await work.catch(async error => {
      await registrations.returnTry(id)
      throw error
    })
  }

  async function makeAccount (registration: TriedRegistration, deviceId: string, caller: Caller) {
    return await database.begin(async tx => {
      // The role may have been closed to registration since, and may have been given permissions.
      const role = await registrations.openRole(tx, registration.role)
      if (!role || !await registrations.remove(tx, registration.id)) return null

      const account = { ...registration, emailVerified: true }
      const made = await createAccount(tx, { account, role, caller, isNewSubject: false })
      if (made) await devices.remember(tx, made.id, deviceId, new Date(clock.now()))
      return made
    })
  }

  /**
   * Mails the code again, or the next one if the last one has expired. Without a mail no new code begins. The answer
   * does not tell whether there is such a registration.
   * @throws Refusal `unavailable`
   */
  async function resend (registrationId: string, caller: Caller) {
    const known = await registrations.find(registrationId)
    const now = new Date(clock.now())
    const expiresAt = new Date(now.getTime() + codeLifetimeMs)

    const mail = { kind: 'registration', address: known?.emailCanonical ?? registrationId, caller }
    await rateLimits.countMail(mail, mayMail => database.begin(async tx => {
      if (!mayMail) return
      await registrations.renewCode(tx, registrationId, { now, expiresAt })
      await jobs.send(tx, 'mail', { kind: 'registration', registrationId })
    }))
  }

  async function refuse (registration: TriedRegistration | null, caller: Caller): Promise<Refusal> {
    await audit.record(database, {
      event: 'verify_email_fail',
      outcome: 'failure',
      reason: 'token_invalid',
      subject: registration,
      caller
    })
    return new Refusal('token_invalid')
  }
}
