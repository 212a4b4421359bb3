import type { HierarchyStore } from '../access/hierarchy-store.ts'
import type { RoleStore } from '../access/role-store.ts'
import { Refusal } from '../errors.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Transaction } from '../stores/database.ts'

export interface ActorCheckParts {
  hierarchy: Pick<HierarchyStore, 'lockActor'>
  roleStore: Pick<RoleStore, 'find'>
  sessions: Pick<Sessions, 'findLocked'>
}

/** The user who asks, and the session that asks. */
export interface AskingUser { userId: string, sessionId: string }

/**
 * Checks the actor of an act upon everybody. The guards of its route have judged by the access token and by what this
 * node knows; this judges once more, by what the database says while the actor's row is locked.
 * @throws Refusal `session_ended` if the actor has been disabled or erased; `vendor_suspended`; `invalid_token`
 * (refresh) if the session is over; `forbidden` if the actor's role does not have the permission any more
 */
export async function assertMayStill (
  { hierarchy, roleStore, sessions }: ActorCheckParts,
  tx: Transaction,
  { userId, sessionId }: AskingUser,
  permission: string
) {
  const user = await hierarchy.lockActor(tx, userId)
  if (user?.status !== 'active') {
    throw new Refusal('session_ended', { reason: user ? 'account_disabled' : 'account_deleted' })
  }
  if (user.vendorStatus === 'suspended') throw new Refusal('vendor_suspended')
  const session = await sessions.findLocked(tx, sessionId)
  if (session?.id !== userId) throw new Refusal('invalid_token')

  const role = await roleStore.find(tx, user.role)
  if (!role?.permissions.includes(permission)) throw new Refusal('forbidden', { permission })
}
