import { Readable } from 'node:stream'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'

/** The connection that a stream is sent on. */
export interface Connection {
  readonly writableLength: number
  readonly destroyed: boolean
  once (event: 'close', listener: () => void): unknown
  off (event: 'close', listener: () => void): unknown
  destroy (): unknown
}

export interface Stream {
  readable: Readable
  connection: Connection
  credentialId: string
  /** Whether its follower was told everything until now, and hears what comes. */
  isCurrent: boolean
  /** Ends the stream, after what was written to it before. */
  leave: () => void
  /** When it had nothing left to send, by the monotonic clock. */
  drainedAt: number
}

export interface StreamLimits {
  /** The most streams of a node. */
  streamsMax: number
  /** The most streams of one credential at a node, so that no service can take those of all others. */
  streamsPerCredentialMax: number
  /** After this time (ms) a follower that does not keep up is cut off. */
  lagMaxMs: number
}

/**
 * The streams of a node. One buffer is written to all that are current. The others wait for what their followers have
 * to be told first; they count as well.
 */
export function createStreams (clock: Pick<Clock, 'monotonic'>, limits: StreamLimits) {
  const streams = new Set<Stream>()

  return {
    open,
    join,
    holdBack,
    write,
    cutLaggards,
    endWhere,
    credentials: () => [...new Set([...streams].map(({ credentialId }) => credentialId))],
    get size () { return streams.size }
  }

  /**
   * A new stream, which is not current yet. It is gone from here as soon as either side has closed it.
   * @throws Refusal `rate_limited` if the credential has too many streams, `overloaded` if the node has
   */
  function open (credentialId: string, connection: Connection): Stream {
    const own = [...streams].filter(stream => stream.credentialId === credentialId).length
    if (own >= limits.streamsPerCredentialMax) throw new Refusal('rate_limited', { retryAfter: retryAfterSeconds })
    if (streams.size >= limits.streamsMax) throw new Refusal('overloaded', { retryAfter: retryAfterSeconds })

    const stream: Stream = {
      readable: new Readable({ read () {} }),
      connection,
      credentialId,
      isCurrent: false,
      leave: () => end(stream),
      drainedAt: clock.monotonic()
    }
    streams.add(stream)
    stream.readable.on('close', () => streams.delete(stream))
    // Before it is sent, only its connection tells that nobody waits for it any more.
    connection.once('close', stream.leave)
    if (connection.destroyed) end(stream)
    return stream
  }

  /** Makes a stream current that has not ended: writes what its follower has missed. */
  function join (stream: Stream, missed: Buffer[]) {
    if (!streams.has(stream)) return
    stream.connection.off('close', stream.leave)
    for (const message of missed) stream.readable.push(message)
    stream.isCurrent = true
  }

  /** Writes nothing more to the streams that are current until they join again. Returns them. */
  function holdBack (): Stream[] {
    const current = [...streams].filter(({ isCurrent }) => isCurrent)
    for (const stream of current) stream.isCurrent = false
    return current
  }

  function write (message: Buffer) {
    for (const { readable, isCurrent } of streams) if (isCurrent) readable.push(message)
  }

  // A frozen connection would otherwise keep what it was never able to send, for as long as its socket lives.
  function cutLaggards () {
    const now = clock.monotonic()
    for (const stream of streams) {
      if (unsentBytes(stream) === 0) stream.drainedAt = now
      else if (now - stream.drainedAt > limits.lagMaxMs) stream.readable.destroy()
    }
  }

  /** Ends the streams of the credentials for which `isOver` is true, after what was written to them before. */
  function endWhere (isOver: (credentialId: string) => boolean) {
    for (const stream of streams) if (isOver(stream.credentialId)) end(stream)
  }

  // A follower that does not take what was written is cut off, because an open connection would keep its node from
  // stopping.
  function end (stream: Stream) {
    if (!streams.delete(stream)) return
    stream.connection.off('close', stream.leave)
    stream.readable.push(null)
    setTimeout(() => { if (unsentBytes(stream) > 0) stream.connection.destroy() }, endGraceMs).unref()
  }
}

/** How much was written to a stream and has not been taken by its connection. */
function unsentBytes ({ readable, connection }: Stream) {
  return readable.readableLength + connection.writableLength
}

/** How long (ms) a follower may take what was written to its stream before the end. */
const endGraceMs = 500

/** A follower that was refused tries again after this time. */
const retryAfterSeconds = 1
