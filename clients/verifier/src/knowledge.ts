import { createRevocations } from '../../../lib/changes/revocations.ts'
import type { Change } from '../../../lib/changes/change.ts'
import type { Clock } from './clock.ts'

/** The sign of life of a node: all ends until this moment were told. */
export interface Moment {
  /** By the monotonic clock of this process (ms). */
  at: number
  /** By the wall clock of the node (ms since 1970). */
  time: number
}

export type Knowledge = ReturnType<typeof createKnowledge>

/**
 * What has ended, and up to when that is known. The time of the node is derived from its signs of life, so a wrong wall
 * clock of this machine neither prolongs a token nor shortens it.
 */
export function createKnowledge ({ clock, staleAfter }: { clock: Clock, staleAfter: number }) {
  const empty = () => createRevocations(clock)
  let revocations = empty()
  /** What a node has told from the beginning, until it has told all. */
  let next: ReturnType<typeof empty> | null = null
  let known: Moment | null = null
  /** What the wall clock of this machine showed at that moment. */
  let knownOn = NaN

  return {
    begin,
    apply,
    vouch,
    isFresh,
    now,
    get revocations () { return revocations },
    get knownUntil () { return known?.at ?? -Infinity }
  }

  /** A node tells everything from the beginning. Until it has, what is known already goes on to count. */
  function begin (changes: Change[]) {
    next = empty()
    for (const change of changes) next.apply(change)
  }

  function apply (change: Change) {
    revocations.apply(change)
    next?.apply(change)
  }

  /** All changes until this moment were applied. */
  function vouch (moment: Moment) {
    if (next) revocations = next
    if (next || known === null || moment.at > known.at) {
      known = moment
      knownOn = clock.wall() - (clock.monotonic() - moment.at)
    }
    next = null
    revocations.forget()
  }

  // The clock that has moved further counts: the monotonic one stands still while the machine is suspended.
  function isFresh () {
    return known !== null && Math.max(clock.monotonic() - known.at, clock.wall() - knownOn) < staleAfter
  }

  /** The time of the node (ms since 1970); it runs ahead by what a request to the node takes, never behind. */
  function now (): number {
    return known === null ? NaN : known.time + clock.monotonic() - known.at
  }
}
