import type { Readable } from 'node:stream'
import type { Change } from '../changes/change.ts'
import type { ChangeFeed, FeedRead } from '../changes/change-feed.ts'
import type { Clock } from '../clock.ts'
import { Refusal, unavailable } from '../errors.ts'
import { createChangeLog } from './change-log.ts'
import { keysChanged, renderChanges, renderEvent, toldOf } from './messages.ts'
import { includes, positionOf, readPosition, renderPosition, renderPositionAfter } from './position.ts'
import { createStreams } from './streams.ts'
import type { Connection, StreamLimits } from './streams.ts'

/** A credential of a service, as far as it matters here. */
export interface Follower { id: string, mayFollow: boolean }

export interface FollowerParts {
  clock: Pick<Clock, 'monotonic'>
  feed: Pick<ChangeFeed, 'isFresh'>
  /** Changes that make an empty memory equal to this node's. */
  list: () => Change[]
  /** Those of some credentials that exist and may follow. */
  mayFollow: (credentialIds: string[]) => Promise<string[]>
  warn: (error: unknown) => void
  limits?: Partial<StreamLimits>
}

export type Followers = ReturnType<typeof createFollowers>

const defaultLimits: StreamLimits = { streamsMax: 2000, streamsPerCredentialMax: 200, lagMaxMs: 30_000 }
/** Changes within this time (ms) after others are told together, so that a flood of them costs few writes. */
const batchMs = 200
/** A list of everything is made at most once in this time (ms); what is newer is told after it. */
const listAgeMaxMs = 60_000
/** Streams end when their credentials could not be confirmed for this long (ms). */
const confirmationAgeMaxMs = 10_000
/** How many changes the log keeps. */
const changesMax = 10_000

/**
 * Services that verify access tokens themselves, and follow what has ended. A follower is told of everything once, then
 * of changes. Each second it is told how far this node has read, and only while this node may judge tokens itself: a
 * follower that hears nothing knows nothing. No follower causes a statement in Postgres, however often it comes back.
 */
export function createFollowers ({ clock, feed, list, mayFollow, warn, limits = {} }: FollowerParts) {
  const streams = createStreams(clock, { ...defaultLimits, ...limits })
  const log = createChangeLog({ changesMax })
  let last: FeedRead | null = null
  /** What a node must have read to know the keys of now. */
  let keysAsOf = ''
  let waiting: Change[] = []
  let toldAt = -Infinity
  let timer: NodeJS.Timeout | undefined
  let everything: { changes: string, message: Buffer, at: number, added: number } | null = null
  let confirmedAt = -Infinity
  let isConfirming = false

  return { heard, follow, read, hasRead, tick, end, get size () { return streams.size } }

  /** Takes a read of the feed, and tells the followers what it has found. */
  function heard (read: FeedRead) {
    last = read
    if (read.isRestart || read.changes.some(({ kind }) => kind === 'keys_changed')) {
      keysAsOf = renderPositionAfter(positionOf(read.cursor))
    }
    if (read.isRestart) {
      log.restart(read.cursor)
      everything = null
      waiting = []
      if (streams.size > 0) streams.write(listEverything(read).message)
      return
    }
    const changes = toldOf(read.changes)
    if (changes.length === 0) return
    log.add(read.cursor, changes)
    waiting.push(...changes)
    tellSoon()
  }

  /**
   * A stream of events for a service: `opened` with the time by this node's monotonic clock (ms); then `state`, or
   * `changes` if `cursor` can be continued; then `alive`, and so on.
   * @throws Refusal `forbidden` for a service that may not follow; `unavailable` while this node may not judge tokens;
   * `rate_limited`, `overloaded`
   */
  function follow ({ id, mayFollow }: Follower, cursor: string | undefined, connection: Connection): Readable {
    if (!mayFollow) throw new Refusal('forbidden')
    const read = freshRead()
    const readable = streams.open(id, connection)
    if (streams.size === 1) confirmedAt = clock.monotonic()
    readable.push(renderEvent('opened', JSON.stringify({ clock: Math.ceil(clock.monotonic()) })))
    for (const message of [...catchUp(cursor, read), alive(read)]) readable.push(message)
    return readable
  }

  /**
   * The answer to one question, as JSON: `event` is `changes` if `cursor` can be continued, else `state`.
   * @throws Refusal `forbidden`, `unavailable` as `follow`
   */
  function read ({ mayFollow }: Follower, cursor: string | undefined): string {
    if (!mayFollow) throw new Refusal('forbidden')
    const read = freshRead()
    const missed = missedSince(cursor)
    const whole = missed === null ? listEverything(read) : null
    const changes = [whole?.changes, renderChanges(missed ?? newerThan(whole), keysAsOf)].filter(Boolean)

    return `{"event":"${whole ? 'state' : 'changes'}","cursor":"${renderPosition(positionOf(read.cursor))}",` +
      `"fresh_at":"${new Date(read.time).toISOString()}","age_ms":${Math.ceil(clock.monotonic() - read.sentAt)},` +
      `"changes":[${changes.join(',')}]}`
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
    clearTimeout(timer)
    streams.endWhere(() => true)
  }

  function freshRead (): FeedRead {
    if (last === null || !feed.isFresh()) throw unavailable(new Error('the change feed is stale'))
    return last
  }

  function catchUp (cursor: string | undefined, read: FeedRead): Buffer[] {
    const missed = missedSince(cursor)
    if (missed) return [changesMessage(missed, read)]
    const whole = listEverything(read)
    return [whole.message, changesMessage(newerThan(whole), read)]
  }

  function missedSince (cursor: string | undefined): Change[] | null {
    const position = readPosition(cursor)
    return position && log.since(position)
  }

  function newerThan (whole: { added: number } | null): Change[] {
    return whole === null ? [] : log.after(whole.added) ?? []
  }

  function listEverything ({ cursor }: FeedRead) {
    const isYoung = everything && clock.monotonic() - everything.at < listAgeMaxMs
    if (everything && isYoung && log.after(everything.added)) return everything

    const changes = renderChanges([...list(), keysChanged], keysAsOf)
    const message = renderEvent('state', `{"changes":[${changes}]}`, renderPosition(positionOf(cursor)))
    everything = { changes, message, at: clock.monotonic(), added: log.added }
    return everything
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

  function changesMessage (changes: Change[], { cursor }: FeedRead): Buffer {
    const data = `{"changes":[${renderChanges(changes, keysAsOf)}]}`
    return renderEvent('changes', data, renderPosition(positionOf(cursor)))
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

/** How far this node has read, by its wall clock and by its monotonic clock. Of the latter only differences count. */
function alive ({ cursor, sentAt, time }: FeedRead): Buffer {
  const data = JSON.stringify({ fresh_at: new Date(time).toISOString(), clock: Math.floor(sentAt) })
  return renderEvent('alive', data, renderPosition(positionOf(cursor)))
}
