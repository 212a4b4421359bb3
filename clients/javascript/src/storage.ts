import type { Host, PageStorage } from './host.ts'

/** Where a value is kept on the device, each under one key. A write replaces the whole value or nothing. */
export interface SecureStorage {
  get: (key: string) => Promise<string | null>
  set: (key: string, value: string) => Promise<void>
  remove: (key: string) => Promise<void>
}

/** Keeps values until the program ends: for tests, for services, and where nothing else is there. */
export function memory (): SecureStorage {
  const values = new Map<string, string>()
  return {
    get: async key => values.get(key) ?? null,
    set: async (key, value) => { values.set(key, value) },
    remove: async key => { values.delete(key) }
  }
}

/**
 * The browser's localStorage, for what is no secret: the user and the session, but no token. Where the browser refuses
 * it, values are kept until the page is left.
 */
export function pageStorage (host: Host): SecureStorage {
  const instead = memory()
  return {
    get: async key => await attempt(storage => storage.getItem(key)) ?? await instead.get(key),
    set: async (key, value) => {
      await instead.set(key, value)
      await attempt(storage => storage.setItem(key, value))
    },
    remove: async key => {
      await instead.remove(key)
      await attempt(storage => storage.removeItem(key))
    }
  }

  async function attempt<T> (use: (storage: PageStorage) => T): Promise<T | undefined> {
    try {
      return host.localStorage && use(host.localStorage)
    } catch {}
  }
}
