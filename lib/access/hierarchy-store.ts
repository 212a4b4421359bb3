import type { Ranked } from './hierarchy.ts'
import type { Transaction } from '../stores/database.ts'
import { userColumns, userJoins } from '../users/user-store.ts'
import type { User } from '../users/user-store.ts'

/** An account with the rank of its role. */
export type RankedUser = User & Ranked

export type HierarchyStore = ReturnType<typeof createHierarchyStore>

/** Who stands above whom, as it is and stays until the transaction ends. */
export function createHierarchyStore () {
  return { lock, lockActor, roleOf, role, approvers }

  /**
   * Locks the row of the person against everything and that of the actor against changes, and reads both as they
   * are then. In the order of their ids: two who act upon each other at once wait, and not in a circle.
   */
  async function lock (tx: Transaction, actorId: string, subjectId: string): Promise<{ actor: RankedUser | null, subject: RankedUser | null }> {
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

  /** Keeps the row of who acts as it is: nobody is demoted or disabled while they act. */
  async function lockActor (tx: Transaction, id: string): Promise<RankedUser | null> {
    await tx`
      select id
      from users
      where id = ${id}
      for share`
    return await read(tx, id)
  }

  // A statement of its own: what waits for a lock goes on to read as of before.
  async function read (tx: Transaction, id: string): Promise<RankedUser | null> {
    const [user] = await tx<RankedUser>`
      select ${userColumns(tx)}, r.rank
      from users u ${userJoins(tx)}
      where u.id = ${id}`
    return user ?? null
  }

  /** What role an account has at the moment, null if there is none. */
  async function roleOf (tx: Transaction, id: string): Promise<string | null> {
    const [user] = await tx<Pick<User, 'role'>>`
      select role
      from users
      where id = ${id}`
    return user?.role ?? null
  }

  /** A role that is to be given, which stays there until then; null if there is none of this name. */
  async function role (tx: Transaction, name: string): Promise<{ name: string, rank: number, requiresApproval: boolean } | null> {
    const [role] = await tx<{ name: string, rank: number, requiresApproval: boolean }>`
      select name, rank, requires_approval
      from roles
      where name = ${name}
      for key share`
    return role ?? null
  }

  /** Those who may approve somebody: active, above them, the highest first; so many at most. */
  async function approvers (tx: Transaction, applicantId: string, most: number): Promise<string[]> {
    const found = await tx<{ id: string }>`
      select u.id
      from role_permissions p
      join roles r on r.name = p.role
      join users u on u.role = r.name
      where p.permission = 'users:approve'
        and u.status = 'active'
        and u.approval in ('not_required', 'approved')
        and r.rank > (
          select a.rank
          from users applicant
          join roles a on a.name = applicant.role
          where applicant.id = ${applicantId}
        )
      order by r.rank desc, u.created_at, u.id
      limit ${most}`
    return found.map(({ id }) => id)
  }
}
