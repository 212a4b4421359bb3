import type { Query } from '../stores/database.ts'

/** A device that has signed in to an account, and since when the account has known it without a break. */
export interface KnownDevice { deviceId: string, knownSince: Date }

export type KnownDeviceStore = ReturnType<typeof createKnownDeviceStore>

/** How many devices an account remembers; the one unused longest goes. */
export const devicesMax = 10

export function createKnownDeviceStore () {
  return { remember, list, forget }

  /** The devices that an account knows: never more than `devicesMax`. */
  async function list (query: Query, userId: string): Promise<KnownDevice[]> {
    return query<KnownDevice>`
      select device_id, created_at as known_since
      from known_devices
      where user_id = ${userId}`
  }

  /** Notes that a device has signed in to an account. The caller holds the lock of the user's row. */
  async function remember (tx: Query, userId: string, deviceId: string, now: Date) {
    // Both parts see what was there before: the device itself is added to the others that may stay.
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

  /** Forgets every device of an account and returns them: each is a stranger to it from here on. */
  async function forget (tx: Query, userId: string): Promise<KnownDevice[]> {
    return tx<KnownDevice>`
      delete from known_devices
      where user_id = ${userId}
      returning device_id, created_at as known_since`
  }
}
