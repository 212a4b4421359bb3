import { Refusal } from '../errors.ts'
import type { DeviceSummary, KnownDeviceStore } from '../sessions/known-device-store.ts'
import type { SessionSummary } from '../sessions/session-store.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Database } from '../stores/database.ts'
import type { UserStore } from '../users/user-store.ts'
import type { RememberedDevices } from './remembered-devices.ts'

export interface DeviceSummaryParts {
  database: Database
  users: Pick<UserStore, 'find'>
  devices: Pick<KnownDeviceStore, 'summarise'>
  sessions: Pick<Sessions, 'list'>
  remembered: Pick<RememberedDevices, 'rememberedUntil'>
}

export type DeviceSummaries = ReturnType<typeof createDeviceSummaries>

/** The devices that accounts know, for administrators. */
export function createDeviceSummaries ({ database, users, devices, sessions, remembered }: DeviceSummaryParts) {
  return { describeOther }

  /**
   * The devices that another user's account knows, ten at most, the one that signed in last first. It does not tell
   * where they are: that takes the sessions, which need a rank.
   * @throws Refusal `not_found`
   */
  async function describeOther (userId: string) {
    const user = await users.find(userId)
    if (!user) throw new Refusal('not_found')
    const [known, living] = [await devices.summarise(database, user), await sessions.list(userId)]

    return {
      devices: known.map(device => {
        const until = remembered.rememberedUntil(user, device.rememberedAt)
        return presentDevice(device, until, living.find(({ deviceId }) => deviceId === device.deviceId))
      })
    }
  }
}

/** @param session the one that was used last on the device; undefined if it is signed out */
function presentDevice (device: DeviceSummary, rememberedUntil: Date | null, session: SessionSummary | undefined) {
  const { deviceId, knownSince, lastUsedAt, secondFactorAt } = device
  return {
    id: deviceId,
    known_since: knownSince.toISOString(),
    last_used_at: lastUsedAt.toISOString(),
    second_factor_at: secondFactorAt?.toISOString() ?? null,
    remembered_until: rememberedUntil?.toISOString() ?? null,
    signed_in: session !== undefined,
    device_name: session?.deviceName ?? null,
    user_agent: session?.userAgent ?? null
  }
}
