import type { Clock } from '../clock.ts'
import type { RedisScripts } from '../stores/redis-scripts.ts'
import { readTexts } from '../stores/script-answer.ts'

/** The outcome of a try; `dropped` when the password was not checked. */
export type TryOutcome = 'right' | 'wrong' | 'dropped'

/**
 * Whether a bucket allows a try. If it is shut: for how many milliseconds, and how many refused tries are to be
 * recorded now.
 */
export type Verdict = { outcome: 'open' | 'busy' } | { outcome: 'shut', milliseconds: number, refused: number }

/** How a bucket stands: `shutForMs` is null while it is open. */
export interface BucketState {
  /** The failures since it was last shut, or since the last success. */
  failures: number
  /** How often in a row it was shut. */
  shuts: number
  shutForMs: number | null
}

export interface BucketSettings {
  /** The number of failures that shuts a bucket. */
  threshold: number
  /** How long a bucket is shut the first time (ms). Each further time is twice as long, up to `shutMaxMs`. */
  shutMs: number
  /** The longest time that a bucket is shut (ms). After as long without failures its record is forgotten. */
  shutMaxMs: number
  /** How long a try without an outcome counts as under way (ms). */
  tryTimeoutMs: number
  /** The shortest time between two records of refused tries of one bucket (ms). */
  noteIntervalMs: number
  /** The shortest time between two notices to one owner (ms). */
  noticeIntervalMs: number
}

export type BucketStore = ReturnType<typeof createBucketStore>

/** The buckets of guesses in Redis: see `lua/step-bucket.lua`. Times are those of Redis. */
export function createBucketStore (scripts: RedisScripts, clock: Clock, {
  threshold, shutMs, shutMaxMs, tryTimeoutMs, noteIntervalMs, noticeIntervalMs
}: BucketSettings) {
  const stepBucket = scripts.script('bucket-record', 'step-bucket')
  const readBucket = scripts.script('bucket-record', 'read-bucket')
  const takeTurn = scripts.script('take-turn')
  const forgetRecord = scripts.script('forget-record')

  return { ask, settle, unlock, read, takeNotice, returnNotice }

  /** Asks for a try under an id that the caller has made. If the bucket is open, the caller must settle the try. */
  async function ask (bucket: string, id: string): Promise<Verdict> {
    const { word, milliseconds, refused } = await step(bucket, 'try', id)
    if (word === 'shut') return { outcome: word, milliseconds, refused }
    return { outcome: word === 'open' ? word : 'busy' }
  }

  /** Records the outcome of a try. Returns how many milliseconds the bucket is shut because of it, or null. */
  async function settle (bucket: string, id: string, tryOutcome: TryOutcome): Promise<number | null> {
    const { word, milliseconds } = await step(bucket, tryOutcome, id)
    return word === 'shut' ? milliseconds : null
  }

  /** Forgets every failure of a bucket. */
  async function unlock (bucket: string) {
    await step(bucket, 'right', '')
  }

  /** Tells how a bucket stands, in one step that counts and changes nothing. */
  async function read (bucket: string): Promise<BucketState> {
    const answer = await readBucket([recordOf(bucket)], [shutMaxMs, clock.offset])
    const [word, milliseconds, failures, shuts] = readTexts(answer)
    return {
      failures: Number(failures),
      shuts: Number(shuts),
      shutForMs: word === 'shut' ? Number(milliseconds) : null
    }
  }

  /** Whether the owner with this key may be sent a notice now. If so, the interval until the next one has begun. */
  async function takeNotice (owner: string): Promise<boolean> {
    return await takeTurn([noticeOf(owner)], [noticeIntervalMs, clock.offset]) === 'taken'
  }

  /** Ends the interval that `takeNotice` has begun: no notice was sent. */
  async function returnNotice (owner: string) {
    await forgetRecord([noticeOf(owner)], [])
  }

  async function step (bucket: string, name: 'try' | TryOutcome, id: string) {
    const answer = await stepBucket([recordOf(bucket)], [
      name, id, threshold, shutMs, shutMaxMs, tryTimeoutMs, noteIntervalMs, clock.offset
    ])
    const [word, milliseconds, refused] = readTexts(answer)
    return { word, milliseconds: Number(milliseconds), refused: Number(refused) }
  }
}

// The prefix is what buckets were called in earlier versions: with another one, an upgrade would open all of them.
function recordOf (bucket: string) {
  return `lane:{${bucket}}`
}

function noticeOf (owner: string) {
  return `notice:{${owner}}`
}
