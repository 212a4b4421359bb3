import { Refusal } from '../errors.ts'
import type { EndReason } from '../errors.ts'
import type { Clock } from '../clock.ts'
import type { Change } from './change-store.ts'

/** What an access token says that can be over before it expires. */
export interface TokenState {
  sid: string
  sub: string
  /** The global and the user's epoch under which the session lives. */
  epoch: readonly [number, number]
}

/** `place` counts the raises as they came in: the feed tells them in the order of their causes. */
interface Raise { number: number, exceptId: string | null, reason: EndReason, place: number }
interface Entry<T> { value: T, until: number }

/** So many raises of one epoch are told apart. */
const remembered = 32

export type Revocations = ReturnType<typeof createRevocations>

/**
 * What has ended within one access token's lifetime, in this node's memory: a signed-in request asks
 * here and no store. An entry stays for `keep` milliseconds after it was applied, by the monotonic
 * clock; whatever it could refuse has expired by then.
 */
export function createRevocations (clock: Pick<Clock, 'monotonic'>, { keep }: { keep: number }) {
  const sessions = new Map<string, Entry<EndReason>>()
  const users = new Map<string, Entry<Raise[]>>()
  const versions = new Map<string, Entry<number>>()
  let everyone: Raise[] = []
  let place = 0

  return {
    apply,
    check,
    forget,
    /** The newest version of a user or vendor that the feed has told, 0 if it told none. */
    version: (subjectId: string) => versions.get(subjectId)?.value ?? 0,
    get size () { return sessions.size + users.size + versions.size }
  }

  /** Takes in a change. Taking one in again changes nothing. */
  function apply ({ kind, subjectId, exceptId, number, reason }: Change) {
    const until = clock.monotonic() + keep

    if (kind === 'session_ended' && subjectId && reason && !sessions.has(subjectId)) {
      sessions.set(subjectId, { value: reason, until })
    } else if (kind === 'user_epoch' && subjectId && number && reason) {
      const raises = users.get(subjectId)?.value ?? []
      users.delete(subjectId)
      users.set(subjectId, { value: insert(raises, { number, exceptId, reason, place: place++ }), until })
    } else if (kind === 'everyone' && number && reason) {
      everyone = insert(everyone, { number, exceptId: null, reason, place: place++ })
    } else if ((kind === 'user_changed' || kind === 'vendor_changed') && subjectId && number && number > (versions.get(subjectId)?.value ?? 0)) {
      versions.delete(subjectId)
      versions.set(subjectId, { value: number, until })
    }
  }

  /**
   * Throws `session_ended` with the first cause when the token's session is over, and `invalid_token`
   * (refresh) when the session has outlived a raise that this token has not.
   */
  function check ({ sid, sub, epoch: [globalEpoch, userEpoch] }: TokenState) {
    const raised = everyone.find(raise => raise.number > globalEpoch)
    const left = users.get(sub)?.value.filter(raise => raise.number > userEpoch)
    const fatal = left?.find(raise => raise.exceptId !== sid)
    const first = fatal && raised && raised.place < fatal.place ? raised : fatal ?? raised
    const reason = sessions.get(sid)?.value ?? first?.reason

    if (reason) throw new Refusal('session_ended', { reason })
    if (left?.length) throw new Refusal('invalid_token')
  }

  /** Drops what nothing can need any more. Maps keep their order of insertion, so it stops early. */
  function forget () {
    const now = clock.monotonic()
    for (const map of [sessions, users, versions]) {
      for (const [key, { until }] of map) {
        if (until > now) break
        map.delete(key)
      }
    }
  }
}

// A few are enough: whoever an older raise has ended, a later one has left behind as well, and only the
// reason that is told may then be the later one's.
function insert (raises: Raise[], raise: Raise): Raise[] {
  if (raises.some(({ number }) => number === raise.number)) return raises
  return [...raises, raise].sort((a, b) => a.number - b.number).slice(-remembered)
}
