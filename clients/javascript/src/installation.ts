import type { SecureStorage } from './storage.ts'

/** A storage that goes when the app is uninstalled, like AsyncStorage. */
export interface AppStorage {
  getItem: (key: string) => Promise<string | null>
  setItem: (key: string, value: string) => Promise<unknown>
}

/**
 * A secure storage that belongs to one installation of the app. The keychain of iOS outlives the app: without this,
 * somebody who installs the app again, on a phone that was sold for example, finds the former user signed in.
 *
 * Values are believed only while a mark of the same name is in a storage that goes with the app. Use it from the first
 * version on: an update that begins with it finds no mark, and signs out once.
 *
 * @param storage a keychain of this module
 * @param app `AsyncStorage` of `@react-native-async-storage/async-storage`, for example
 */
export function perInstallation (storage: SecureStorage, app: AppStorage): SecureStorage {
  return { ...storage, get }

  async function get (key: string) {
    if (!await app.getItem(key)) {
      // If one of the two fails, the next start tries again; a mark that came first would make the old value believed.
      await storage.remove(key)
      await app.setItem(key, 'installed')
    }
    return await storage.get(key)
  }
}
