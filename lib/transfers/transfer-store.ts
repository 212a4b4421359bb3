import type { Database, Transaction } from '../stores/database.ts'
import type { User } from '../users/user-store.ts'

/** An account from a file, under a new id. */
export type ImportedUser = Pick<
  User,
  | 'id'
  | 'email'
  | 'emailCanonical'
  | 'emailVerified'
  | 'passwordHash'
  | 'fullName'
  | 'locale'
  | 'role'
  | 'status'
  | 'approval'
  | 'mustChangePassword'
  | 'createdAt'
>

/** An account for a file. */
export type ExportedUser = Omit<ImportedUser, 'emailCanonical'>

export type UserTransferStore = ReturnType<typeof createUserTransferStore>

export function createUserTransferStore (db: Database) {
  return { insert, taken, list }

  /**
   * Makes the accounts whose addresses have none yet. Returns their ids. Addresses are inserted in order, so that two
   * imports at once wait for each other and do not deadlock.
   */
  async function insert (tx: Transaction, users: ImportedUser[], now: Date): Promise<string[]> {
    const made = await tx<{ id: string }>`
      insert into users (
        id, email, email_canonical, email_verified, password_hash, full_name, locale, role, status, approval,
        must_change_password, created_at, updated_at
      )
      select *, ${now}::timestamptz
      from unnest(
        ${users.map(user => user.id)}::uuid[],
        ${users.map(user => user.email)}::text[],
        ${users.map(user => user.emailCanonical)}::text[],
        ${users.map(user => user.emailVerified)}::boolean[],
        ${users.map(user => user.passwordHash)}::text[],
        ${users.map(user => user.fullName)}::text[],
        ${users.map(user => user.locale)}::text[],
        ${users.map(user => user.role)}::text[],
        ${users.map(user => user.status)}::text[],
        ${users.map(user => user.approval)}::text[],
        ${users.map(user => user.mustChangePassword)}::boolean[],
        ${users.map(user => user.createdAt)}::timestamptz[]
      ) as imported (id, email, email_canonical)
      order by email_canonical
      on conflict (email_canonical) do nothing
      returning id`
    return made.map(({ id }) => id)
  }

  /** Those of these canonical addresses that have an account. */
  async function taken (canonicals: string[]): Promise<string[]> {
    const found = await db<{ emailCanonical: string }>`
      select email_canonical
      from users
      where email_canonical = any(${canonicals}::text[])`
    return found.map(({ emailCanonical }) => emailCanonical)
  }

  /** Up to `rowsMax` accounts after an id, in the order of ids, which never change: none comes twice or is missed. */
  async function list (after: string | null, rowsMax: number): Promise<ExportedUser[]> {
    return await db<ExportedUser>`
      select id, email, email_verified, password_hash, full_name, locale, role, status, approval,
             must_change_password, created_at
      from users
      where (${after}::uuid is null or id > ${after}::uuid)
      order by id
      limit ${rowsMax}`
  }
}
