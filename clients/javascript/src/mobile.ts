import { memory } from './storage.ts'
import type { SecureStorage } from './storage.ts'
import type { BearerTransport } from './transport.ts'

export { perInstallation } from './installation.ts'
export { capacitorSecureStorage, expoSecureStore, keychain } from './adapters.ts'
export type { CapacitorSecureStorage, ExpoSecureStore, Keychain } from './adapters.ts'

export { memory }
export type { BearerTransport, SecureStorage }

/**
 * Tokens in the hands of the app, for `createLatchkey({ transport: bearer({ storage }) })`.
 *
 * @param options `storage`: where the refresh token is kept; `key`: its name there, for apps with several accounts;
 *   `deviceName`: how the owner will know this device in the list of sessions
 */
export function bearer (
  { storage, key = 'latchkey.session', deviceName }: { storage: SecureStorage, key?: string, deviceName?: string }
): BearerTransport {
  return { kind: 'bearer', storage, key, deviceName }
}
