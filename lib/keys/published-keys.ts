import { unavailable } from '../errors.ts'
import type { Keyring, Ring } from './keyring.ts'

export type PublishedKeys = ReturnType<typeof createPublishedKeys>

/** The keys that this node publishes. `hasRead` tells whether it has read everything that was known at a position. */
export function createPublishedKeys ({ keyring, hasRead }: {
  keyring: Pick<Keyring, 'current' | 'isOutdated'>
  hasRead: (position: string) => boolean
}) {
  return { current, asOf }

  /**
   * The ring as this node knows it, also while it is cut off.
   * @throws Refusal `unavailable` if this node cannot open all keys, because others would be missing
   */
  function current (): Ring {
    if (keyring.current.isPartial) throw unavailable(new Error('an unreadable key ring'))
    return keyring.current
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
