import { createHmac, randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { Refusal } from '../errors.ts'
import type { BucketStore } from './bucket-store.ts'

/** Whose failures count together. */
export interface Bucket {
  kind: 'strangers' | 'device' | 'session'
  /** An HMAC: what lies in Redis names nobody. */
  key: string
}

/** What came of a guess: looked at and right or wrong, perhaps shutting the bucket (ms), or not looked at. */
export type Guess =
  | { outcome: 'right' }
  | { outcome: 'wrong', shutFor: number | null }
  | { outcome: 'refused', /** Seconds. */ retryAfter: number, /** Tries refused since the last note, if one is due. */ refused: number }

export type Lockout = ReturnType<typeof createLockout>

/** Milliseconds between the looks of somebody who waits for others' tries to end, less or more a quarter. */
const pauses = [0, 20, 40, 80, 160, 320, 640, 1280]

/** The most that wait on one node. */
const waitingMax = 500

/**
 * Lockout by buckets, after OWASP's device cookies: strangers share one bucket an account, every device
 * that the account knows and every session has its own, so nobody shuts another's. A try is reserved
 * before the password is looked at: however many come at once, a bucket evaluates no more than its
 * threshold. `duration` is that of the first shut, in milliseconds.
 */
export function createLockout ({ buckets, keys: [key = Buffer.alloc(0)], duration }: { buckets: BucketStore, keys: Buffer[], duration: number }) {
  let waiting = 0

  return { strangersOf, deviceOf, sessionOf, guard, unlock, takeNotice }

  /** The bucket of everybody whom an account does not know; an address has one whether or not it has an account. */
  function strangersOf (canonical: string): Bucket {
    return { kind: 'strangers', key: name('strangers', canonical) }
  }

  /** The bucket of a device since it has become known to the account. */
  function deviceOf (userId: string, { deviceId, knownSince }: { deviceId: string, knownSince: Date }): Bucket {
    return { kind: 'device', key: name('device', userId, deviceId, knownSince.getTime()) }
  }

  /** The bucket of a session in which the password is asked for again. */
  function sessionOf (sessionId: string): Bucket {
    return { kind: 'session', key: name('session', sessionId) }
  }

  /**
   * Lets `check` look at a password if the bucket is open and counts what it finds. A check that fails
   * to find out counts for nothing.
   * @throws Refusal `unavailable` without Redis: what cannot be counted is not looked at, and what was
   * found and could not be counted is not told; `overloaded` when others' tries take up the bucket for
   * too long; what `check` throws
   */
  async function guard ({ key: bucket }: Bucket, check: () => Promise<boolean>): Promise<Guess> {
    const id = randomBytes(6).toString('base64url')
    const verdict = await reserve(bucket, id)
    if (verdict.outcome === 'shut') return { outcome: 'refused', retryAfter: coarse(verdict.milliseconds), refused: verdict.refused }

    const isRight = await check().catch(error => drop(bucket, id, error))
    const shutFor = await buckets.settle(bucket, id, isRight ? 'right' : 'wrong')
    return isRight ? { outcome: 'right' } : { outcome: 'wrong', shutFor }
  }

  /** Opens buckets and forgets their failures. */
  async function unlock (shut: Bucket[]) {
    await Promise.all(shut.map(bucket => buckets.unlock(bucket.key)))
  }

  /** Whether it is time to tell the owner of an address, existing or not; asking takes the turn. */
  async function takeNotice (canonical: string): Promise<boolean> {
    return await buckets.takeNotice(name('notice', canonical))
  }

  // Whoever comes while all places are taken by tries under way is not refused for what those may
  // turn out to be: ten right passwords at once all get in.
  async function reserve (bucket: string, id: string) {
    for (const milliseconds of pauses) {
      if (milliseconds > 0) await wait(milliseconds)
      const verdict = await buckets.ask(bucket, id)
      if (verdict.outcome !== 'busy') return verdict
      if (waiting >= waitingMax) break
    }
    throw new Refusal('overloaded', { retryAfter: 1 })
  }

  async function wait (milliseconds: number) {
    waiting++
    await pause(milliseconds * (0.75 + Math.random() / 2))
    waiting--
  }

  async function drop (bucket: string, id: string, error: unknown): Promise<never> {
    // If this fails too, the place is free again when patience runs out.
    await buckets.settle(bucket, id, 'dropped').catch(() => {})
    throw error
  }

  /** Rounded up to a sixth of the shortest shut: it does not tell when the last failure was. */
  function coarse (milliseconds: number) {
    const unit = Math.max(1000, duration / 6)
    return Math.ceil(milliseconds / unit) * unit / 1000
  }

  function name (...parts: (string | number)[]) {
    return createHmac('sha256', key).update(JSON.stringify(parts)).digest().subarray(0, 16).toString('base64url')
  }
}
