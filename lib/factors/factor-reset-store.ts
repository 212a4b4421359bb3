import type { Transaction } from '../stores/database.ts'

export type FactorResetStore = ReturnType<typeof createFactorResetStore>

/** What a reset of second factors leaves behind once a new factor has been added. */
export function createFactorResetStore () {
  return { finish }

  /**
   * Makes the session of the reset one like any other, and forgets all devices but its own: they were known by factors
   * that are gone. The caller has locked the user's row.
   */
  async function finish (tx: Transaction, { userId, sessionId, deviceId }: {
    userId: string
    sessionId: string
    deviceId: string
  }) {
    await tx`
      update sessions
      set factor_reset = null
      where id = ${sessionId}`
    await tx`
      delete from known_devices
      where user_id = ${userId}
        and device_id <> ${deviceId}`
  }
}
