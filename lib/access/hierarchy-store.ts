import type { Ranked } from './hierarchy.ts'
import type { Transaction } from '../stores/database.ts'
import { isAdmitted, userColumns, userJoins } from '../users/user-store.ts'
import type { User } from '../users/user-store.ts'

/** An account with the rank of its role. */
export type RankedUser = User & Ranked

export interface AssignableRole { name: string, rank: number, requiresApproval: boolean }

export type Applicant = Pick<User, 'id' | 'role'>

export type HierarchyStore = ReturnType<typeof createHierarchyStore>

/** Users with their ranks, locked so that these stay as they are until the transaction ends. */
export function createHierarchyStore () {
  return { lock, lockActor, roleOf, role, applicants, approvers }

  /**
   * Locks the subject's row against all other locks and the actor's row against changes, and reads both afterwards;
   * null if there is no such user. The order of the ids decides which row is locked first, so two users who act on each
   * other at once cannot cause a deadlock.
   */
  async function lock (
    tx: Transaction, actorId: string, subjectId: string
  ): Promise<{ actor: RankedUser | null, subject: RankedUser | null }> {
    if (actorId === subjectId) {
      const self = await lockSubject(tx, subjectId)
      return { actor: self, subject: self }
    }
    if (actorId < subjectId) {
      const actor = await lockActor(tx, actorId)
      return { actor, subject: await lockSubject(tx, subjectId) }
    }
    const subject = await lockSubject(tx, subjectId)
    return { actor: await lockActor(tx, actorId), subject }
  }

  async function lockSubject (tx: Transaction, id: string): Promise<RankedUser | null> {
    await tx`
      select id
      from users
      where id = ${id}
      for update`
    return await read(tx, id)
  }

  /** Locks the actor's row against changes and reads it: nobody is demoted or disabled during their own action. */
  async function lockActor (tx: Transaction, id: string): Promise<RankedUser | null> {
    await tx`
      select id
      from users
      where id = ${id}
      for share`
    return await read(tx, id)
  }

  // This is a second statement, because a statement that has waited for a lock reads other tables as of its beginning.
  async function read (tx: Transaction, id: string): Promise<RankedUser | null> {
    const [user] = await tx<RankedUser>`
      select ${userColumns(tx)}, r.rank
      from users u ${userJoins(tx)}
      where u.id = ${id}`
    return user ?? null
  }

  /** The role that an account has at the moment; null if there is no such account. */
  async function roleOf (tx: Transaction, id: string): Promise<string | null> {
    const [user] = await tx<Pick<User, 'role'>>`
      select role
      from users
      where id = ${id}`
    return user?.role ?? null
  }

  /** A role that is to be assigned, locked so that it is not removed before; null if there is no such role. */
  async function role (tx: Transaction, name: string): Promise<AssignableRole | null> {
    const [role] = await tx<AssignableRole>`
      select name, rank, requires_approval
      from roles
      where name = ${name}
      for key share`
    return role ?? null
  }

  /** Those of the accounts that wait for an approval, the earliest first. */
  async function applicants (tx: Transaction, ids: string[]): Promise<Applicant[]> {
    return await tx<Applicant>`
      select id, role
      from users
      where id = any(${ids}::uuid[]) and approval = 'pending'
      order by created_at, id`
  }

  /**
   * The ids of active users who may approve an applicant and rank above them, the highest first. Users of a suspended
   * vendor may do nothing.
   */
  async function approvers (tx: Transaction, applicantId: string, limit: number): Promise<string[]> {
    const found = await tx<{ id: string }>`
      select u.id
      from role_permissions p
      join roles r on r.name = p.role
      join users u on u.role = r.name
      left join vendors v on v.id = u.vendor_id
      where p.permission = 'users:approve'
        and ${isAdmitted(tx)}
        and v.status is distinct from 'suspended'
        and r.rank > (
          select a.rank
          from users applicant
          join roles a on a.name = applicant.role
          where applicant.id = ${applicantId}
        )
      order by r.rank desc, u.created_at, u.id
      limit ${limit}`
    return found.map(({ id }) => id)
  }
}
