/** What the client uses of a browser. All of it may be missing: in React Native, in Node, over plain http. */
export interface Host {
  BroadcastChannel?: new (name: string) => Channel
  navigator?: { locks?: Locks }
  localStorage?: PageStorage
  document?: { visibilityState: string }
  addEventListener?: (event: string, listener: () => void, options: { signal: AbortSignal }) => void
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
  request: (name: string, options: { signal: AbortSignal }, work: () => Promise<unknown>) => Promise<unknown>
}

/** The browser that the code runs in. A server has none: there, instances of several users must not hear each other. */
export const thisHost = (): Host => 'document' in globalThis ? globalThis : {}
