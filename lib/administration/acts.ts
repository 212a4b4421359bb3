import type { Caller } from '../http/caller.ts'
import type { Actor } from '../access/authentication.ts'
import type { UnitOfWork, UnitsOfWork } from '../changes/unit-of-work.ts'
import { Refusal } from '../errors.ts'
import { highest, mayActUpon } from '../access/hierarchy.ts'
import type { AdministratorStore } from '../access/administrator-store.ts'
import type { Transaction } from '../stores/database.ts'
import type { HierarchyStore, RankedUser } from '../access/hierarchy-store.ts'
import type { UserStore } from '../users/user-store.ts'
import { presentUser } from '../users/user-view.ts'

/** An act under way: both rows are locked, and the actor may. */
export interface Act extends UnitOfWork {
  actor: RankedUser
  subject: RankedUser
  /** What the audit trail says of every act. */
  trail: { outcome: 'success', actorId: string, subject: RankedUser, caller: Caller }
}

export interface UserActParts {
  commit: UnitsOfWork['commit']
  users: Pick<UserStore, 'find'>
  hierarchy: Pick<HierarchyStore, 'lock' | 'lockActor'>
  administrators: Pick<AdministratorStore, 'existsBeside'>
}

export type UserActs = ReturnType<typeof createUserActs>

/**
 * The frame of everything that is done to a person by another: one transaction under the locks of both, which
 * begins with the question whether the one stands above the other. (Whether somebody may do such a thing at all is
 * a permission, and the guard of the route has asked for it.)
 *
 * That also keeps the last super_admin: whoever acts upon one is another, and stays so until the act is done.
 */
export function createUserActs ({ commit, users, hierarchy, administrators }: UserActParts) {
  return { act, judge, actorOf }

  /**
   * Does something to a user and answers how they are then.
   * @throws Refusal as `judge`; what the work throws
   */
  async function act (userId: string, by: Actor, work: (act: Act) => Promise<void> = async () => {}) {
    const user = await commit(async unit => {
      const { actor, subject } = await judge(unit.tx, by, userId)
      await work({ ...unit, actor, subject, trail: { outcome: 'success', actorId: actor.id, subject, caller: by.caller } })
      return await users.find(userId, unit.tx) ?? subject
    })
    return { user: presentUser(user) }
  }

  /**
   * Locks actor and subject, and returns both if the one may act upon the other.
   * @throws Refusal `not_found`; `forbidden` for who does not stand above them; `session_ended` for who is disabled
   * or gone by now; `last_super_admin` for who would have removed the last one, but was removed by them first
   */
  async function judge (tx: Transaction, by: Actor, subjectId: string): Promise<{ actor: RankedUser, subject: RankedUser }> {
    const { userId, role } = by.principal
    const { actor, subject } = await hierarchy.lock(tx, userId, subjectId)
    if (!subject) throw new Refusal('not_found')
    if (isActive(actor) && mayActUpon(actor, subject)) return { actor, subject }

    const isOvertaken = role === highest && userId !== subjectId
    const isLast = isOvertaken && subject.role === highest && subject.status === 'active' && !await administrators.existsBeside(tx, subjectId)
    if (isLast) throw new Refusal('last_super_admin')
    throw isActive(actor) ? new Refusal('forbidden') : goneBy(actor)
  }

  /** Who acts, as they are until the transaction ends; for an act upon nobody who is there already. */
  async function actorOf (tx: Transaction, { principal }: Actor): Promise<RankedUser> {
    const actor = await hierarchy.lockActor(tx, principal.userId)
    if (!isActive(actor)) throw goneBy(actor)
    return actor
  }
}

function isActive (actor: RankedUser | null): actor is RankedUser {
  return actor?.status === 'active'
}

/** This node does not know yet what has happened to who asks. */
function goneBy (actor: RankedUser | null) {
  return new Refusal('session_ended', { reason: actor ? 'account_disabled' : 'account_deleted' })
}
