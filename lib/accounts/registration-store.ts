import type { Database, Query, Transaction } from '../stores/database.ts'
import type { Role } from '../access/role-store.ts'

/** A registration that waits for its code. */
export interface Registration {
  id: string
  email: string
  emailCanonical: string
  passwordHash: string
  fullName: string
  locale: string
  role: string
  codeNumber: number
  codeExpiresAt: Date
}

export type RegistrationStore = ReturnType<typeof createRegistrationStore>

/** A registration whose code is compared, with the wrapped key of its subject in the audit trail. */
export type TriedRegistration = Registration & { wrappedKey: Buffer | null }

/** @param tries how many codes may be tried for one registration, all its codes taken together */
export function createRegistrationStore (db: Database, { tries }: { tries: number }) {
  return { openRole, insert, tryCode, renewCode, find, remove }

  /** The role of this name, locked against changes; null if nobody may register into it by themself (any more). */
  async function openRole (tx: Transaction, name: string): Promise<Pick<Role, 'name' | 'requiresApproval'> | null> {
    const [role] = await tx<Pick<Role, 'name' | 'requiresApproval'>>`
      select name, requires_approval
      from roles
      where name = ${name}
        and self_registration
      for share`
    return role ?? null
  }

  async function insert (tx: Transaction, { codeNumber, ...row }: Registration, now: Date) {
    await tx`
      insert into registrations (
        id, email, email_canonical, password_hash, full_name, locale, role, code_number, code_expires_at, created_at
      )
      values (
        ${row.id}, ${row.email}, ${row.emailCanonical}, ${row.passwordHash}, ${row.fullName}, ${row.locale},
        ${row.role}, ${codeNumber}, ${row.codeExpiresAt}, ${now}
      )`
  }

  /**
   * Counts a try and returns the registration whose code may be compared; null if there is none, its code has expired
   * or its tries are used up. It is one statement, so that parallel tries are counted exactly.
   */
  async function tryCode (id: string, now: Date): Promise<TriedRegistration | null> {
    const [registration] = await db<TriedRegistration>`
      update registrations
      set tries = tries + 1
      where id = ${id}
        and tries < ${tries}
        and code_expires_at > ${now}
      returning id, email, email_canonical, password_hash, full_name, locale, role, code_number, code_expires_at,
                (select wrapped_key from subject_keys where subject_id = registrations.id)`
    return registration ?? null
  }

  /** Starts the next code if the last one has expired. The tries that were used stay used. */
  async function renewCode (tx: Transaction, id: string, { now, expiresAt }: { now: Date, expiresAt: Date }) {
    await tx`
      update registrations
      set code_number = code_number + 1, code_expires_at = ${expiresAt}
      where id = ${id}
        and tries < ${tries}
        and code_expires_at <= ${now}`
  }

  async function find (id: string, query: Query = db): Promise<Registration | null> {
    const [registration] = await query<Registration>`
      select id, email, email_canonical, password_hash, full_name, locale, role, code_number, code_expires_at
      from registrations
      where id = ${id}`
    return registration ?? null
  }

  /** Removes a registration. Of several calls at once, one returns true. */
  async function remove (tx: Transaction, id: string): Promise<boolean> {
    const removed = await tx`
      delete from registrations
      where id = ${id}
      returning id`
    return removed.length === 1
  }
}
