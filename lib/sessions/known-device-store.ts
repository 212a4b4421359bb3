import type { Query } from '../stores/database.ts'
import type { UserEpochs } from '../users/user-store.ts'

/** A device that has signed in to an account. The account has known it without a break since `knownSince`. */
export interface KnownDevice { deviceId: string, knownSince: Date }

/** A known device as lists show one. `rememberedAt` is null if that counts no more. */
export interface DeviceSummary extends KnownDevice {
  lastUsedAt: Date
  secondFactorAt: Date | null
  rememberedAt: Date | null
}

export type KnownDeviceStore = ReturnType<typeof createKnownDeviceStore>

/** The most devices that an account remembers. The one unused longest is forgotten first. */
export const devicesMax = 10

export function createKnownDeviceStore () {
  return { remember, find, list, summarise, rememberedAt, countRemembered, forget, forgetSecondFactors }

  /** A device that an account knows, and when it last passed a second factor there; null for a stranger. */
  async function find (
    query: Query,
    userId: string,
    deviceId: string
  ): Promise<(KnownDevice & { secondFactorAt: Date | null }) | null> {
    const [device] = await query<KnownDevice & { secondFactorAt: Date | null }>`
      select device_id, created_at as known_since, second_factor_at
      from known_devices
      where user_id = ${userId}
        and device_id = ${deviceId}`
    return device ?? null
  }

  /** The devices that an account knows, at most `devicesMax`. */
  async function list (query: Query, userId: string): Promise<KnownDevice[]> {
    return query<KnownDevice>`
      select device_id, created_at as known_since
      from known_devices
      where user_id = ${userId}`
  }

  /** The devices that an account knows, with their times, the one that signed in last first. */
  async function summarise (
    query: Query,
    { id, sessionEpoch, deploymentEpoch }: UserEpochs
  ): Promise<DeviceSummary[]> {
    return query<DeviceSummary>`
      select device_id, created_at as known_since, last_used_at, second_factor_at,
             case
               when remembered_user_epoch = ${sessionEpoch} and remembered_global_epoch = ${deploymentEpoch}
               then remembered_at
             end as remembered_at
      from known_devices
      where user_id = ${id}
      order by last_used_at desc, device_id
      limit ${devicesMax}`
  }

  /**
   * When the user last said that a device need not be asked for the second factor; null if that never was, or if the
   * user's sessions have been ended since.
   */
  async function rememberedAt (
    query: Query,
    { id, sessionEpoch, deploymentEpoch }: UserEpochs,
    deviceId: string
  ): Promise<Date | null> {
    const [device] = await query<{ rememberedAt: Date | null }>`
      select remembered_at
      from known_devices
      where user_id = ${id}
        and device_id = ${deviceId}
        and remembered_user_epoch = ${sessionEpoch}
        and remembered_global_epoch = ${deploymentEpoch}`
    return device?.rememberedAt ?? null
  }

  /** How many devices have been remembered since then. */
  async function countRemembered (
    query: Query,
    { id, sessionEpoch, deploymentEpoch }: UserEpochs,
    since: Date
  ): Promise<number> {
    const [counted] = await query<{ count: number }>`
      select count(*)::int as count
      from known_devices
      where user_id = ${id}
        and remembered_at >= ${since}
        and remembered_user_epoch = ${sessionEpoch}
        and remembered_global_epoch = ${deploymentEpoch}`
    return counted?.count ?? 0
  }

  /** Records that a device has signed in to an account. The caller has locked the user's row. */
  async function remember (tx: Query, userId: string, deviceId: string, now: Date) {
    // Both parts of the statement see the rows from before it. So the deletion leaves room for the new device:
    // it keeps one less than the maximum of the other devices.
    await tx`
      with remembered as (
        insert into known_devices (user_id, device_id, created_at, last_used_at)
        values (${userId}, ${deviceId}, ${now}, ${now})
        on conflict (user_id, device_id) do update set last_used_at = excluded.last_used_at
      )
      delete from known_devices
      where user_id = ${userId}
        and device_id in (
          select device_id
          from known_devices
          where user_id = ${userId}
            and device_id <> ${deviceId}
          order by last_used_at desc
          offset ${devicesMax - 1}
        )`
  }

  /** Forgets that devices have passed a second factor, because the factors have changed. */
  async function forgetSecondFactors (tx: Query, userId: string) {
    await tx`
      update known_devices
      set second_factor_at = null
      where user_id = ${userId}
        and second_factor_at is not null`
  }

  /** Forgets every device of an account and returns them. From now on the account treats each as a stranger. */
  async function forget (tx: Query, userId: string): Promise<KnownDevice[]> {
    return tx<KnownDevice>`
      delete from known_devices
      where user_id = ${userId}
      returning device_id, created_at as known_since`
  }
}
