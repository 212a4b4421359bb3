import type { AssignableRole, HierarchyStore, RankedUser } from '../access/hierarchy-store.ts'
import { mayAssign } from '../access/hierarchy.ts'
import type { Roles } from '../access/roles.ts'
import { Refusal } from '../errors.ts'
import type { Transaction } from '../stores/database.ts'
import type { User } from '../users/user-store.ts'

export interface RoleAssignmentParts {
  hierarchy: Pick<HierarchyStore, 'role'>
  roles: Pick<Roles, 'may'>
}

/**
 * Locks a role that an actor gives to an account, and returns it with the approval that the account has then.
 * @param approval the approval of the account so far
 * @throws Refusal `invalid_request` for an unknown role; `forbidden` for a role that is not below the actor's
 */
export async function assignRole (
  tx: Transaction,
  { hierarchy, roles }: RoleAssignmentParts,
  { name, actor, approval }: { name: string, actor: RankedUser, approval: User['approval'] }
): Promise<{ role: AssignableRole, approval: User['approval'] }> {
  const role = await hierarchy.role(tx, name)
  if (!role) throw unknownRole()
  if (!mayAssign(actor, role)) throw new Refusal('forbidden')
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
  if (before !== 'not_required') return before
  return mayApprove ? 'approved' : 'pending'
}

function unknownRole () {
  return new Refusal('invalid_request', { errors: [{ path: '/role', code: 'unknown', message: 'is no role' }] })
}
