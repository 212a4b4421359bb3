/** What this package uses of React, so that it compiles without React's types. */
declare module 'react' {
  export function useSyncExternalStore<Snapshot> (
    subscribe: (listener: () => void) => () => void,
    read: () => Snapshot,
    readOnServer?: () => Snapshot
  ): Snapshot
}
