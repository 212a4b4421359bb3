import { createHmac, randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { Refusal } from '../errors.ts'
import type { Database, Transaction } from '../stores/database.ts'
import type { BucketState, BucketStore } from './bucket-store.ts'

/** A bucket: the failures of everybody who belongs to it count together. */
export interface Bucket {
  kind: 'strangers' | 'device' | 'session'
  /** An HMAC, so that no key in Redis names a person. */
  key: string
}

/**
 * The outcome of a guess. `wrong`: `shutForMs` is how long the bucket is shut because of it, null if it stays open.
 * `refused`: the password was not checked; `retryAfter` is in seconds, and `refused` is how many tries were refused
 * since the last record of such tries, 0 if none is due.
 */
export type Guess =
  | { outcome: 'right' }
  | { outcome: 'wrong', shutForMs: number | null }
  | { outcome: 'refused', retryAfter: number, refused: number }

/** Where guesses at a second factor come from. */
export type CodeHolder = 'strangers' | { deviceId: string, knownSince: Date } | { sessionId: string }

export type Lockout = ReturnType<typeof createLockout>

/** The pauses (ms) between the attempts to get a try while other tries are under way, each ± a quarter at random. */
const pausesMs = [0, 20, 40, 80, 160, 320, 640, 1280]

/** The most requests of one node that wait for a try. */
const waitingMax = 500

/**
 * Lockout by buckets, after OWASP's device cookies. All strangers share one bucket for each account; every device that
 * the account knows and every session has its own bucket, so nobody can shut another's. A try is reserved before the
 * password is checked: however many come at once, a bucket allows no more of them than its threshold.
 * @param options `shutMs` is how long a bucket is shut the first time; the first of `keys` makes the names of buckets
 */
export function createLockout ({ buckets, keys: [key = Buffer.alloc(0)], shutMs }: {
  buckets: BucketStore
  keys: Buffer[]
  shutMs: number
}) {
  let waiting = 0

  return { strangersOf, deviceOf, sessionOf, secondFactorOf, guard, unlock, look, recordWithNotice }

  /** The bucket of all devices that an account does not know. An address without an account has one, too. */
  function strangersOf (canonical: string): Bucket {
    return { kind: 'strangers', key: name('strangers', canonical) }
  }

  /** The bucket of a device that an account has known since `knownSince`. */
  function deviceOf (userId: string, { deviceId, knownSince }: {
    deviceId: string
    knownSince: Date
  }): Bucket {
    return { kind: 'device', key: name('device', userId, deviceId, knownSince.getTime()) }
  }

  /** The bucket of a session whose user has to enter the password again. */
  function sessionOf (sessionId: string): Bucket {
    return { kind: 'session', key: name('session', sessionId) }
  }

  /**
   * The bucket of guesses at a second factor of an account, apart from those at its password: of the strangers, of a
   * device that has passed a second factor there, or of a session. Each method has buckets of its own.
   */
  function secondFactorOf (method: 'totp' | 'recovery_code', userId: string, holder: CodeHolder): Bucket {
    if (holder === 'strangers') return { kind: 'strangers', key: name(method, 'strangers', userId) }
    if ('sessionId' in holder) return { kind: 'session', key: name(method, 'session', holder.sessionId) }
    const { deviceId, knownSince } = holder
    return { kind: 'device', key: name(method, 'device', userId, deviceId, knownSince.getTime()) }
  }

  /**
   * Runs `check` on a password or code if the bucket is open, and counts the result. A check that throws is not
   * counted.
   * @throws Refusal `unavailable` without Redis: a try that cannot be counted is not checked, and a result that cannot
   * be counted is not returned; `overloaded` when other tries fill the bucket for too long
   * @throws the error of `check`
   */
  async function guard ({ key: bucket }: Bucket, check: () => Promise<boolean>): Promise<Guess> {
    const id = randomBytes(6).toString('base64url')
    const verdict = await reserve(bucket, id)
    if (verdict.outcome === 'shut') {
      return { outcome: 'refused', retryAfter: coarseSeconds(verdict.milliseconds), refused: verdict.refused }
    }

    const isRight = await check().catch(error => drop(bucket, id, error))
    const shutForMs = await buckets.settle(bucket, id, isRight ? 'right' : 'wrong')
    return isRight ? { outcome: 'right' } : { outcome: 'wrong', shutForMs }
  }

  /** Opens buckets and forgets their failures. */
  async function unlock (shut: Bucket[]) {
    await Promise.all(shut.map(bucket => buckets.unlock(bucket.key)))
  }

  /**
   * How a bucket stands. Looking counts as no try and changes nothing.
   * @throws Refusal `unavailable`
   */
  async function look ({ key: bucket }: Bucket): Promise<BucketState> {
    return await buckets.read(bucket)
  }

  /**
   * Runs the work in a transaction; it sends the owner of an address, with or without an account, the notice if one is
   * due. Then the interval until the next one has begun. If the work fails, the next one may send it.
   * @throws Refusal `unavailable`
   * @throws the error of `work`
   */
  async function recordWithNotice (
    database: Pick<Database, 'begin'>,
    { canonical, about }: { canonical: string, about: 'passwords' | 'codes' },
    work: (tx: Transaction, isNoticeDue: boolean) => Promise<void>
  ) {
    const notice = noticeOf(canonical, about)
    const isNoticeDue = await buckets.takeNotice(notice)
    let isDone = false
    try {
      await database.begin(async tx => { await work(tx, isNoticeDue); isDone = true })
    } catch (error) {
      // If the commit has failed, the notice may be on its way all the same, and there must not be a second one.
      if (isNoticeDue && !isDone) await buckets.returnNotice(notice).catch(() => {})
      throw error
    }
  }

  // Notices about passwords keep the name that they have had since before there were codes.
  function noticeOf (canonical: string, about: 'passwords' | 'codes') {
    return name('notice', ...about === 'passwords' ? [] : [about], canonical)
  }

  // While other tries fill the bucket, a request waits for their outcomes instead of being refused for failures that
  // they may not be: ten right passwords at once all succeed.
  async function reserve (bucket: string, id: string) {
    for (const milliseconds of pausesMs) {
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
    // If this fails too, the try stops counting by itself after a while.
    await buckets.settle(bucket, id, 'dropped').catch(() => {})
    throw error
  }

  /** Rounds up to a sixth of the first shut, in seconds, so that it does not reveal when the last failure was. */
  function coarseSeconds (milliseconds: number) {
    const unitMs = Math.max(1000, shutMs / 6)
    return Math.ceil(milliseconds / unitMs) * unitMs / 1000
  }

  function name (...parts: (string | number)[]) {
    return createHmac('sha256', key).update(JSON.stringify(parts)).digest().subarray(0, 16).toString('base64url')
  }
}
