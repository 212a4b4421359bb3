import type { Clock } from '../clock.ts'
import type { RedisScripts } from '../stores/redis-scripts.ts'
import { readTexts } from '../stores/script-answer.ts'

/** How a try ended; `dropped` when nobody looked at the password. */
export type Ending = 'right' | 'wrong' | 'dropped'

/** Whether a bucket gives a try; milliseconds until it opens, and how many refused tries are to be noted now. */
export type Verdict = { outcome: 'open' | 'busy' } | { outcome: 'shut', milliseconds: number, refused: number }

export interface BucketSettings {
  /** Failures that shut a bucket. */
  threshold: number
  /** Milliseconds that it is shut at first, doubling up to `longest`, which is also how long it is remembered. */
  duration: number
  longest: number
  /** Milliseconds that a try whose outcome never comes takes up a place. */
  patience: number
  /** Milliseconds between two notes of refused tries of one bucket, and between two notices of one owner. */
  noteInterval: number
  noticeInterval: number
}

export type BucketStore = ReturnType<typeof createBucketStore>

/** The buckets of guesses in Redis: see `lua/step-bucket.lua`. Redis' own time counts. */
export function createBucketStore (scripts: RedisScripts, clock: Clock, { threshold, duration, longest, patience, noteInterval, noticeInterval }: BucketSettings) {
  const stepBucket = scripts.script('step-bucket')
  const takeTurn = scripts.script('take-turn')

  return { ask, settle, unlock, takeNotice }

  /** Asks for a try under an id of the caller's; whoever gets one settles it. */
  async function ask (bucket: string, id: string): Promise<Verdict> {
    const { word, milliseconds, refused } = await step(bucket, 'try', id)
    return word === 'shut' ? { outcome: word, milliseconds, refused } : { outcome: word === 'open' ? word : 'busy' }
  }

  /** Tells how a try ended. Returns for how many milliseconds that has shut the bucket, or null. */
  async function settle (bucket: string, id: string, ending: Ending): Promise<number | null> {
    const { word, milliseconds } = await step(bucket, ending, id)
    return word === 'shut' ? milliseconds : null
  }

  /** Forgets every failure of a bucket. */
  async function unlock (bucket: string) {
    await step(bucket, 'right', '')
  }

  /** Whether the owner behind this key may be sent a notice now; asking takes the turn. */
  async function takeNotice (owner: string): Promise<boolean> {
    return await takeTurn([`notice:{${owner}}`], [noticeInterval, clock.offset]) === 'taken'
  }

  async function step (bucket: string, name: 'try' | Ending, id: string) {
    const answer = await stepBucket([`lane:{${bucket}}`], [name, id, threshold, duration, longest, patience, noteInterval, clock.offset])
    const [word, milliseconds, refused] = readTexts(answer)
    return { word, milliseconds: Number(milliseconds), refused: Number(refused) }
  }
}
