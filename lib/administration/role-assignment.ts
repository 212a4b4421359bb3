import type { AssignableRole, HierarchyStore, RankedUser } from '../access/hierarchy-store.ts'
import type { Actor } from '../access/authentication.ts'
import { mayAssign } from '../access/hierarchy.ts'
import type { Roles } from '../access/roles.ts'
import { recentSeconds } from '../access/step-up.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { Transaction } from '../stores/database.ts'
import { assertSteppedUp } from '../tokens/step-up.ts'
import type { User } from '../users/user-store.ts'

export interface RoleAssignmentParts {
  hierarchy: Pick<HierarchyStore, 'role'>
  roles: Pick<Roles, 'may'>
  clock: Pick<Clock, 'now'>
}

/** What is asked for: the role by its name, and the approval of the account so far. */
interface Assignment { name: string, actor: RankedUser, by: Actor, approval: User['approval'] }

/** To give a role of this rank or a higher one needs a recent sign-in: its users see or change what others own. */
const guardedRank = 60

/**
 * Locks a role that an actor gives to an account, and returns it with the approval that the account has then.
 * @throws Refusal `invalid_request` for an unknown role; `forbidden` for a role that is not below the actor's;
 * `reauthentication_required` for a role of high rank, if the actor's sign-in is not recent
 */
export async function assignRole (
  tx: Transaction,
  { hierarchy, roles, clock }: RoleAssignmentParts,
  { name, actor, by, approval }: Assignment
): Promise<{ role: AssignableRole, approval: User['approval'] }> {
  const role = await hierarchy.role(tx, name)
  if (!role) throw unknownRole()
  if (!mayAssign(actor, role)) throw new Refusal('forbidden')
  if (role.rank >= guardedRank) assertSteppedUp(by.principal, { maxAge: recentSeconds }, clock.now())
  return { role, approval: approvalFor(role, approval, roles.may(actor.role, 'users:approve')) }
}

/**
 * The approval of an account that is given a role. An actor who may approve applicants approves by giving the role; an
 * actor who may not cannot admit anybody by way of another role either.
 */
function approvalFor (
  { requiresApproval }: AssignableRole, before: User['approval'], mayApprove: boolean
): User['approval'] {
  if (!requiresApproval) return mayApprove || before === 'approved' ? 'not_required' : before
  if (mayApprove) return 'approved'
  return before === 'not_required' ? 'pending' : before
}

function unknownRole () {
  return new Refusal('invalid_request', { errors: [{ path: '/role', code: 'unknown', message: 'is no role' }] })
}
