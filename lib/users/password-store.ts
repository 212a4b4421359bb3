import { Refusal } from '../errors.ts'
import type { Database, Transaction } from '../stores/database.ts'
import type { User, UserCounters, UserEpochs } from './user-store.ts'

/** What a reset has left of a user, and what was true before it. */
export interface ResetUser extends UserCounters { isFirstProof: boolean, hadTwoStep: boolean }

export type PasswordStore = ReturnType<typeof createPasswordStore>

/** The stored hashes of passwords. */
export function createPasswordStore (db: Database) {
  return { rehash, replace, reset, remove, revoke }

  /** Replaces a hash by a stronger one of the same password, if it is still the stored one. */
  async function rehash (id: string, from: string, to: string) {
    await db`
      update users
      set password_hash = ${to}
      where id = ${id}
        and password_hash = ${from}`
  }

  /**
   * Replaces the password and ends all of the user's sessions, if the account is active and its epochs are those that
   * were read with the old hash. Otherwise returns null.
   */
  async function replace (
    tx: Transaction,
    { id, sessionEpoch, deploymentEpoch }: UserEpochs,
    passwordHash: string,
    now: Date
  ): Promise<UserCounters | null> {
    const [user] = await tx<UserCounters>`
      update users
      set password_hash = ${passwordHash},
          must_change_password = false,
          session_epoch = session_epoch + 1,
          version = version + 1,
          updated_at = ${now}
      where id = ${id}
        and status = 'active'
        and session_epoch = ${sessionEpoch}
        and (select session_epoch from deployment) = ${deploymentEpoch}
      returning session_epoch, version`
    return user ?? null
  }

  /**
   * Replaces the password of an active account whose user has proved the mailbox, and ends all of its sessions. The
   * address is verified by that; if nobody had verified it before, the account has no second step any more. Returns
   * null if the account is not active.
   */
  async function reset (tx: Transaction, id: string, passwordHash: string, now: Date): Promise<ResetUser | null> {
    const [user] = await tx<ResetUser>`
      with before as (
        select id, email_verified, two_step
        from users
        where id = ${id}
          and status = 'active'
        for no key update
      )
      update users u
      set password_hash = ${passwordHash},
          must_change_password = false,
          two_step = before.two_step and before.email_verified,
          email_verified = true,
          session_epoch = u.session_epoch + 1,
          version = u.version + 1,
          updated_at = ${now}
      from before
      where u.id = before.id
      returning u.session_epoch, u.version, not before.email_verified as is_first_proof, before.two_step as had_two_step`
    return user ?? null
  }

  /**
   * Takes the password away. Returns false if there is none. The caller has locked the user's row, and ends the
   * sessions.
   * @throws Refusal `password_change_required` if the password has to be changed: only another one ends that
   */
  async function remove (tx: Transaction, id: string, now: Date): Promise<boolean> {
    const [user] = await tx<Pick<User, 'mustChangePassword'>>`
      update users
      set password_hash = case when must_change_password then password_hash end,
          updated_at = ${now}
      where id = ${id}
        and password_hash is not null
      returning must_change_password`
    if (user?.mustChangePassword) throw new Refusal('password_change_required')
    return user !== undefined
  }

  /**
   * Takes a password away that somebody else may know, also one that has to be changed. Returns whether there was one.
   * The caller has locked the user's row, and ends the sessions.
   */
  async function revoke (tx: Transaction, id: string, now: Date): Promise<boolean> {
    const revoked = await tx`
      update users
      set password_hash = null,
          must_change_password = false,
          updated_at = ${now}
      where id = ${id}
        and password_hash is not null
      returning id`
    return revoked.length === 1
  }
}
