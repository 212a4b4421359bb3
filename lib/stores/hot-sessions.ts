import type { Clock } from '../clock.ts'
import type { Cache } from './cache.ts'

/** The newest token of a session after a step: its generation and when it was issued (ms). */
export interface Newest { generation: number, issuedAt: number }

/** What an atomic step of a session's hot record came to; see `lua/rotate-session.lua`. */
export type Step =
  | { outcome: 'reused' }
  | Newest & { outcome: 'rotated' | 'replayed', floor: number, note: '' | 'fast_forward' | 'forgiven' | 'forked' }

export type HotSessions = ReturnType<typeof createHotSessions>

/**
 * The hot records of sessions in Redis: which generation of a refresh token is the newest and when
 * the last rotations were. No credential, and nothing that cannot be lost. Redis' own time counts.
 */
export function createHotSessions (cache: Cache, clock: Clock, { grace }: { grace: number }) {
  const openSession = cache.script('open-session')
  const rotateSession = cache.script('rotate-session')
  const currentGeneration = cache.script('current-generation')

  return { open, present, advance, newest }

  /** Opens the record of a new session at generation 1, to be kept for `lifetime` ms. */
  async function open (id: string, lifetime: number): Promise<Newest> {
    const issuedAt = await openSession([key(id)], [lifetime, clock.offset])
    return { generation: 1, issuedAt: Number(issuedAt) }
  }

  /** A refresh token is presented: rotates, replays or tells reuse, in one step. */
  async function present (id: string, presented: Newest, { floor, lifetime }: { floor: number, lifetime: number }): Promise<Step> {
    return read(await rotateSession([key(id)], [presented.generation, presented.issuedAt, floor, grace, lifetime, clock.offset]))
  }

  /** Rotates without a token: the session's owner has just proved the password. */
  async function advance (id: string, { floor, lifetime }: { floor: number, lifetime: number }): Promise<Newest> {
    const step = read(await rotateSession([key(id)], ['', '', floor, grace, lifetime, clock.offset]))
    if (step.outcome === 'reused') throw new Error('a rotation without a token cannot be a replay')
    return step
  }

  /** The current generation, without a step; null when there is no record. */
  async function newest (id: string): Promise<number | null> {
    const generation = await currentGeneration([key(id)], [])
    return generation === null ? null : Number(generation)
  }
}

// The braces keep whatever is ever stored beside a record in the same slot of a Redis Cluster.
function key (id: string) {
  return `session:{${id}}`
}

function read (answer: unknown): Step {
  const [outcome, generation, issuedAt, floor, note] = answer as [string, string, string, string, string]
  if (outcome === 'reused') return { outcome }

  return {
    outcome: outcome as 'rotated' | 'replayed',
    generation: Number(generation),
    issuedAt: Number(issuedAt),
    floor: Number(floor),
    note: note as '' | 'fast_forward' | 'forgiven' | 'forked'
  }
}
