import { setTimeout as pause } from 'node:timers/promises'
import { readChanges } from './changes.ts'
import type { Clock } from './clock.ts'
import { readEvents } from './events.ts'
import type { StreamEvent } from './events.ts'
import { fieldsOf } from './fields.ts'
import type { Knowledge } from './knowledge.ts'

export interface FeedParts {
  url: string
  /** The value of the `Authorization` header. */
  authorization: string
  clock: Clock
  knowledge: Knowledge
  /** After this time (ms) without a sign of life a connection is given up. */
  silenceMax: number
  fetch: typeof fetch
  /** Is called when the published keys have changed, or may have, with the `as_of` of that if the node tells it. */
  keysChanged: (asOf: string | null) => void
  /** Is called with the first error of each series. */
  warn: (error: unknown) => void
}

/** The pause (ms) before the second attempt to connect; the first one comes at once. It doubles up to the longest. */
const pauseMin = 50
const pauseMax = 1000
/** The pause (ms) after an answer that a repetition does not change: the credential is wrong, or may not follow. */
const pauseRefused = 10_000

/** A sign of life from so much later than now (ms) shows that the clock of this machine has stood still. */
const aheadMax = 1000
/** After this time (ms) a stream is opened anew: until then the clocks of two machines drift apart by far less. */
const streamAgeMax = 3_600_000

/** The node has refused the credential. */
class CredentialRefused extends Error {
  constructor (status: number) {
    super(`Latchkey has refused the credential of the feed (${status}); create one with create-service NAME --may-follow`)
  }
}

/**
 * Follows what has ended, and connects again for as long as it takes. What was heard before a break is continued by its
 * cursor, at whichever node answers.
 */
export function createFeed ({ url, authorization, clock, knowledge, silenceMax, fetch, keysChanged, warn }: FeedParts) {
  const closing = new AbortController()
  let cursor = ''
  let failures = 0
  let refused: CredentialRefused | null = null

  return { run, close: () => closing.abort(), get refused () { return refused } }

  async function run () {
    while (!closing.signal.aborted) {
      await follow().catch(failed)
      await pause(pauseFor(), undefined, { signal: closing.signal, ref: false }).catch(() => {})
    }
  }

  function failed (error: unknown) {
    if (closing.signal.aborted) return
    refused = error instanceof CredentialRefused ? error : null
    if (failures++ === 0) warn(error)
  }

  // The pause is random, so that the followers of a node that has died do not come back at one moment.
  function pauseFor () {
    if (refused) return pauseRefused
    if (failures <= 1) return Math.random() * pauseMin
    return Math.min(pauseMax, pauseMin * 2 ** failures) * (0.5 + Math.random() / 2)
  }

  /**
   * Follows until the stream ends, breaks or falls silent. A beginning may be long, and counts while it arrives; after
   * it only signs of life do, because a node that may not judge tells changes, too.
   */
  async function follow () {
    const attempt = new AbortController()
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
    closing.signal.addEventListener('abort', giveUp)
    let timer = giveUpLater()
    const sentAt = clock.monotonic()
    /** The monotonic clock of this process minus that of the node, or less. */
    let offset = NaN
    let hasBegun = false

    try {
      reader = (await open(attempt.signal)).getReader()
      for await (const event of readEvents(chunksOf(reader, () => { if (!hasBegun) listenOn() }))) {
        if (event.event === 'opened') offset = sentAt - clockOf(event)
        else {
          const age = take(event, offset)
          if (age === undefined) continue
          hasBegun = true
          if (clock.monotonic() - sentAt >= streamAgeMax) return
          // Signs of life that always come too late are of no use: the clock of the node has stood still, perhaps.
          if (age < 2 * silenceMax) listenOn()
        }
      }
      throw new Error('the stream has ended or fallen silent')
    } finally {
      clearTimeout(timer)
      closing.signal.removeEventListener('abort', giveUp)
      giveUp()
    }

    // The body is cancelled as well, because fetch of Node.js 20 forgets the signal once it has collected the request.
    function giveUp () {
      attempt.abort()
      reader?.cancel().catch(() => {})
    }

    function listenOn () {
      clearTimeout(timer)
      timer = giveUpLater()
    }

    function giveUpLater () {
      return setTimeout(giveUp, silenceMax).unref()
    }
  }

  async function open (signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const { status, body } = await fetch(url, {
      headers: { authorization, accept: 'text/event-stream', ...(cursor !== '' && { 'last-event-id': cursor }) },
      signal,
      redirect: 'error'
    })
    if (status === 200 && body) return body
    await body?.cancel()
    if (status === 401 || status === 403) throw new CredentialRefused(status)
    // This node may never have heard of the cursor.
    if (status === 400) cursor = ''
    throw new Error(`the stream was answered with ${status}`)
  }

  /** Takes an event. Returns the age (ms) of a sign of life, whose cursor counts: all before it was applied. */
  function take ({ event, id, data }: StreamEvent, offset: number): number | undefined {
    if (event === 'state') {
      const changes = readChanges(data)
      knowledge.begin(changes)
      keysChanged(changes.find(({ kind }) => kind === 'keys_changed')?.asOf ?? null)
    } else if (event === 'changes') {
      for (const change of readChanges(data)) {
        knowledge.apply(change)
        if (change.kind === 'keys_changed') keysChanged(change.asOf)
      }
    } else if (event === 'alive') {
      const moment = { at: offset + clockOf({ data }), time: Date.parse(String(fieldsOf(data)['fresh_at'])) }
      if (Number.isNaN(moment.at + moment.time)) throw new Error('a sign of life tells no time')
      const age = clock.monotonic() - moment.at
      if (age < -aheadMax) throw new Error('this machine was suspended')
      knowledge.vouch(moment)
      cursor = id
      failures = 0
      refused = null
      return age
    }
    return undefined
  }
}

async function * chunksOf (
  reader: ReadableStreamDefaultReader<Uint8Array>, arrived: () => void
): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    arrived()
    yield value
  }
}

function clockOf ({ data }: Pick<StreamEvent, 'data'>): number {
  return Number(fieldsOf(data)['clock'] ?? NaN)
}
