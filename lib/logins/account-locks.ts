import type { Clock } from '../clock.ts'
import { Refusal, unavailable } from '../errors.ts'
import { isClosedToStrangers } from '../factors/second-factor-checks.ts'
import type { TotpSecretStore } from '../factors/totp-secret-store.ts'
import type { KnownDevice, KnownDeviceStore } from '../sessions/known-device-store.ts'
import type { Database } from '../stores/database.ts'
import type { Bucket, Lockout } from '../throttling/lockout.ts'
import type { User, UserStore } from '../users/user-store.ts'

/** A bucket of sign-ins to one account. */
export interface AccountBucket {
  bucket: Bucket
  /** What is guessed at. */
  method: 'password' | 'totp' | 'recovery_code'
  /** The device that guesses, which the account knows; null for strangers. */
  deviceId: string | null
}

export interface AccountLockParts {
  database: Database
  users: Pick<UserStore, 'find'>
  devices: Pick<KnownDeviceStore, 'list'>
  totpSecrets: Pick<TotpSecretStore, 'findConfirmed'>
  lockout: Pick<Lockout, 'strangersOf' | 'deviceOf' | 'secondFactorOf' | 'look'>
  clock: Pick<Clock, 'now'>
}

export type AccountLocks = ReturnType<typeof createAccountLocks>

/** The longest time (ms) in which the buckets of an account are read. A Redis that takes longer is as good as away. */
const readingMaxMs = 5000

/** What failed sign-ins to an account have locked. */
export function createAccountLocks ({ database, users, devices, totpSecrets, lockout, clock }: AccountLockParts) {
  return { read }

  /**
   * The buckets of an account in which failures count, those that an unlocking would open. Each is read in one step;
   * reading counts as no try. The buckets of sessions are not among them: they keep nobody from signing in.
   * @throws Refusal `not_found`; `unavailable`
   */
  async function read (userId: string) {
    const user = await users.find(userId)
    if (!user) throw new Refusal('not_found')
    const [known, secret] = [await devices.list(database, userId), await totpSecrets.findConfirmed(userId)]
    const isClosed = secret !== null && isClosedToStrangers(secret)

    // One after the other: those who look at locks must not take the places of those who sign in.
    const all = []
    const giveUpAt = performance.now() + readingMaxMs
    for (const place of bucketsOf(lockout, user, known)) {
      if (performance.now() > giveUpAt) throw unavailable(new Error(`the buckets were not read in ${readingMaxMs} ms`))
      all.push(await describe(place, isClosed))
    }
    const buckets = all.filter(({ locked, failures, locks }) => locked || failures + locks > 0)
    return { locked: buckets.some(({ locked }) => locked), buckets }
  }

  /** @param isClosed whether no stranger's code of the authenticator app is looked at, however the bucket stands */
  async function describe ({ bucket, method, deviceId }: AccountBucket, isClosed: boolean) {
    const { failures, shuts, shutForMs } = await lockout.look(bucket)
    const isClosedForGood = isClosed && method === 'totp' && deviceId === null
    const opensAt = isClosedForGood || shutForMs === null ? null : new Date(clock.now() + shutForMs)
    return {
      method,
      kind: deviceId === null ? 'strangers' as const : 'device' as const,
      device_id: deviceId,
      locked: isClosedForGood || shutForMs !== null,
      locked_until: opensAt?.toISOString() ?? null,
      failures,
      locks: shuts
    }
  }
}

/**
 * The buckets in which failed sign-ins to an account count, of passwords and of second factors: those of strangers, and
 * those of the devices that the account knows, 33 in all at most.
 */
export function bucketsOf (
  lockout: Pick<Lockout, 'strangersOf' | 'deviceOf' | 'secondFactorOf'>,
  user: Pick<User, 'id' | 'emailCanonical' | 'twoStep' | 'hasFactor'>,
  known: KnownDevice[]
): AccountBucket[] {
  const { id, emailCanonical } = user
  const codes = needsFactor(user) ? ['totp', 'recovery_code'] as const : []
  return [
    { bucket: lockout.strangersOf(emailCanonical), method: 'password', deviceId: null },
    ...known.map(device => ({
      bucket: lockout.deviceOf(id, device), method: 'password' as const, deviceId: device.deviceId
    })),
    ...codes.flatMap(method => [
      { bucket: lockout.secondFactorOf(method, id, 'strangers'), method, deviceId: null },
      ...known.map(device => ({
        bucket: lockout.secondFactorOf(method, id, device), method, deviceId: device.deviceId
      }))
    ])
  ]
}

/** Whether the account may be asked for codes: by its user's choice, or because of a role. */
export function needsFactor ({ twoStep, hasFactor }: Pick<User, 'twoStep' | 'hasFactor'>): boolean {
  return twoStep || hasFactor
}
