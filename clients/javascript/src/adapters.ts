import type { SecureStorage } from './storage.ts'

/** What is used of `expo-secure-store`. */
export interface ExpoSecureStore {
  getItemAsync: (key: string, options?: object) => Promise<string | null>
  setItemAsync: (key: string, value: string, options?: object) => Promise<void>
  deleteItemAsync: (key: string, options?: object) => Promise<void>
  AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY: number
}

/**
 * Expo's SecureStore, readable after the first unlock, so that an app that is woken in the background is signed in.
 *
 * @param store `import * as SecureStore from 'expo-secure-store'`
 */
export function expoSecureStore (store: ExpoSecureStore): SecureStorage {
  const options = { keychainAccessible: store.AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY }
  return {
    get: key => store.getItemAsync(key, options),
    set: (key, value) => store.setItemAsync(key, value, options),
    remove: key => store.deleteItemAsync(key, options)
  }
}

/** What is used of `react-native-keychain` 10. */
export interface Keychain {
  getGenericPassword: (options: { service: string }) => Promise<false | { password: string }>
  setGenericPassword: (username: string, password: string, options: object) => Promise<unknown>
  resetGenericPassword: (options: { service: string }) => Promise<boolean>
  ACCESSIBLE: { AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY: string }
}

/**
 * react-native-keychain, readable after the first unlock; each value is a service of its own.
 *
 * @param store `import * as Keychain from 'react-native-keychain'`
 */
export function keychain (store: Keychain): SecureStorage {
  const accessible = store.ACCESSIBLE.AFTER_FIRST_UNLOCK_THIS_DEVICE_ONLY
  return {
    async get (key) {
      const found = await store.getGenericPassword({ service: key })
      return found === false ? null : found.password
    },
    async set (key, value) {
      // iOS rejects, Android answers false.
      if (await store.setGenericPassword(key, value, { service: key, accessible }) === false) throw new Error('The keychain has not stored the value.')
    },
    async remove (key) {
      await store.resetGenericPassword({ service: key })
    }
  }
}

/** What is used of `@aparajita/capacitor-secure-storage` 8. */
export interface CapacitorSecureStorage {
  getItem: (key: string) => Promise<string | null>
  setItem: (key: string, value: string) => Promise<void>
  removeItem: (key: string) => Promise<void>
}

/**
 * Capacitor's secure storage.
 *
 * @param store `import { SecureStorage } from '@aparajita/capacitor-secure-storage'`
 */
export function capacitorSecureStorage (store: CapacitorSecureStorage): SecureStorage {
  return {
    get: key => store.getItem(key),
    set: (key, value) => store.setItem(key, value),
    remove: key => store.removeItem(key)
  }
}
