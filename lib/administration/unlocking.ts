import type { Actor } from '../access/authentication.ts'
import type { Audit } from '../audit/audit.ts'
import type { TotpSecretStore } from '../factors/totp-secret-store.ts'
import { bucketsOf, needsFactor } from '../logins/account-locks.ts'
import type { KnownDeviceStore } from '../sessions/known-device-store.ts'
import type { Bucket, Lockout } from '../throttling/lockout.ts'
import type { AdminActions } from './admin-actions.ts'

export interface UnlockingParts {
  actions: Pick<AdminActions, 'perform'>
  devices: Pick<KnownDeviceStore, 'list'>
  totpSecrets: Pick<TotpSecretStore, 'forgetStrangersFailures'>
  lockout: Pick<Lockout, 'strangersOf' | 'deviceOf' | 'secondFactorOf' | 'unlock'>
  audit: Pick<Audit, 'record'>
}

/** Unlocks accounts that failed sign-ins have locked. */
export function createUnlocking ({ actions, devices, totpSecrets, lockout, audit }: UnlockingParts) {
  return { unlock }

  /**
   * Unlocks the buckets that failed sign-ins have locked, see `bucketsOf`. Strangers may enter codes again. The bucket
   * of a session stays as it is: the user can sign in again instead.
   */
  async function unlock (userId: string, by: Actor) {
    let locked: Bucket[] = []
    const answer = await actions.perform(userId, by, async ({ tx, subject, auditFields }) => {
      locked = bucketsOf(lockout, subject, await devices.list(tx, userId)).map(({ bucket }) => bucket)
      if (needsFactor(subject)) await totpSecrets.forgetStrangersFailures(tx, userId)
      await audit.record(tx, { ...auditFields, event: 'authn_login_unlock' })
    })
    // Redis comes after the commit: if it fails, the event is there and the request can be repeated. In the other order
    // an account could be unlocked without an event.
    await lockout.unlock(locked)
    return answer
  }
}
