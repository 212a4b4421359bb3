import { randomUUID } from 'node:crypto'
import type { AdministratorStore } from '../access/administrator-store.ts'
import type { Audit } from '../audit/audit.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { PasswordPolicy } from '../passwords/policy.ts'
import type { Database, Transaction } from '../stores/database.ts'
import { parseNewAddress } from '../users/email-address.ts'
import type { EmailAddress } from '../users/email-address.ts'
import { parseFullName } from '../users/full-name.ts'
import type { UserStore } from '../users/user-store.ts'

export interface NewAdministrator {
  email: string
  fullName: string
  password: string
  /** Create the account even if there is a super_admin already. */
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

/** Accounts of super_admins. The first one is created at the command line; there is no default account. */
export function createAdministrators ({
  database, administrators, users, policy, passwords, audit, clock
}: AdministratorParts) {
  return { create }

  /**
   * Creates a super_admin, active and verified. Of two such calls at once only one succeeds.
   * @throws Refusal `invalid_request`; `password_rejected`; `conflict` when there is a super_admin already (unless
   * `another`) or the address has an account
   */
  async function create ({ email, fullName: name, password, another }: NewAdministrator, caller: Caller) {
    const address = parseNewAddress(email, '/email')
    const fullName = parseFullName(name)
    if (fullName === null) {
      throw invalid('/full_name', 'wrong_format', 'A name is one line of 1 to 200 characters.')
    }
    const errors = await policy.check(password, [address.address, fullName])
    if (errors.length) throw new Refusal('password_rejected', { errors })

    const id = randomUUID()
    const passwordHash = await passwords.hash(password, { priority: 'known', flow: id })

    await database.begin(async tx => {
      await administrators.lock(tx)
      if (!another && await administrators.exists(tx)) throw conflict('There is an active super_admin already.')
      await insert(tx, { id, address, fullName, passwordHash }, caller)
    })
    return { id, email: address.address }
  }

  async function insert (tx: Transaction, { id, address, fullName, passwordHash }: {
    id: string, address: EmailAddress, fullName: string, passwordHash: string
  }, caller: Caller) {
    const isInserted = await users.insert(tx, {
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
    if (!isInserted) throw conflict('The address has an account already.')

    await audit.record(tx, {
      event: 'user_created',
      outcome: 'success',
      reason: 'super_admin',
      subject: await audit.createSubject(tx, id),
      caller,
      personal: { email: address.address }
    })
  }
}

function invalid (path: string, code: string, message: string) {
  return new Refusal('invalid_request', { errors: [{ path, code, message }] })
}

function conflict (message: string) {
  return new Refusal('conflict', { cause: new Error(message) })
}
