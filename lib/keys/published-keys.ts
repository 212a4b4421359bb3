import { unavailable } from '../errors.ts'
import type { Keyring, Ring } from './keyring.ts'
import { jwksMaxAgeSeconds } from './rotation.ts'

export type PublishedKeys = ReturnType<typeof createPublishedKeys>

/** The keys that this node publishes. `hasRead` tells whether it has read everything that was known at a position. */
export function createPublishedKeys ({ keyring, hasRead }: {
  keyring: Pick<Keyring, 'current' | 'isOutdated'>
  hasRead: (position: string) => boolean
}) {
  return {
    current,
    asOf,
    /** How long (s) a client may keep them. A new key waits longer before it signs. */
    maxAgeSeconds: jwksMaxAgeSeconds
  }

  /**
   * The ring as this node knows it, also while it is cut off.
   * @throws Refusal `unavailable` if this node cannot judge all keys, because some would be missing, or if it has none:
   * a service that cached an empty list would refuse every token
   */
  function current (): Ring {
    const ring = keyring.current
    if (ring.isPartial || ring.jwks.keys.length === 0) throw unavailable(new Error('an unreadable or empty key ring'))
    return ring
  }

  /**
   * The keys as of a change that was told, or newer.
   * @throws Refusal `unavailable` as `current`, and while this node may not know of that change
   */
  function asOf (position: string) {
    const { jwks } = current()
    const isKnown = hasRead(position) && !keyring.isOutdated
    if (!isKnown) throw unavailable(new Error('these keys may be older than the change'))
    return { ...jwks, as_of: position }
  }
}
