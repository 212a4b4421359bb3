import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Change } from '../changes/change.ts'
import type { ChangeFeed, FeedRead } from '../changes/change-feed.ts'
import { partsOf } from '../changes/parts.ts'
import type { Clock } from '../clock.ts'
import { Refusal, unavailable } from '../errors.ts'
import { createChangeLog } from './change-log.ts'
import { itemsOf, renderChanges, renderChangesEvent, renderEvent, toldOf } from './messages.ts'
import { includes, positionOf, readPosition, renderPosition, renderPositionAfter } from './position.ts'
import { createStates } from './state.ts'
import type { State } from './state.ts'
import { createStreams } from './streams.ts'
import type { Connection, Stream, StreamLimits } from './streams.ts'

/** A credential of a service, as far as it matters here. */
export interface Follower { id: string, mayFollow: boolean }

export interface FollowerParts {
  clock: Pick<Clock, 'monotonic'>
  feed: Pick<ChangeFeed, 'isFresh'>
  /** Changes that make an empty memory equal to this node's. It is read piece by piece while others are applied. */
  list: () => Iterable<Change>
  /** Those of some credentials that exist and may follow. */
  mayFollow: (credentialIds: string[]) => Promise<string[]>
  warn: (error: unknown) => void
  limits?: Partial<StreamLimits>
}

export type Followers = ReturnType<typeof createFollowers>

const defaultLimits: StreamLimits = { streamsMax: 2000, streamsPerCredentialMax: 200, lagMaxMs: 30_000 }
/** Changes within this time (ms) after others are told together, so that a flood of them costs few writes. */
const batchMs = 200
/** Streams end when their credentials could not be confirmed for this long (ms). */
const confirmationAgeMaxMs = 10_000
/** How many changes the log keeps. */
const changesMax = 10_000
/** How often a state is rendered anew for one request, if more changes than the log keeps came meanwhile. */
const rendersMax = 5

/** What a follower has to be told to know everything: if there is a state, it comes first. `changes` are rendered. */
interface Missed { state: State | null, changes: Buffer[] }

/**
 * Services that verify access tokens themselves, and follow what has ended. A follower is told of everything once, then
 * of changes. Each second it is told how far this node has read, and only while this node may judge tokens itself: a
 * follower that hears nothing knows nothing. No follower causes a statement in Postgres, however often it comes back.
 */
export function createFollowers ({ clock, feed, list, mayFollow, warn, limits = {} }: FollowerParts) {
  const streams = createStreams(clock, { ...defaultLimits, ...limits })
  const log = createChangeLog({ changesMax })
  const states = createStates({ clock, list, log })
  let last: FeedRead | null = null
  /** The position, as text, that a node must have read to know the current keys. */
  let keysAsOf = ''
  /** Rendered changes that have been read and not been sent to the followers. */
  let waiting: Buffer[] = []
  let toldAt = -Infinity
  let timer: NodeJS.Timeout | undefined
  let confirmedAt = -Infinity
  let isConfirming = false
  let isEnded = false

  return { heard, follow, read, hasRead, tick, end, get size () { return streams.size } }

  /**
   * Takes a read of the feed, and tells the followers what it has found. Many changes are rendered in turns of the
   * event loop. Until all of them are, nothing here counts as read: so the next read may be taken only once the promise
   * has resolved. A read with more changes than the log keeps is told as everything.
   */
  async function heard (read: FeedRead) {
    const asOf = renderPositionAfter(positionOf(read.cursor))
    if (read.isRestart || read.changes.length > changesMax) {
      last = read
      keysAsOf = asOf
      log.restart(read.cursor)
      states.restart()
      waiting = []
      tellAnew(streams.holdBack())
      return
    }
    const changes = toldOf(read.changes)
    const rendered: Buffer[] = []
    for (const part of partsOf(changes)) {
      if (rendered.length > 0) await nextTurn()
      rendered.push(renderChanges(part, asOf))
    }
    last = read
    if (changes.some(({ kind }) => kind === 'keys_changed')) keysAsOf = asOf
    if (changes.length === 0) return
    log.add(read.cursor, changes.length, rendered)
    waiting.push(...rendered)
    tellSoon()
  }

  /**
   * A stream of events for a service: `opened` with the time by this node's monotonic clock (ms); then `state`, or
   * `changes` if `cursor` can be continued; then `alive`, and so on.
   * @throws Refusal `forbidden` for a service that may not follow; `unavailable` while this node may not judge tokens;
   * `rate_limited`, `overloaded`
   */
  async function follow ({ id, mayFollow }: Follower, cursor: string | undefined, connection: Connection) {
    if (!mayFollow) throw new Refusal('forbidden')
    if (isEnded) throw unavailable(new Error('the node is stopping'))
    freshRead()
    const stream = streams.open(id, connection)
    if (streams.size === 1) confirmedAt = clock.monotonic()
    // Before any wait: a follower takes what passes between its request and this time for the age of what it hears.
    const opened = renderEvent('opened', JSON.stringify({ clock: Math.ceil(clock.monotonic()) }))
    try {
      await catchUp(cursor, ({ state, changes }) => {
        const read = freshRead()
        streams.join(stream, [opened, ...state?.message ?? [], changesMessage(changes, read), alive(read)])
      })
    } catch (error) {
      stream.leave()
      throw error
    }
    return stream.readable
  }

  /**
   * The answer to one question, as JSON: `event` is `changes` if `cursor` can be continued, else `state`. It is a
   * stream if it is long.
   * @throws Refusal `forbidden`, `unavailable` as `follow`
   */
  async function read ({ mayFollow }: Follower, cursor: string | undefined): Promise<string | Readable> {
    if (!mayFollow) throw new Refusal('forbidden')
    freshRead()
    return await catchUp(cursor, ({ state, changes }) => {
      const read = freshRead()
      const head =
        `{"event":"${state ? 'state' : 'changes'}","cursor":"${renderPosition(positionOf(read.cursor))}",` +
        `"fresh_at":"${new Date(read.time).toISOString()}","age_ms":${Math.ceil(clock.monotonic() - read.sentAt)},` +
        '"changes":['
      const newer = Buffer.concat(state ? changes : itemsOf(changes))
      const pieces = [head, ...state?.changes ?? [], `${newer}]}`]
      return state && state.changes.length > 1 ? Readable.from(pieces, { objectMode: false }) : pieces.join('')
    })
  }

  /** Whether this node knows everything that was known at a position, as a change tells it in `as_of`. */
  function hasRead (asOf: string): boolean {
    const position = readPosition(asOf)
    return position !== null && last !== null && includes(positionOf(last.cursor), position)
  }

  /** Call it once a second. */
  function tick () {
    if (streams.size === 0) return
    streams.cutLaggards()
    confirm()
    if (last === null || !feed.isFresh()) return
    tell()
    streams.write(alive(last))
  }

  /** Ends all streams; their followers go on at another node. */
  function end () {
    isEnded = true
    clearTimeout(timer)
    states.restart()
    streams.endWhere(() => true)
  }

  function freshRead (): FeedRead {
    if (last === null || !feed.isFresh()) throw unavailable(new Error('the change feed is stale'))
    return last
  }

  /**
   * Calls `tell` with what a follower at this cursor has missed, once that is there. Nothing is heard between the two,
   * so a stream that joins in `tell` misses nothing and hears nothing too early.
   */
  async function catchUp<T> (cursor: string | undefined, tell: (missed: Missed, read: FeedRead) => T): Promise<T> {
    for (let renders = 0; ; renders++) {
      if (last === null) throw unavailable(new Error('the change feed has not been read'))
      const missed = missedSince(cursor)
      if (missed) return tell(missed, last)
      if (isEnded) throw unavailable(new Error('the node is stopping'))
      if (renders === rendersMax) throw unavailable(new Error('more has come meanwhile than the log keeps'))
      await states.render({ position: renderPosition(positionOf(last.cursor)), asOf: keysAsOf })
    }
  }

  function missedSince (cursor: string | undefined): Missed | null {
    const position = readPosition(cursor)
    const changes = position && log.since(position)
    return changes ? { state: null, changes } : states.current()
  }

  // What these followers remember is older than the restart. A sign of life would vouch for it.
  function tellAnew (behind: Stream[]) {
    const told = behind.map(stream => catchUp(undefined, ({ state, changes }, read) => {
      streams.join(stream, [...state?.message ?? [], ...changes.length > 0 ? [changesMessage(changes, read)] : []])
    }))
    Promise.all(told).catch(error => {
      if (!isEnded) warn(error)
      for (const stream of behind) stream.leave()
    })
  }

  // The first change is told at once. Those that follow closely wait for each other.
  function tellSoon () {
    const pauseMs = toldAt + batchMs - clock.monotonic()
    if (pauseMs <= 0) tell()
    else timer ??= setTimeout(tell, pauseMs)
  }

  function tell () {
    clearTimeout(timer)
    timer = undefined
    if (waiting.length === 0 || last === null) return
    if (streams.size > 0) streams.write(changesMessage(waiting, last))
    waiting = []
    toldAt = clock.monotonic()
  }

  /** Ends the streams of credentials that were revoked, and all of them if that cannot be known. */
  function confirm () {
    if (clock.monotonic() - confirmedAt > confirmationAgeMaxMs) streams.endWhere(() => true)
    if (isConfirming) return
    isConfirming = true
    const asked = streams.credentials()
    mayFollow(asked)
      .then(still => {
        confirmedAt = clock.monotonic()
        const revoked = new Set(asked)
        for (const id of still) revoked.delete(id)
        // A service that has connected meanwhile was not asked about.
        streams.endWhere(id => revoked.has(id))
      })
      .catch(warn)
      .finally(() => { isConfirming = false })
  }
}

function changesMessage (changes: Buffer[], { cursor }: FeedRead): Buffer {
  return renderChangesEvent(changes, renderPosition(positionOf(cursor)))
}

/** How far this node has read, by its wall clock and by its monotonic clock. Of the latter only differences count. */
function alive ({ cursor, sentAt, time }: FeedRead): Buffer {
  const data = JSON.stringify({ fresh_at: new Date(time).toISOString(), clock: Math.floor(sentAt) })
  return renderEvent('alive', data, renderPosition(positionOf(cursor)))
}
