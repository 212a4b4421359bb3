import type { Clock } from '../clock.ts'
import type { Rate } from '../config/config.ts'
import { unavailable } from '../errors.ts'
import type { Count } from '../http/rate-limit-status.ts'
import type { RedisScripts } from '../stores/redis-scripts.ts'
import { readTexts, readWord } from '../stores/script-answer.ts'
import { flatten, readCounts } from '../throttling/rate-limit-store.ts'

/** The newest token of a session after a step: its generation and when it was issued (ms since 1970). */
export interface Newest { generation: number, issuedAt: number }

const notes = ['', 'fast_forward', 'forgiven', 'forked', 'resumed'] as const

/** A step that gives a token; `floor` and `note` as in `lua/rotate-session.lua`. */
interface TokenStep extends Newest {
  outcome: 'rotated' | 'replayed'
  floor: number
  note: typeof notes[number]
  counts: Count[]
}

/**
 * The outcome of an atomic step of a session's hot record; see `lua/rotate-session.lua`. `counts` has one entry for
 * each rate that limits the session's rotations.
 */
export type Step =
  | { outcome: 'reused' }
  | { outcome: 'limited', counts: Count[] }
  | TokenStep

/** `floor` is the lowest generation that is not a replay; the record is kept for `lifetimeMs` after the step. */
interface StepTerms { floor: number, lifetimeMs: number }

export type HotSessions = ReturnType<typeof createHotSessions>

/**
 * The hot records of sessions in Redis: which generation of a refresh token is the newest, and the times of the last
 * rotations. They hold no credential and may be lost. Times are those of Redis. If a step reaches Redis only after its
 * caller has been answered, it changes nothing: `unavailable` means that no token has been used up.
 * @param options `graceMs` is how long a superseded token is still answered with the newest one. `canResume` says
 * whether after it the token before an unconfirmed one goes on.
 */
export function createHotSessions (scripts: RedisScripts, clock: Clock, { graceMs, canResume, rates = [] }: {
  graceMs: number
  canResume: boolean
  rates?: readonly Rate[]
}) {
  const openSession = scripts.script('open-session')
  const rotateSession = scripts.script('sliding-log', 'rotate-session')
  const confirmGeneration = scripts.script('confirm-generation')
  const currentGeneration = scripts.script('current-generation')
  const forgetRecord = scripts.script('forget-record')

  return { assertInTime, begin, forget, present, advance, confirm, newest }

  /**
   * Every step has to be in time by the clock of Redis. Call it before something after which a step must not fail.
   * @throws Refusal `unavailable` while that clock is too far off
   */
  function assertInTime () {
    scripts.latest()
  }

  /** Writes the record of a new session at generation 1, to be kept for `lifetimeMs` milliseconds. */
  async function begin (id: string, lifetimeMs: number): Promise<Newest> {
    const issuedAt = await openSession([key(id)], [lifetimeMs, clock.offset])
    return { generation: 1, issuedAt: Number(issuedAt) }
  }

  /**
   * Removes the record of a session that has never begun.
   * @throws Refusal `unavailable`
   */
  async function forget (id: string) {
    await forgetRecord([key(id)], [])
  }

  /**
   * Judges a presented refresh token, in one step: rotates it unless a rate is used up, replays the newest token to a
   * retry, or detects reuse.
   * @throws Refusal `unavailable`
   */
  async function present (id: string, presented: Newest, terms: StepTerms): Promise<Step> {
    const keys = rates.length ? [key(id), `${key(id)}:rotations`] : [key(id)]
    return read(await rotateSession(keys, [
      presented.generation,
      presented.issuedAt,
      ...termsOf(terms),
      ...flatten(rates)
    ]))
  }

  /**
   * Rotates without a token and without counting it, for a session whose user has just been authenticated again.
   * @throws Refusal `unavailable`
   */
  async function advance (id: string, terms: StepTerms): Promise<TokenStep> {
    const step = read(await rotateSession([key(id)], ['', '', ...termsOf(terms)]))
    if (step.outcome === 'reused' || step.outcome === 'limited') {
      throw new Error('a rotation without a token is neither a replay nor limited')
    }
    return step
  }

  /**
   * Tells that the answer with a generation has reached its client, as an access token shows that was issued at
   * `issuedAt` (ms): no older token resumes the session any more. 'burnt' if one has done so already.
   * @throws Refusal `unavailable`
   */
  async function confirm (id: string, { generation, issuedAt }: Newest) {
    const answer = await confirmGeneration([key(id)], [generation, issuedAt])
    return readWord(String(answer), ['confirmed', 'unchanged', 'burnt'])
  }

  /** The current generation, without a step; null when there is no record. */
  async function newest (id: string): Promise<number | null> {
    const generation = await currentGeneration([key(id)], [])
    return generation === null ? null : Number(generation)
  }

  function termsOf ({ floor, lifetimeMs }: StepTerms) {
    return [floor, graceMs, lifetimeMs, clock.offset, scripts.latest(), canResume ? 1 : '']
  }

  function read (answer: unknown): Step {
    const [outcome, generation, issuedAt, floor, note, ...numbers] = readTexts(answer)
    if (outcome === 'late') throw unavailable(new Error('Redis has answered too late'))
    if (outcome === 'reused') return { outcome }

    const counts = numbers.length ? readCounts(rates, numbers) : []
    if (outcome === 'limited') return { outcome, counts }
    return {
      outcome: readWord(outcome, ['rotated', 'replayed']),
      generation: Number(generation),
      issuedAt: Number(issuedAt),
      floor: Number(floor),
      note: readWord(note, notes),
      counts
    }
  }
}

// The braces put all keys of a session into the same slot of a Redis Cluster.
function key (id: string) {
  return `session:{${id}}`
}
