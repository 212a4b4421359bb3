import type { Actor } from '../access/authentication.ts'
import type { Audit } from '../audit/audit.ts'
import type { TotpSecretStore } from '../factors/totp-secret-store.ts'
import type { KnownDeviceStore } from '../sessions/known-device-store.ts'
import type { Bucket, Lockout } from '../throttling/lockout.ts'
import type { AdminAction, AdminActions } from './admin-actions.ts'

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
   * Unlocks the buckets that failed sign-ins have locked, of passwords and of second factors: those of strangers, and
   * those of the devices that the account knows, 33 in all at most. Strangers may enter codes again. The bucket of a
   * session stays as it is: the user can sign in again instead.
   */
  async function unlock (userId: string, by: Actor) {
    let locked: Bucket[] = []
    const answer = await actions.perform(userId, by, async action => {
      locked = await bucketsOf(action)
      if (needsFactor(action.subject)) await totpSecrets.forgetStrangersFailures(action.tx, userId)
      await audit.record(action.tx, { ...action.auditFields, event: 'authn_login_unlock' })
    })
    // Redis comes after the commit: if it fails, the event is there and the request can be repeated. In the other order
    // an account could be unlocked without an event.
    await lockout.unlock(locked)
    return answer
  }

  async function bucketsOf ({ tx, subject }: AdminAction): Promise<Bucket[]> {
    const { id, emailCanonical } = subject
    const known = await devices.list(tx, id)
    const ofPasswords = [lockout.strangersOf(emailCanonical), ...known.map(device => lockout.deviceOf(id, device))]
    if (!needsFactor(subject)) return ofPasswords

    const holders = ['strangers' as const, ...known]
    return [
      ...ofPasswords,
      ...holders.map(holder => lockout.secondFactorOf('totp', id, holder)),
      ...holders.map(holder => lockout.secondFactorOf('recovery_code', id, holder))
    ]
  }
}

/** Whether the account may be asked for codes: by its user's choice, or because of a role. */
function needsFactor ({ twoStep, hasFactor }: AdminAction['subject']): boolean {
  return twoStep || hasFactor
}
