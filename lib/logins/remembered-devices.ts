import type { Clock } from '../clock.ts'
import type { KnownDeviceStore } from '../sessions/known-device-store.ts'
import type { Database } from '../stores/database.ts'
import type { DeviceTokens } from '../tokens/device-tokens.ts'
import { isInForce } from '../users/factor-policy.ts'
import type { User } from '../users/user-store.ts'

export interface RememberedDeviceParts {
  database: Database
  devices: Pick<KnownDeviceStore, 'rememberedAt'>
  deviceTokens: Pick<DeviceTokens, 'read'>
  clock: Pick<Clock, 'now'>
  /** For how long (ms) a device is remembered; 0 for never. */
  rememberDevice: number
}

export type RememberedDevices = ReturnType<typeof createRememberedDevices>

/** Devices on which a user has asked not to be asked for the second factor again for a while. */
export function createRememberedDevices (parts: RememberedDeviceParts) {
  const { database, devices, deviceTokens, clock, rememberDevice } = parts

  return { mayRemember, sinceFor }

  /** Whether the devices of an account may be remembered: never where its role demands a second factor. */
  function mayRemember (user: User): boolean {
    return rememberDevice > 0 && !isInForce(user, clock.now())
  }

  /**
   * The time since which a device must have been remembered for the password alone to do, if this one has been; else
   * null. The database checks it again when the session begins.
   */
  async function sinceFor (user: User, deviceToken: string | undefined | null): Promise<Date | null> {
    const deviceId = deviceToken ? deviceTokens.read(deviceToken) : null
    if (deviceId === null || !mayRemember(user)) return null

    const since = new Date(clock.now() - rememberDevice)
    const at = await devices.rememberedAt(database, user, deviceId)
    return at !== null && at >= since ? since : null
  }
}
