import { randomUUID } from 'node:crypto'
import type { Role } from '../access/role-store.ts'
import type { Roles } from '../access/roles.ts'
import { createAccountCreation } from './account-creation.ts'
import type { AccountCreationParts } from './account-creation.ts'
import { codeLifetimeMs, sharedCodeLeftMs } from './confirmations.ts'
import type { RegistrationStore } from './registration-store.ts'
import { Refusal } from '../errors.ts'
import type { FieldError } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { clientNetwork } from '../http/client-address.ts'
import { rateLimited } from '../http/rate-limit-status.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { HashTurn } from '../passwords/hash-scheduler.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { PasswordPolicy } from '../passwords/policy.ts'
import type { Database } from '../stores/database.ts'
import type { RequestLimits } from '../throttling/node-limits.ts'
import type { RateLimits } from '../throttling/rate-limits.ts'
import type { OneTimeTokens } from '../tokens/one-time-tokens.ts'
import { canonicalise, isDeliverable, notAnAddress, notDeliverable } from '../users/email-address.ts'
import type { EmailAddress } from '../users/email-address.ts'
import { presentUser } from '../users/user-view.ts'

/** The data of a new user. */
export interface RegistrationRequest {
  email: string
  password: string
  fullName: string
  userType?: string | undefined
  locale?: string | undefined
}

/** What a valid request registers: a canonical address, into a role that is open to registration. */
interface Registrant { address: EmailAddress, role: Role }

export interface RegistrationParts extends AccountCreationParts {
  database: Database
  registrations: Pick<RegistrationStore, 'openRole' | 'insert'>
  roles: Pick<Roles, 'forRegistration'>
  policy: PasswordPolicy
  passwords: Pick<Passwords, 'assertRoom' | 'hash'>
  rateLimits: Pick<RateLimits, 'count' | 'countMail'>
  /** Counts passwords that were judged and refused, by the network of the caller; null if limits are disabled. */
  weakPasswords: Pick<RequestLimits, 'look' | 'take'> | null
  oneTimeTokens: Pick<OneTimeTokens, 'isPromised'>
  jobs: Pick<Jobs, 'send'>
  emailVerification: 'required' | 'optional'
}

const notOpen: FieldError = { path: '/user_type', code: 'not_open', message: 'Nobody registers as this by themself.' }

/**
 * Registration of new users. If addresses must be verified, a registration is a row of its own and changes no account:
 * somebody who registers another person's address gains nothing, and its owner gets no more than a mail.
 */
export function createRegistrations (parts: RegistrationParts) {
  const { database, registrations, roles, policy, passwords, rateLimits, weakPasswords } = parts
  const { oneTimeTokens, audit, jobs, metrics } = parts
  const { createAccount } = createAccountCreation(parts)
  const proceed = parts.emailVerification === 'required' ? storeRegistration : createAtOnce

  return { register }

  /**
   * Registers a user. With EMAIL_VERIFICATION=required the answer and the work are the same whether or not the address
   * has an account. With `optional` the account is made at once.
   * @throws Refusal `overloaded`; `invalid_request` with `not_an_address`, `local_part_not_ascii` or `not_open`;
   * `password_rejected`; `rate_limited`; `unavailable`; with `optional` also `conflict` for the address of an account
   */
  async function register (request: RegistrationRequest, caller: Caller) {
    passwords.assertRoom(hashTurnOf(caller))
    const registrant = check(request, caller)
    return await rateLimits.count({ policy: 'register', caller }, async () => {
      reject(await policy.findBreach(request.password))
      return await proceed(request, registrant, caller)
    })
  }

  function check (request: RegistrationRequest, caller: Caller): Registrant {
    const { email, password, fullName, userType = 'user' } = request
    const address = canonicalise(email)
    const role = roles.forRegistration(userType)
    const errors: FieldError[] = []
    if (!address) errors.push(notAnAddress('/email'))
    else if (!isDeliverable(address)) errors.push(notDeliverable('/email'))
    if (!role) errors.push(notOpen)
    if (!address || !role || errors.length > 0) throw invalid(errors)

    judge(password, [address.address, fullName], caller)
    return { address, role }
  }

  // An estimate holds the event loop for milliseconds, and a password that it refuses costs a stranger nothing else.
  function judge (password: string, context: string[], { ip }: Caller) {
    const network = clientNetwork(ip)
    const status = weakPasswords?.look(network)
    if (status && !status.isWithin) throw rateLimited(status)

    const weaknesses = policy.findWeaknesses(password, context)
    if (weaknesses.length > 0) weakPasswords?.take(network)
    reject(weaknesses)
  }

  async function storeRegistration (request: RegistrationRequest, { address, role }: Registrant, caller: Caller) {
    const { fullName, locale = 'en' } = request
    const passwordHash = await passwords.hash(request.password, hashTurnOf(caller))
    const now = new Date(parts.clock.now())
    const registration = {
      id: randomUUID(),
      email: address.address,
      emailCanonical: address.canonical,
      passwordHash,
      fullName,
      locale,
      role: role.name
    }
    // A code that is not mailed is not valid: nobody knows it, so it could only be guessed.
    const unmailed = { now, expiresAt: now, sharedBeyond: null }
    const mailed = {
      now,
      expiresAt: new Date(now.getTime() + codeLifetimeMs),
      sharedBeyond: new Date(now.getTime() + sharedCodeLeftMs)
    }

    const mail = { kind: 'registration', address: address.canonical, caller }
    await rateLimits.countMail(mail, mayMail => database.begin(async tx => {
      if (!await registrations.openRole(tx, role.name)) throw invalid([notOpen])
      await registrations.insert(tx, registration, mayMail ? mailed : unmailed)
      const subject = await audit.createSubject(tx, registration.id)
      await audit.record(tx, {
        event: 'registration_created',
        outcome: 'success',
        subject,
        caller,
        personal: { email: address.address }
      })
      if (mayMail) await jobs.send(tx, 'mail', { kind: 'registration', registrationId: registration.id })
    }))
    metrics.increment('sign_ups', { outcome: 'requested' })

    return {
      registration_id: registration.id,
      user: { email: address.address, full_name: fullName, user_type: role.userType, email_verified: false }
    }
  }

  async function createAtOnce (request: RegistrationRequest, { address, role }: Registrant, caller: Caller) {
    const { fullName, locale = 'en' } = request
    const passwordHash = await passwords.hash(request.password, hashTurnOf(caller))
    const account = {
      id: randomUUID(),
      email: address.address,
      emailCanonical: address.canonical,
      passwordHash,
      fullName,
      locale,
      emailVerified: false
    }

    const user = await database.begin(async tx => {
      const open = await registrations.openRole(tx, role.name)
      if (!open) throw invalid([notOpen])
      // Another account may still be brought back to this address. A thief who moved it away must not prevent that by
      // registering the address, which takes no confirmation here.
      if (await oneTimeTokens.isPromised(tx, address.canonical)) return null
      return await createAccount(tx, { account, role: open, caller, isNewSubject: true })
    })
    if (!user) throw new Refusal('conflict')

    return { user: presentUser(user) }
  }
}

function reject (objections: FieldError[]) {
  if (objections.length) throw new Refusal('password_rejected', { errors: objections })
}

function invalid (errors: FieldError[]) {
  return new Refusal('invalid_request', { errors })
}

/** The turn of a new password's hash: all who register from one network share its turns. */
function hashTurnOf ({ ip }: Caller): HashTurn {
  return { priority: 'stranger', flow: clientNetwork(ip) }
}
