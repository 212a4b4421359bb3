import { randomUUID } from 'node:crypto'
import type { Audit } from '../audit/audit.ts'
import type { Caller } from '../http/caller.ts'
import type { Clock } from '../clock.ts'
import { parseAddress } from '../users/email-address.ts'
import { Refusal } from '../errors.ts'
import type { PasswordPolicy } from '../passwords/policy.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { AdministratorStore } from '../access/administrator-store.ts'
import type { Database } from '../stores/database.ts'
import type { UserStore } from '../users/user-store.ts'

export interface NewAdministrator {
  email: string
  fullName: string
  password: string
  /** Although there is one already. */
  another: boolean
}

export interface AdministratorParts {
  database: Database
  administrators: AdministratorStore
  users: Pick<UserStore, 'insert'>
  policy: PasswordPolicy
  passwords: Pick<Passwords, 'hash'>
  audit: Audit
  clock: Clock
}

export type Administrators = ReturnType<typeof createAdministrators>

/** The people who may do everything. The first one is made at the command line; no default account exists. */
export function createAdministrators ({ database, administrators, users, policy, passwords, audit, clock }: AdministratorParts) {
  return { create }

  /**
   * Makes a super_admin, active and verified. Two at once make one. Throws `invalid_request`,
   * `password_rejected`, and `conflict` when there is one already (unless `another`) or the address
   * has an account.
   */
  async function create ({ email, fullName, password, another }: NewAdministrator, caller: Caller) {
    const address = parseAddress(email, '/email')
    if (fullName.trim() === '' || fullName.length > 200) throw invalid('/full_name', 'length', 'A name has 1 to 200 characters.')

    const errors = await policy.check(password, [address.address, fullName])
    if (errors.length) throw new Refusal('password_rejected', { errors })

    const id = randomUUID()
    const passwordHash = await passwords.hash(password, 'known')

    await database.begin(async tx => {
      await administrators.lock(tx)
      if (!another && await administrators.exists(tx)) throw conflict('There is an active super_admin already.')

      const isMade = await users.insert(tx, {
        id,
        email: address.address,
        emailCanonical: address.canonical,
        emailVerified: true,
        passwordHash,
        fullName,
        locale: 'en',
        role: 'super_admin',
        approval: 'not_required'
      }, new Date(clock.now()))
      if (!isMade) throw conflict('The address has an account already.')

      const subject = await audit.createSubject(tx, id)
      await audit.record(tx, { event: 'user_created', outcome: 'success', reason: 'super_admin', subject, caller, personal: { email: address.address } })
    })
    return { id, email: address.address }
  }
}

function invalid (path: string, code: string, message: string) {
  return new Refusal('invalid_request', { errors: [{ path, code, message }] })
}

function conflict (message: string) {
  return new Refusal('conflict', { cause: new Error(message) })
}
