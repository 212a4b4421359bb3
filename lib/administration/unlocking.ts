import type { Actor } from '../access/authentication.ts'
import type { Audit } from '../audit/audit.ts'
import type { KnownDeviceStore } from '../sessions/known-device-store.ts'
import type { Bucket, Lockout } from '../throttling/lockout.ts'
import type { AdminAction, AdminActions } from './admin-actions.ts'

export interface UnlockingParts {
  actions: Pick<AdminActions, 'perform'>
  devices: Pick<KnownDeviceStore, 'list'>
  lockout: Pick<Lockout, 'strangersOf' | 'deviceOf' | 'unlock'>
  audit: Pick<Audit, 'record'>
}

/** Unlocks accounts that failed sign-ins have locked. */
export function createUnlocking ({ actions, devices, lockout, audit }: UnlockingParts) {
  return { unlock }

  /**
   * Unlocks the buckets that failed sign-ins have locked: the one of strangers, and those of the devices that the
   * account knows, eleven in all at most. The bucket of a session stays as it is: the user can sign in again instead.
   */
  async function unlock (userId: string, by: Actor) {
    let locked: Bucket[] = []
    const answer = await actions.perform(userId, by, async action => {
      locked = await bucketsOf(action)
      await audit.record(action.tx, { ...action.auditFields, event: 'authn_login_unlock' })
    })
    // Redis comes after the commit: if it fails, the event is there and the request can be repeated. In the other order
    // an account could be unlocked without an event.
    await lockout.unlock(locked)
    return answer
  }

  async function bucketsOf ({ tx, subject: { id, emailCanonical } }: AdminAction): Promise<Bucket[]> {
    const known = await devices.list(tx, id)
    return [lockout.strangersOf(emailCanonical), ...known.map(device => lockout.deviceOf(id, device))]
  }
}
