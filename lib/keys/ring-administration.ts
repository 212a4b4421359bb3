import type { UnitOfWork } from '../changes/unit-of-work.ts'
import type { Clock } from '../clock.ts'
import type { Encryption } from '../crypto/encryption.ts'
import type { Transaction } from '../stores/database.ts'
import { encryptPrivateKey, makeKey, tryToDecrypt } from './material.ts'
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
  clock: Pick<Clock, 'now' | 'offset'>
  /** How long a key signs (ms). */
  signingKeyTtl: number
  /** Ends every session, in the unit of work that is handed over. */
  endEverything: (unit: UnitOfWork) => Promise<void>
}

/** Writes the event of a change of the ring, in its transaction. */
export type Recorder = (tx: Transaction) => Promise<unknown>

/** Changes the ring in Postgres. A lock makes sure that each step is taken once, however many nodes try. */
export function createRingAdministration ({
  store, copy, encryption, newest, clock, signingKeyTtl, endEverything
}: RingAdministrationOptions) {
  return { maintain, rotate, replace }

  /**
   * Makes, activates, retires and removes keys when it is time, and encrypts them under the newest encryption key. If
   * nothing is due, it asks no store. A node that cannot decrypt the ring leaves it alone, because the other nodes
   * could not decrypt the keys that it would make.
   */
  async function maintain () {
    const { keys, problem } = copy.held ?? await copy.read()
    if (problem) return

    await encryptAnew(keys)
    if (ringSteps(keys, clock.now(), signingKeyTtl).length === 0) return
    await store.change(clock.offset, takeSteps)
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
    const kid = await store.change(clock.offset, async locked => {
      for (const { id } of locked.keys) await locked.remove(id)
      const [kid] = await takeSteps({ ...locked, keys: [] })
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
  async function takeSteps ({ keys, now, save, remove }: LockedRing): Promise<string[]> {
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

  // While ENCRYPTION_KEY is being changed, signing keys are encrypted under the newest one, so that the old one can be
  // removed.
  async function encryptAnew (keys: StoredKey[]) {
    for (const key of keys) {
      if (tryToDecrypt(key, newest)) continue

      const privateKey = tryToDecrypt(key, encryption)
      if (!privateKey) continue
      const box = encryptPrivateKey(key.id, privateKey, encryption)
      await store.replaceCiphertext(key.id, key.privateKey, box)
      key.privateKey = box
    }
  }
}
