import type { Host, PageStorage } from './host.ts'

/** Where a value is kept on the device, each under one key. A write replaces the whole value or nothing. */
export interface SecureStorage {
  get: (key: string) => Promise<string | null>
  set: (key: string, value: string) => Promise<void>
  remove: (key: string) => Promise<void>
}

/** The part of a storage that the client uses for its one value. */
export type KeptStorage = Pick<SecureStorage, 'get' | 'set'>

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
export function pageStorage (host: Host): KeptStorage {
  let unwritten: string | null = null
  return {
    get: async key => unwritten ?? attempt(storage => storage.getItem(key)) ?? null,
    set: async (key, value) => {
      // The browser holds an older value when it refuses this one, because it is full for example.
      unwritten = attempt(storage => storage.setItem(key, value) ?? true) ? null : value
    }
  }

  function attempt<T> (use: (storage: PageStorage) => T): T | undefined {
    try {
      return host.localStorage && use(host.localStorage)
    } catch {}
  }
}
