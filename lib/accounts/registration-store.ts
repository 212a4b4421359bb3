import type { Database, Query, Transaction } from '../stores/database.ts'
import type { Role } from '../access/role-store.ts'
import { advisoryLockClasses } from '../stores/advisory-locks.ts'

/** A registration that waits for its code. */
export interface Registration {
  id: string
  email: string
  emailCanonical: string
  passwordHash: string
  fullName: string
  locale: string
  role: string
  /** The code is derived from its id and its number. A repeated registration has the code of the one before. */
  codeId: string
  codeNumber: number
  codeExpiresAt: Date
}

/** A registration before it has a code. */
export type NewRegistration = Omit<Registration, 'codeId' | 'codeNumber' | 'codeExpiresAt'>

export type RegistrationStore = ReturnType<typeof createRegistrationStore>

/** A registration whose code is compared, with the wrapped key of its subject in the audit trail. */
export type TriedRegistration = Registration & { wrappedKey: Buffer | null }

/** @param tries how many codes may be tried for one registration, all its codes taken together */
export function createRegistrationStore (db: Database, { tries }: { tries: number }) {
  return { openRole, insert, tryCode, returnTry, renewCode, find, remove }

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

  /**
   * Writes a registration with the newest code for its address that is valid beyond `sharedBeyond` and has not been
   * tried. If there is none, or `sharedBeyond` is null, it begins a code of its own, which is valid until `expiresAt`.
   * Of parallel registrations of one address each sees the code of the one before.
   */
  async function insert (
    tx: Transaction,
    row: NewRegistration,
    { now, expiresAt, sharedBeyond }: { now: Date, expiresAt: Date, sharedBeyond: Date | null }
  ) {
    await tx`select pg_advisory_xact_lock(${advisoryLockClasses.codes}::int, hashtext(${row.emailCanonical}))`
    // This is a second statement, because a statement that has waited for a lock reads what was there before.
    await tx`
      with shared as (
        select coalesce(code_id, id) as code_id, code_number, code_expires_at
        from registrations
        where email_canonical = ${row.emailCanonical}
          and code_expires_at > ${sharedBeyond}
          and tries = 0
        order by code_expires_at desc, created_at desc
        limit 1
      )
      insert into registrations (
        id, email, email_canonical, password_hash, full_name, locale, role, created_at,
        code_id, code_number, code_expires_at
      )
      select ${row.id}::uuid, ${row.email}, ${row.emailCanonical}, ${row.passwordHash}, ${row.fullName}, ${row.locale},
             ${row.role}, ${now}::timestamptz,
             s.code_id, coalesce(s.code_number, 1), coalesce(s.code_expires_at, ${expiresAt}::timestamptz)
      from (select) as always
      left join shared s on true`
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
      returning id, email, email_canonical, password_hash, full_name, locale, role,
                coalesce(code_id, id) as code_id, code_number, code_expires_at,
                (select wrapped_key from subject_keys where subject_id = registrations.id)`
    return registration ?? null
  }

  /** Gives back a try whose code was not compared, or whose result nobody has learnt. */
  async function returnTry (id: string) {
    await db`
      update registrations
      set tries = tries - 1
      where id = ${id}
        and tries > 0`
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
      select id, email, email_canonical, password_hash, full_name, locale, role,
             coalesce(code_id, id) as code_id, code_number, code_expires_at
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
