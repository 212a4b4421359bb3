import { Refusal } from '../errors.ts'
import type { EndReason } from '../errors.ts'
import type { Clock } from '../clock.ts'
import { accessTokenTtlMaxMs } from '../config/lifetimes.ts'
import type { Change, VendorStatus } from './change.ts'

/** The claims of an access token that can become invalid before it expires. */
export interface TokenState {
  sid: string
  sub: string
  /** The global and the user's epoch under which the session lives. */
  epoch: readonly [number, number]
}

/** `position` counts the raises in the order in which they were applied, which is the order of their causes. */
interface Raise extends Change {
  number: number
  reason: EndReason
  position: number
}

/** The newest version of a user or vendor; the status of a vendor where the feed has told it. */
interface Version extends Pick<Change, 'kind' | 'vendorStatus'> { number: number }

/** `until` is a time of the monotonic clock (ms). */
interface Entry<T> { value: T, until: number }

/** The most raises of one epoch that are remembered. */
const raisesMax = 32
/** The most entries that are dropped in one go, which takes about a millisecond. */
const forgottenMax = 2000

/** The sessions that have ended, by their ids, and why. */
export type EndedSessions = Map<string, Entry<EndReason>>

export interface RevocationOptions { keepMs?: number | undefined }

export type Revocations = ReturnType<typeof createRevocations>

/**
 * Everything that has ended within the lifetime of one access token, in this node's memory, so that a signed-in request
 * asks no store. An entry is kept for `keepMs` milliseconds after it was applied, by the monotonic clock: by default
 * the longest allowed lifetime of an access token, and a minute. Every token that it could refuse has expired by then.
 * @param options.sessions the sessions that are known to have ended, where other revocations have them as well
 */
export function createRevocations (
  clock: Pick<Clock, 'monotonic'>,
  { keepMs = accessTokenTtlMaxMs + 60_000, sessions = new Map() }: RevocationOptions & { sessions?: EndedSessions } = {}
) {
  const users = new Map<string, Entry<Raise[]>>()
  const versions = new Map<string, Entry<Version>>()
  /** The raises by their position, in the order in which they were applied. */
  const raises = new Map<string, Entry<Raise>>()
  let everyone: Raise[] = []
  let position = 0

  return {
    apply,
    check,
    forget,
    list,
    version,
    vendorStatus,
    get size () { return sessions.size + users.size + versions.size }
  }

  /** The newest version of a user or vendor that the feed has reported, 0 if it has reported none. */
  function version (subjectId: string): number {
    return versions.get(subjectId)?.value.number ?? 0
  }

  /** The status of a vendor as of the newest change that the feed has reported; undefined if it has reported none. */
  function vendorStatus (vendorId: string): VendorStatus | undefined {
    return versions.get(vendorId)?.value.vendorStatus
  }

  /**
   * Changes that make an empty memory equal to this one, but for raises that could refuse only expired tokens. Raises
   * come in the order in which they were applied, because the first cause counts. It may be read piece by piece while
   * changes are applied: those may come in it as well, or not.
   */
  function * list (): Generator<Change> {
    for (const [subjectId, { value: reason }] of sessions) yield change({ kind: 'session_ended', subjectId, reason })
    for (const { value } of raises.values()) yield value
    for (const [subjectId, { value }] of versions) yield change({ subjectId, ...value })
  }

  /** Applies a change. Applying it again has no effect. */
  function apply ({ kind, subjectId, exceptId, number, reason, vendorStatus }: Change) {
    const until = clock.monotonic() + keepMs

    if (kind === 'session_ended' && subjectId && reason && !sessions.has(subjectId)) {
      sessions.set(subjectId, { value: reason, until })
    } else if (kind === 'user_epoch' && subjectId && number && reason) {
      const value = insert(users.get(subjectId)?.value, { kind, subjectId, number, exceptId, reason }, until)
      setLast(users, subjectId, { value, until })
    } else if (kind === 'everyone' && number && reason) {
      everyone = insert(everyone, { kind, subjectId, number, exceptId, reason }, until)
    } else if (kind === 'user_changed' || kind === 'vendor_changed') {
      if (subjectId && number && number > version(subjectId)) {
        setLast(versions, subjectId, { value: { kind, number, ...(vendorStatus && { vendorStatus }) }, until })
      }
    }
  }

  /**
   * Returns if nothing in memory speaks against the token.
   * @throws Refusal `session_ended` with the first reason if the token's session is over; `invalid_token` (refresh) if
   * the session has survived a raise of the epoch after this token was signed
   */
  function check ({ sid, sub, epoch: [globalEpoch, userEpoch] }: TokenState) {
    const raised = everyone.find(raise => raise.number > globalEpoch)
    const newer = users.get(sub)?.value.filter(raise => raise.number > userEpoch)
    const fatal = newer?.find(raise => raise.exceptId !== sid)
    const first = fatal && raised && raised.position < fatal.position ? raised : fatal ?? raised
    const reason = sessions.get(sid)?.value ?? first?.reason

    if (reason) throw new Refusal('session_ended', { reason })
    if (newer?.length) throw new Refusal('invalid_token')
  }

  /**
   * Drops entries that are too old, up to a number: call it once a second. Maps keep the order of insertion, so it
   * stops at the first newer one.
   */
  function forget () {
    const now = clock.monotonic()
    let left = forgottenMax
    for (const map of [sessions, users, versions, raises]) {
      for (const [key, { until }] of map) {
        if (until > now || left === 0) break
        map.delete(key)
        left--
      }
    }
  }

  // Keeping the newest raises is enough: a token older than a forgotten raise is also older than every later one, so it
  // is still refused. Only the reported reason may then be that of a later raise.
  function insert (known: Raise[] = [], raised: Omit<Raise, 'position'>, until: number): Raise[] {
    if (known.some(({ number }) => number === raised.number)) return known
    const value = { ...raised, position: position++ }
    raises.set(`${value.position}`, { value, until })
    return [...known, value].sort((a, b) => a.number - b.number).slice(-raisesMax)
  }
}

function change (fields: Pick<Change, 'kind'> & Partial<Change>): Change {
  return { subjectId: null, exceptId: null, number: null, reason: null, ...fields }
}

/** Sets an entry as the newest of its map: a key that is set again has to be removed to lose its old position. */
function setLast<T> (entries: Map<string, Entry<T>>, key: string, entry: Entry<T>) {
  entries.delete(key)
  entries.set(key, entry)
}
