import { randomUUID } from 'node:crypto'
import type { Approvals } from '../access/approvals.ts'
import type { Audit } from '../audit/audit.ts'
import type { Caller } from '../http/caller.ts'
import type { Clock } from '../clock.ts'
import type { Codes } from '../tokens/codes.ts'
import type { DeviceTokens } from '../tokens/device-tokens.ts'
import { canonicalise, notAnAddress } from '../users/email-address.ts'
import type { EmailAddress } from '../users/email-address.ts'
import { Refusal } from '../errors.ts'
import type { FieldError } from '../errors.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { OneTimeTokens } from '../tokens/one-time-tokens.ts'
import type { PasswordPolicy } from '../passwords/policy.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { RateLimits } from '../throttling/rate-limits.ts'
import type { Roles } from '../access/roles.ts'
import type { Database, Transaction } from '../stores/database.ts'
import type { KnownDeviceStore } from '../sessions/known-device-store.ts'
import type { RegistrationStore, TriedRegistration } from './registration-store.ts'
import type { Role } from '../access/role-store.ts'
import type { User, UserStore } from '../users/user-store.ts'
import { presentUser } from '../users/user-view.ts'

/** What somebody signs up with. */
export interface RegistrationRequest {
  email: string
  password: string
  fullName: string
  userType?: string | undefined
  locale?: string | undefined
}

/** A code that has come back. */
export interface Confirmation { registrationId: string, code: string, deviceToken?: string | undefined }

interface Checked { address: EmailAddress, role: Role }

export interface RegistrationParts {
  database: Database
  registrations: RegistrationStore
  users: UserStore
  devices: KnownDeviceStore
  roles: Roles
  approvals: Pick<Approvals, 'announce'>
  policy: PasswordPolicy
  passwords: Passwords
  rateLimits: RateLimits
  codes: Codes
  oneTimeTokens: Pick<OneTimeTokens, 'isPromised'>
  deviceTokens: DeviceTokens
  audit: Audit
  jobs: Pick<Jobs, 'send'>
  metrics: Metrics
  clock: Clock
  emailVerification: 'required' | 'optional'
}

const notOpen: FieldError = { path: '/user_type', code: 'not_open', message: 'Nobody registers as this by themself.' }
/** Milliseconds that a mailed code works. */
const codeLifetime = 10 * 60_000

/**
 * Signing up. With verification a registration is a row of its own and touches no account: whoever
 * registers somebody else's address gains nothing and costs its owner nothing but a mail.
 */
export function createRegistrations ({ database, registrations, users, devices, roles, approvals, policy, passwords, rateLimits, codes, oneTimeTokens, deviceTokens, audit, jobs, metrics, clock, emailVerification }: RegistrationParts) {
  return {
    register: emailVerification === 'required' ? register : registerAtOnce,
    confirm,
    resend
  }

  /** Answers alike, and does the same work, whether or not the address has an account. */
  async function register (request: RegistrationRequest, caller: Caller) {
    passwords.assertRoom('stranger')
    const checked = await check(request)
    return await rateLimits.count({ policy: 'register', caller }, () => takeDown(request, checked, caller))
  }

  async function takeDown (request: RegistrationRequest, { address, role }: Checked, caller: Caller) {
    const passwordHash = await passwords.hash(request.password, 'stranger')
    const now = new Date(clock.now())
    const id = randomUUID()

    await rateLimits.countMail({ kind: 'registration', address: address.canonical, caller }, mayMail => database.begin(async tx => {
      const { fullName, locale = 'en' } = request
      if (!await registrations.openRole(tx, role.name)) throw invalid([notOpen])
      await registrations.insert(tx, {
        id, email: address.address, emailCanonical: address.canonical, passwordHash, fullName, locale, role: role.name, codeNumber: 1, codeExpiresAt: expiry(now)
      }, now)
      const subject = await audit.createSubject(tx, id)
      await audit.record(tx, { event: 'registration_created', outcome: 'success', subject, caller, personal: { email: address.address } })
      if (mayMail) await jobs.send(tx, 'mail', { kind: 'registration', registrationId: id })
    }))
    metrics.increment('sign_ups', { outcome: 'requested' })

    return {
      registration_id: id,
      user: { email: address.address, full_name: request.fullName, user_type: role.userType, email_verified: false }
    }
  }

  /** With EMAIL_VERIFICATION=optional the account is there at once; a known address is a `conflict`. */
  async function registerAtOnce (request: RegistrationRequest, caller: Caller) {
    passwords.assertRoom('stranger')
    const checked = await check(request)
    return await rateLimits.count({ policy: 'register', caller }, () => makeAtOnce(request, checked, caller))
  }

  async function makeAtOnce (request: RegistrationRequest, { address, role }: Checked, caller: Caller) {
    const passwordHash = await passwords.hash(request.password, 'stranger')
    const { fullName, locale = 'en' } = request

    const user = await database.begin(async tx => {
      const open = await registrations.openRole(tx, role.name)
      if (!open) throw invalid([notOpen])
      // Whoever has moved somebody's account away does not bar its way back by settling there unconfirmed.
      if (await oneTimeTokens.isPromised(tx, address.canonical)) return null
      return await createAccount(tx, {
        id: randomUUID(), email: address.address, emailCanonical: address.canonical, passwordHash, fullName, locale, emailVerified: false
      }, { role: open, caller, isNew: true })
    })
    if (!user) throw new Refusal('conflict')

    return { user: presentUser(user) }
  }

  /**
   * Makes the account when the code comes back with its registration's id. Every try counts before it
   * is compared; wrong, spent, expired and unknown are one refusal.
   */
  async function confirm (confirmation: Confirmation, caller: Caller) {
    return await rateLimits.count({ policy: 'verify-email', caller }, () => tryCode(confirmation, caller))
  }

  async function tryCode ({ registrationId, code, deviceToken }: Confirmation, caller: Caller) {
    const registration = await registrations.tryCode(registrationId, new Date(clock.now()))
    const isRight = codes.matches('verify_email', registration?.id ?? registrationId, registration?.codeNumber ?? 0, code)
    if (!registration || !isRight) throw await refuse(registration, caller)

    const deviceId = deviceTokens.recognise(deviceToken)
    const user = await database.begin(async tx => {
      // Nobody comes into a role that has been closed since, and may have got permissions.
      const role = await registrations.openRole(tx, registration.role)
      if (!role || !await registrations.remove(tx, registration.id)) return null

      const made = await createAccount(tx, { ...registration, emailVerified: true }, { role, caller, isNew: false })
      if (made) await devices.remember(tx, made.id, deviceId, new Date(clock.now()))
      return made
    })
    if (!user) throw await refuse(registration, caller)

    return { user: presentUser(user), device_token: deviceTokens.issue(deviceId) }
  }

  /** Mails the code again, or the next one if it has expired; whether there is one, nobody learns. */
  async function resend (registrationId: string, caller: Caller) {
    const known = await registrations.find(registrationId)
    const address = known?.emailCanonical ?? registrationId.toLowerCase()
    const now = new Date(clock.now())
    await rateLimits.countMail({ kind: 'registration', address, caller }, mayMail => database.begin(async tx => {
      await registrations.renewCode(tx, registrationId, { now, expiresAt: expiry(now) })
      // The code is made from the id as it is stored, whichever case a client writes it in.
      if (mayMail) await jobs.send(tx, 'mail', { kind: 'registration', registrationId: registrationId.toLowerCase() })
    }))
  }

  async function check ({ email, password, fullName, userType = 'user' }: RegistrationRequest): Promise<Checked> {
    const address = canonicalise(email)
    const role = roles.forRegistration(userType)
    const errors: FieldError[] = []
    if (!address) errors.push(notAnAddress('/email'))
    if (!role) errors.push(notOpen)
    if (!address || !role) throw invalid(errors)

    const objections = await policy.check(password, [address.address, fullName])
    if (objections.length) throw new Refusal('password_rejected', { errors: objections })
    return { address, role }
  }

  async function createAccount (tx: Transaction, account: Pick<User, 'id' | 'email' | 'emailCanonical' | 'passwordHash' | 'fullName' | 'locale' | 'emailVerified'>, { role, caller, isNew }: {
    role: Pick<Role, 'name' | 'requiresApproval'>, caller: Caller, isNew: boolean
  }): Promise<User | null> {
    const approval = role.requiresApproval ? 'pending' : 'not_required'
    const isMade = await users.insert(tx, { ...account, role: role.name, approval }, new Date(clock.now()))
    if (!isMade) return null

    if (isNew) await audit.createSubject(tx, account.id)
    const user = await users.find(account.id, tx)
    await audit.record(tx, { event: 'user_created', outcome: 'success', actorId: account.id, subject: user, caller })
    if (approval === 'pending') await approvals.announce(tx, account.id)
    metrics.increment('sign_ups', { outcome: 'created' })
    return user
  }

  async function refuse (registration: TriedRegistration | null, caller: Caller): Promise<Refusal> {
    await audit.record(database, { event: 'verify_email_fail', outcome: 'failure', reason: 'token_invalid', subject: registration, caller })
    return new Refusal('token_invalid')
  }
}

function invalid (errors: FieldError[]) {
  return new Refusal('invalid_request', { errors })
}

function expiry (now: Date) {
  return new Date(now.getTime() + codeLifetime)
}
