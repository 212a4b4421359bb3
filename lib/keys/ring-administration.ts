import type { UnitOfWork } from '../changes/unit-of-work.ts'
import type { Clock } from '../clock.ts'
import type { Encryption } from '../crypto/encryption.ts'
import type { Transaction } from '../stores/database.ts'
import type { KeyAuthenticity } from './authenticity.ts'
import { encryptPrivateKey, makeKey, tryToDecrypt } from './material.ts'
import { judgeRows } from './ring.ts'
import type { JudgedRows } from './ring.ts'
import { ringSteps, signsFrom } from './rotation.ts'
import type { RingCopy } from './ring-copy.ts'
import type { LockedRing, SigningKeyStore, StoredKey } from './signing-key-store.ts'

/** The outcome of a request for another signing key; `at` is in milliseconds since 1970. */
export interface Rotation {
  outcome: 'rotated' | 'scheduled'
  /** The key that signs from `at` on. */
  kid: string
  at: number
}

export interface RingAdministrationOptions {
  store: SigningKeyStore
  copy: Pick<RingCopy, 'held' | 'problem' | 'read' | 'reload'>
  /** Encrypts under the first `ENCRYPTION_KEY`, decrypts under all of them. */
  encryption: Encryption
  /** Decrypts under the first one only, which shows the keys that must be encrypted anew. */
  newest: Pick<Encryption, 'decrypt'>
  /** Signs under the first `ENCRYPTION_KEY`, verifies under all of them. */
  authenticity: KeyAuthenticity
  clock: Pick<Clock, 'now' | 'offset'>
  /** How long a key signs (ms). */
  signingKeyTtl: number
  /** Ends every session, in the unit of work that is handed over. */
  endEverything: (unit: UnitOfWork) => Promise<void>
  /** Called with an error about rows that were removed because no node has written them. */
  warn?: (error: unknown) => void
}

/** The ring under its lock, its rows judged. */
type JudgedRing = Omit<LockedRing, 'keys'> & JudgedRows

/** Writes the event of a change of the ring, in its transaction. */
export type Recorder = (tx: Transaction) => Promise<unknown>

/** Changes the ring in Postgres. A lock makes sure that each step is taken once, however many nodes try. */
export function createRingAdministration ({
  store, copy, encryption, newest, authenticity, clock, signingKeyTtl, endEverything, warn = () => {}
}: RingAdministrationOptions) {
  let isInheritanceOver = false

  return { maintain, rotate, replace }

  /**
   * Makes, activates, retires and removes keys when it is time, removes rows that no node has written, and encrypts and
   * authenticates keys under the newest encryption key. If nothing is due, it asks no store. A node that cannot decrypt
   * the ring leaves it alone, because the other nodes could not decrypt the keys that it would make.
   */
  async function maintain () {
    const { problem, ...rows } = copy.held ?? await copy.read()
    if (problem) return

    await protectAnew(rows.keys)
    if (outdated(rows, clock.now()).length + ringSteps(rows.keys, clock.now(), signingKeyTtl).length === 0) return
    await change(takeSteps)
    await copy.reload()
  }

  /**
   * Lets the next key sign as soon as every verifier can know it: now, or (`scheduled`) when it has been published for
   * long enough. In the second case any node activates it by itself. A second call changes nothing.
   * @param record writes the event in the same transaction
   * @throws Error if this node cannot decrypt the ring, or if the ring is not complete
   */
  async function rotate (record: Recorder = async () => {}): Promise<Rotation> {
    const { problem } = await copy.read()
    if (problem) throw new Error(problem)

    const rotation = await change(async locked => {
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
    await copy.reload()
    return rotation
  }

  /**
   * For use after a compromise. Removes every key at once, also the next one, which was stored with the others. In the
   * same transaction new keys are made and every session ends. Works with keys that cannot be decrypted, too.
   * @param record writes the event in the same transaction
   * @returns the id of the key that signs now
   */
  async function replace (record: Recorder = async () => {}): Promise<string> {
    const kid = await change(async locked => {
      const { keys, unlisted, forged } = locked
      for (const { id } of [...keys, ...unlisted, ...forged]) await locked.remove(id)
      const [kid] = await takeSteps({ ...locked, keys: [], unlisted: [], forged: [] })
      if (kid === undefined) throw new Error('no key was made')
      await record(locked.unit.tx)
      await endEverything(locked.unit)
      return kid
    })
    await copy.reload()
    return kid
  }

  // Returns the ids of the keys that were made, the active one first. The active key is retired before the next one
  // becomes active, because the table allows one of each.
  async function takeSteps ({ now, save, remove, ...rows }: JudgedRing): Promise<string[]> {
    const made: string[] = []

    for (const { id } of outdated(rows, now)) await remove(id)
    if (rows.forged.length > 0) warn(new Error(forgeryOf(rows.forged)))

    for (const step of ringSteps(rows.keys, now, signingKeyTtl)) {
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

  /** Runs the work on the judged rows of the ring, while no other node changes it. A key that is saved is signed. */
  async function change<T> (work: (ring: JudgedRing) => Promise<T>): Promise<T> {
    return await store.change(clock.offset, async locked => await work({
      ...locked,
      ...judgeRows(locked.keys, { encryption, authenticity }),
      save: async key => { await locked.save({ ...key, mac: authenticity.sign(key) }) }
    }))
  }

  // While ENCRYPTION_KEY is being changed, signing keys are encrypted and authenticated under the newest one, so that
  // the old one can be removed. In the same way rows from before MACs get theirs; afterwards no row counts without one.
  async function protectAnew (keys: StoredKey[]) {
    for (const key of keys) {
      const mac = authenticity.sign(key)
      const isEncrypted = tryToDecrypt(key, newest) !== null
      if (isEncrypted && key.mac?.equals(mac)) continue

      const decrypted = tryToDecrypt(key, encryption)
      if (!decrypted) continue
      const privateKey = isEncrypted ? key.privateKey : encryptPrivateKey(key.id, decrypted, encryption)
      await store.replaceSecrets(key, { privateKey, mac })
      Object.assign(key, { privateKey, mac })
    }
    if (!isInheritanceOver) await store.forgetInherited()
    isInheritanceOver = true
  }
}

/** The rows that have to go: those that no node has written, and those that no node can judge and that have expired. */
function outdated ({ unlisted, forged }: JudgedRows, now: number): StoredKey[] {
  const expired = unlisted.filter(({ status, expiresAt }) =>
    status === 'retired' && expiresAt !== null && expiresAt <= now)
  return [...forged, ...expired]
}

function forgeryOf (rows: StoredKey[]) {
  const ids = rows.map(({ id }) => id).join(', ')
  return `Rows of signing_keys that no node has written were removed: ${ids}. ` +
    'Somebody or something else writes to the database.'
}
