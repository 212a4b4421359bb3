import type { Clock } from '../clock.ts'
import type { KnownDeviceStore } from '../sessions/known-device-store.ts'
import type { SignInMarks } from '../sessions/sign-in-store.ts'
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

  return { mayRemember, rememberedUntil, markFor }

  /**
   * Whether the devices of an account may be remembered: never where its role demands a second factor, nor while the
   * password has to be changed, which takes both factors.
   */
  function mayRemember (user: User): boolean {
    return rememberDevice > 0 && !user.mustChangePassword && !isInForce(user, clock.now())
  }

  /** Until when a device that was remembered at a time is not asked for the second factor; null if it is. */
  function rememberedUntil (user: User, rememberedAt: Date | null): Date | null {
    if (rememberedAt === null || !mayRemember(user)) return null
    const until = rememberedAt.getTime() + rememberDevice
    return until >= clock.now() ? new Date(until) : null
  }

  /**
   * When the device passed both factors, and since when it must have for the password alone to do; null if it has not.
   * The database checks it again when the session begins.
   */
  async function markFor (
    user: User,
    deviceToken: string | undefined | null
  ): Promise<Required<Pick<SignInMarks, 'rememberedAt' | 'rememberedSince'>> | null> {
    const deviceId = deviceToken ? deviceTokens.read(deviceToken) : null
    if (deviceId === null || !mayRemember(user)) return null

    const rememberedSince = new Date(clock.now() - rememberDevice)
    const rememberedAt = await devices.rememberedAt(database, user, deviceId)
    return rememberedAt !== null && rememberedAt >= rememberedSince ? { rememberedAt, rememberedSince } : null
  }
}
