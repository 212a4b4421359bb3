import type { Clock } from '../clock.ts'
import type { Rate } from '../config/config.ts'
import { unavailable } from '../errors.ts'
import type { Count } from '../http/rate-limit-status.ts'
import type { RedisScripts } from '../stores/redis-scripts.ts'
import { readTexts, readWord } from '../stores/script-answer.ts'
import { flatten, readCounts } from '../throttling/rate-limit-store.ts'

/** The newest token of a session after a step: its generation and when it was issued (ms). */
export interface Newest { generation: number, issuedAt: number }

/**
 * What an atomic step of a session's hot record came to; see `lua/rotate-session.lua`. `counts` tell of
 * the rates at which it may rotate, one each.
 */
export type Step =
  | { outcome: 'reused' }
  | { outcome: 'limited', counts: Count[] }
  | Newest & { outcome: 'rotated' | 'replayed', floor: number, note: '' | 'fast_forward' | 'forgiven' | 'forked', counts: Count[] }

export type HotSessions = ReturnType<typeof createHotSessions>

/**
 * The hot records of sessions in Redis: which generation of a refresh token is the newest and when
 * the last rotations were. No credential, and nothing that cannot be lost. Redis' own time counts. A step
 * that Redis takes only after its caller has been answered changes nothing: `unavailable` means that no
 * token has been used up.
 */
export function createHotSessions (scripts: RedisScripts, clock: Clock, { grace, rates = [] }: { grace: number, rates?: readonly Rate[] }) {
  const openSession = scripts.script('open-session')
  const rotateSession = scripts.script('sliding-log', 'rotate-session')
  const currentGeneration = scripts.script('current-generation')

  return { begin, present, advance, newest }

  /** Opens the record of a new session at generation 1, to be kept for `lifetime` ms. */
  async function begin (id: string, lifetime: number): Promise<Newest> {
    const issuedAt = await openSession([key(id)], [lifetime, clock.offset])
    return { generation: 1, issuedAt: Number(issuedAt) }
  }

  /** A refresh token is presented: rotates unless that was too often, replays or tells reuse, in one step. */
  async function present (id: string, presented: Newest, { floor, lifetime }: { floor: number, lifetime: number }): Promise<Step> {
    const keys = rates.length ? [key(id), `${key(id)}:rotations`] : [key(id)]
    return read(await rotateSession(keys, [presented.generation, presented.issuedAt, floor, grace, lifetime, clock.offset, scripts.latest(), ...flatten(rates)]))
  }

  /** Rotates without a token, uncounted: the session's owner has just proved the password. */
  async function advance (id: string, { floor, lifetime }: { floor: number, lifetime: number }): Promise<Newest> {
    const step = read(await rotateSession([key(id)], ['', '', floor, grace, lifetime, clock.offset, scripts.latest()]))
    if (step.outcome === 'reused' || step.outcome === 'limited') throw new Error('a rotation without a token is neither a replay nor limited')
    return step
  }

  /** The current generation, without a step; null when there is no record. */
  async function newest (id: string): Promise<number | null> {
    const generation = await currentGeneration([key(id)], [])
    return generation === null ? null : Number(generation)
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
      note: readWord(note, ['', 'fast_forward', 'forgiven', 'forked']),
      counts
    }
  }
}

// The braces keep whatever is ever stored beside a record in the same slot of a Redis Cluster.
function key (id: string) {
  return `session:{${id}}`
}
