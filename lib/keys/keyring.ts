import { createHash } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Encryption } from '../crypto/encryption.ts'
import { unavailable } from '../errors.ts'
import { ringSteps, signsFrom } from './rotation.ts'
import { makeKey, openPrivateKey, readPublicKey } from './material.ts'
import type { UnitOfWork } from '../changes/unit-of-work.ts'
import type { Transaction } from '../stores/database.ts'
import type { LockedRing, PublicJwk, SigningKeyStore, StoredKey } from './signing-key-store.ts'

/** A key as the JWKS shows it. */
export type PublishedKey = PublicJwk & { kid: string, alg: 'ES256', use: 'sig' }

/** What this node knows of the ring; replaced as a whole when it changes, never altered. */
export interface Ring {
  /** Null when this node's `ENCRYPTION_KEY` does not open the active key. */
  readonly signing: { readonly kid: string, readonly privateKey: KeyObject } | null
  /** Every published key, also those that do not sign yet or any more. */
  readonly verifying: ReadonlyMap<string, KeyObject>
  readonly jwks: { readonly keys: PublishedKey[] }
  /** A strong entity tag of `jwks`, quoted. */
  readonly etag: string
}

/** What became of a wish for another signing key; `at` in milliseconds since 1970. */
export interface Rotation {
  outcome: 'rotated' | 'scheduled'
  /** The key that signs from `at` on. */
  kid: string
  at: number
}

export interface KeyringOptions {
  store: SigningKeyStore
  /** Seals under the first `ENCRYPTION_KEY` and opens under all of them. */
  encryption: Encryption
  /** Opens under the first one only: tells what must be sealed anew. */
  newest: Pick<Encryption, 'decrypt'>
  clock: Clock
  signingKeyTtl: number
  /** Ends every session, in the transaction that is handed over. */
  endEverything: (unit: UnitOfWork) => Promise<void>
}

/** Writes what belongs to a change of the ring, in its transaction. */
export type Recorder = (tx: Transaction) => Promise<unknown>

export type Keyring = ReturnType<typeof createKeyring>

/** An unknown key makes a node read the ring, but not more often than this (ms). */
const readEvery = 1000
/** A ring that has changed and could not be read again is no longer believed (ms); read again after. */
const outdatedAfter = 3000
const retryAfter = 200

/**
 * The keys that sign access tokens (ES256): next → active → retired → gone. They live in Postgres,
 * private halves encrypted, and each node keeps a copy in memory, which `reload` replaces when the
 * change feed tells `keys_changed`. Every node may call `maintain` as often as it likes: a lock makes
 * sure that a turn is taken once.
 */
export function createKeyring ({ store, encryption, newest, clock, signingKeyTtl, endEverything }: KeyringOptions) {
  let keys: StoredKey[] | null = null
  let ring: Ring | null = null
  let problem: string | null = null
  let lookup: { promise: Promise<Ring>, at: number } | null = null
  let reads = 0
  let newestRead = 0
  let wanted = 0
  let outdatedSince: number | null = null
  let retry: NodeJS.Timeout | undefined
  let isStopped = false

  return {
    reload,
    stop,
    lookUp,
    maintain,
    rotate,
    replace,
    /**
     * The ring as of the last read. Throws `unavailable` before the first one, and when the ring is
     * known to have changed for longer than anybody may go on with a key that has been removed.
     */
    get current (): Ring {
      if (!ring) throw unavailable(new Error('the ring of signing keys has not been read yet'))
      if (outdatedSince !== null && clock.monotonic() - outdatedSince >= outdatedAfter) {
        throw unavailable(new Error('the ring of signing keys has changed and cannot be read'))
      }
      return ring
    },
    /** Why this node cannot sign or will soon not be able to; null when all is well. */
    get problem () { return problem }
  }

  /**
   * Reads the ring, which has changed. Throws `unavailable` when Postgres does not answer, and then
   * goes on trying by itself.
   */
  async function reload (): Promise<Ring> {
    wanted = reads + 1
    outdatedSince ??= clock.monotonic()
    clearTimeout(retry)

    try {
      return await read()
    } catch (error) {
      if (!isStopped) retry = setTimeout(() => { reload().catch(() => {}) }, retryAfter).unref()
      throw error
    }
  }

  function stop () {
    isStopped = true
    clearTimeout(retry)
  }

  async function read (): Promise<Ring> {
    const number = ++reads
    const stored = await store.all()
    // An answer that is overtaken by that of a later read is older than what is known.
    if (ring && number < newestRead) return ring
    newestRead = number
    if (number >= wanted) outdatedSince = null

    const opened = stored.map(key => ({ key, privateKey: key.status === 'retired' ? null : tryToOpen(key, encryption) }))
    const shut = opened.filter(({ key, privateKey }) => key.status !== 'retired' && !privateKey)

    keys = stored
    problem = shut.length ? unreadable(shut.map(({ key }) => key.id)) : null
    const fresh = describe(stored, opened.find(({ key }) => key.status === 'active'))
    // What others have derived from the ring holds as long as it is the same object.
    if (!ring || !isSame(ring, fresh)) ring = fresh
    return ring
  }

  /**
   * The ring for a token whose key this node does not know: read again, but at most once a second
   * however many ask; who asks within that second shares the outcome, also when it is an error.
   */
  function lookUp (): Promise<Ring> {
    const at = clock.monotonic()
    if (!lookup || at - lookup.at >= readEvery) lookup = { promise: read(), at }
    return lookup.promise
  }

  /**
   * Makes, activates, retires and drops keys when it is time, and seals them under the newest
   * encryption key. Cheap when nothing is due: no store is asked. A node that cannot open the ring
   * leaves it alone, or the others could not open what it makes.
   */
  async function maintain () {
    const current = keys ?? await load()
    if (problem) return

    await reseal(current)
    if (ringSteps(current, clock.now(), signingKeyTtl).length === 0) return
    await store.change(clock.offset, takeSteps)
    await reload()
  }

  /**
   * Lets the next key sign as soon as every verifier can know it: now, or (`scheduled`) when it has
   * been published for long enough, which any node then does by itself. Asking twice changes nothing.
   * Throws when this node cannot open the ring. `record` writes about it in the same transaction.
   */
  async function rotate (record: Recorder = async () => {}): Promise<Rotation> {
    await read()
    if (problem) throw new Error(problem)

    const rotation = await store.change(clock.offset, async locked => {
      const { now } = locked
      const active = locked.keys.find(({ status }) => status === 'active')
      const next = locked.keys.find(({ status }) => status === 'next')
      if (!active || !next) throw new Error('The ring of signing keys is not complete; try again.')

      const at = Math.max(now, signsFrom(next))
      const retiring = { ...active, retiredAt: Math.min(active.retiredAt ?? at, at) }
      await locked.save(retiring)
      await takeSteps({ ...locked, keys: locked.keys.map(key => key === active ? retiring : key) })
      await record(locked.unit.tx)
      return { outcome: at > now ? 'scheduled' : 'rotated', kid: next.id, at } as const
    })
    await reload()
    return rotation
  }

  /**
   * After a compromise: every key goes at once, also the next one, which lay beside the others; new
   * ones take their places and every session ends, in one transaction. Works with keys that cannot
   * be opened, too. `record` writes about it in the same transaction. Answers the id of the key that
   * signs now.
   */
  async function replace (record: Recorder = async () => {}): Promise<string> {
    const kid = await store.change(clock.offset, async locked => {
      for (const { id } of locked.keys) await locked.remove(id)
      const [kid] = await takeSteps({ ...locked, keys: [] })
      if (kid === undefined) throw new Error('no key was made')
      await record(locked.unit.tx)
      await endEverything(locked.unit)
      return kid
    })
    await reload()
    return kid
  }

  async function load () {
    await read()
    return keys ?? []
  }

  // The active key is retired before the next one takes its place: there may be one of each only.
  async function takeSteps ({ keys, now, save, remove }: LockedRing) {
    const made: string[] = []

    for (const step of ringSteps(keys, now, signingKeyTtl)) {
      if (step.do === 'remove') {
        await remove(step.key.id)
      } else {
        const key = step.do === 'save' ? step.key : await makeKey(step.turn, encryption)
        if (step.do === 'make') made.push(key.id)
        await save(key)
      }
    }
    return made
  }

  // While ENCRYPTION_KEY is being changed, keys move to the newest one, so that the old one can go.
  async function reseal (current: StoredKey[]) {
    for (const key of current) {
      if (tryToOpen(key, newest)) continue

      const privateKey = tryToOpen(key, encryption)
      if (!privateKey) continue
      const box = encryption.encrypt(privateKey.export({ format: 'der', type: 'pkcs8' }), key.id)
      await store.reseal(key.id, key.privateKey, box)
      key.privateKey = box
    }
  }
}

function tryToOpen (key: StoredKey, encryption: Pick<Encryption, 'decrypt'>) {
  try {
    return openPrivateKey(key, encryption)
  } catch {
    return null
  }
}

function describe (keys: StoredKey[], active: { key: StoredKey, privateKey: KeyObject | null } | undefined): Ring {
  const jwks = { keys: keys.map(({ id, publicKey: { kty, crv, x, y } }): PublishedKey => ({ kty, crv, x, y, kid: id, alg: 'ES256', use: 'sig' })) }

  return {
    signing: active?.privateKey ? { kid: active.key.id, privateKey: active.privateKey } : null,
    verifying: new Map(keys.map(key => [key.id, readPublicKey(key)])),
    jwks,
    etag: `"${createHash('sha256').update(JSON.stringify(jwks)).digest('base64url')}"`
  }
}

function isSame (one: Ring, other: Ring) {
  return one.etag === other.etag && one.signing?.kid === other.signing?.kid
}

function unreadable (kids: string[]) {
  return `ENCRYPTION_KEY does not open the signing keys ${kids.join(', ')}: this node cannot sign. ` +
    'List the key that sealed them too, or, if it is lost, run `rotate-keys --compromised`.'
}
