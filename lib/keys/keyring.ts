import { createRingAdministration } from './ring-administration.ts'
import type { RingAdministrationOptions } from './ring-administration.ts'
import { currentTurn } from './rotation.ts'
import { createRingCopy } from './ring-copy.ts'
import type { RingCopyOptions } from './ring-copy.ts'

export type { PublishedKey, Ring } from './ring.ts'

export type KeyringOptions = RingCopyOptions & Omit<RingAdministrationOptions, 'copy'>

export type Keyring = ReturnType<typeof createKeyring>

/**
 * The keys that sign access tokens (ES256): next → active → retired → removed. Postgres has them, their private halves
 * encrypted. Each node keeps a copy in memory, which follows the `keys_changed` of the change feed. Every node may call
 * `maintain` as often as it likes.
 */
export function createKeyring (options: KeyringOptions) {
  const copy = createRingCopy(options)
  const { maintain, rotate, replace } = createRingAdministration({ ...options, copy })
  const { reload, follow, stop, lookUp } = copy

  return {
    reload,
    follow,
    stop,
    lookUp,
    maintain,
    rotate,
    replace,
    get current () { return copy.current },
    get keys () { return copy.keys },
    get isOutdated () { return copy.isOutdated },
    get problem () { return copy.problem },
    /** The turn of the key that signs, as of the last read, see `currentTurn`; null if there is none. */
    get turn () { return currentTurn(copy.held?.keys ?? [], options.signingKeyTtl) }
  }
}
