/** What the client uses of a browser. All of it may be missing: in React Native, in Node, over plain http. */
export interface Host {
  BroadcastChannel?: new (name: string) => Channel
  navigator?: { locks?: Locks }
  localStorage?: PageStorage
  document?: Listens & { visibilityState: string }
  addEventListener?: Listens['addEventListener']
  removeEventListener?: Listens['removeEventListener']
}

/** The Web Storage API. */
export interface PageStorage {
  getItem: (key: string) => string | null
  setItem: (key: string, value: string) => void
  removeItem: (key: string) => void
}

export interface Channel {
  onmessage: unknown
  postMessage: (message: unknown) => void
  close: () => void
}

/** The Web Locks API. */
export interface Locks {
  request: (name: string, options: { signal: AbortSignal }, work: () => Promise<void>) => Promise<unknown>
}

interface Listens {
  addEventListener: (event: string, listener: () => void) => void
  removeEventListener: (event: string, listener: () => void) => void
}

/** The browser that the code runs in. A server has none: there, instances of several users must not hear each other. */
export function thisHost (): Host {
  return 'document' in globalThis ? globalThis : {}
}
