import type { Clock } from '../clock.ts'
import type { Change } from './change.ts'
import { createRevocations } from './revocations.ts'
import type { EndedSessions, RevocationOptions, Revocations, TokenState } from './revocations.ts'

export type RenewableRevocations = ReturnType<typeof createRenewableRevocations>

/**
 * What a node knows to have ended, and can learn anew. A database that has failed over may have lost some raises and
 * versions, and counts on from lower numbers: a lost raise would refuse every token to come. A session that has ended
 * stays ended: that harms nobody else.
 */
export function createRenewableRevocations (clock: Pick<Clock, 'monotonic'>, { keepMs }: RevocationOptions = {}) {
  const sessions: EndedSessions = new Map()
  const empty = () => createRevocations(clock, { keepMs, sessions })
  let known = empty()
  /** What is learnt anew, until it takes the place of what is known; null while nothing is. */
  let anew: Revocations | null = null

  return {
    apply,
    startOver,
    settle,
    check: (token: TokenState) => known.check(token),
    forget: () => known.forget(),
    /** As of `Revocations`. After `settle` it has to be read anew. */
    list: () => known.list(),
    version: (subjectId: string) => known.version(subjectId),
    vendorStatus: (vendorId: string) => known.vendorStatus(vendorId),
    get size () { return known.size }
  }

  /** Applies a change. Applying it again has no effect. */
  function apply (change: Change) {
    known.apply(change)
    anew?.apply(change)
  }

  /**
   * Begins to learn all raises and versions anew. What is known goes on to count until `settle`, so that no token is
   * let through before the changes that the feed still has are applied.
   */
  function startOver () {
    anew = empty()
  }

  /** Forgets the raises and versions that were not applied since `startOver`. */
  function settle () {
    if (anew) known = anew
    anew = null
  }
}
