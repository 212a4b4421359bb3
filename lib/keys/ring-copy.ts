import type { Clock } from '../clock.ts'
import { createFollowed } from '../changes/followed.ts'
import { createSharedRead } from '../changes/shared-read.ts'
import { isSameRing, decryptRing } from './ring.ts'
import type { Ring, RingSecrets, RingSnapshot } from './ring.ts'
import type { KeyTurn } from './rotation.ts'
import type { SigningKeyStore } from './signing-key-store.ts'

export interface RingCopyOptions extends RingSecrets {
  store: Pick<SigningKeyStore, 'all'>
  clock: Pick<Clock, 'monotonic'>
  /** Called with the error if the ring could not be read after a change. */
  warn?: (error: unknown) => void
}

export type RingCopy = ReturnType<typeof createRingCopy>

/** A token with an unknown key makes a node read the ring, but at most once in this time (ms). */
const lookUpEveryMs = 1000

/**
 * The ring of signing keys in this node's memory. A removed key is valid for at most 3 s more; see `createFollowed`.
 */
export function createRingCopy ({ store, encryption, authenticity, clock, warn = () => {} }: RingCopyOptions) {
  const copy = createFollowed(readRing, { name: 'the signing keys', clock, warn })
  const lookUp = createSharedRead(async () => (await copy.read()).ring, { clock, everyMs: lookUpEveryMs })

  return {
    read: copy.read,
    reload: copy.reload,
    follow: copy.follow,
    stop: copy.stop,
    /** Reads the ring for a token with an unknown key. All calls within a second share the outcome, also an error. */
    lookUp: lookUp.read,
    /** The last read, however old; null before the first one. */
    get held () { return copy.held },
    /**
     * The ring as of the last read.
     * @throws Refusal `unavailable` before the first read, and when the ring has been known to be outdated for 3 s
     */
    get current (): Ring { return copy.current.ring },
    /** The keys of `current`, in the order of their publication. It throws as that does. */
    get keys (): readonly KeyTurn[] { return copy.current.keys },
    /** Whether a change of the ring is known that has not been read yet. */
    get isOutdated () { return copy.isOutdated },
    /** Why this node cannot sign, or will soon be unable to; null if it can. */
    get problem () { return copy.held?.problem ?? null }
  }

  async function readRing (): Promise<RingSnapshot> {
    const fresh = decryptRing(await store.all(), { encryption, authenticity })
    const known = copy.held?.ring
    // Others derive signers and verifiers from the ring, and keep them as long as it is the same object.
    return known && isSameRing(known, fresh.ring) ? { ...fresh, ring: known } : fresh
  }
}
