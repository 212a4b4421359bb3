import { useSyncExternalStore } from 'react'
import type { Session } from './session.ts'

/**
 * The session in a component of React 18 or newer, which renders again when the session changes.
 *
 * @param latchkey the client; one for the whole app
 */
export function useSession (latchkey: SessionSource): Session {
  const read = () => latchkey.session
  return useSyncExternalStore(latchkey.subscribe, read, read)
}

export interface SessionSource {
  readonly session: Session
  subscribe: (listener: () => void) => () => void
}
