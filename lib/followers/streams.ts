import { Readable } from 'node:stream'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'

/** The connection that a stream is sent on. */
export interface Connection { readonly writableLength: number, destroy (): unknown }

interface Stream {
  readable: Readable
  connection: Connection
  credentialId: string
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

export type Streams = ReturnType<typeof createStreams>

/** The open streams of a node. One buffer is written to all of them. */
export function createStreams (clock: Pick<Clock, 'monotonic'>, limits: StreamLimits) {
  const streams = new Set<Stream>()

  return {
    open,
    write,
    cutLaggards,
    endWhere,
    credentials: () => [...new Set([...streams].map(({ credentialId }) => credentialId))],
    get size () { return streams.size }
  }

  /**
   * A new stream. It is gone from here as soon as either side has closed it.
   * @throws Refusal `rate_limited` if the credential has too many streams, `overloaded` if the node has
   */
  function open (credentialId: string, connection: Connection): Readable {
    const own = [...streams].filter(stream => stream.credentialId === credentialId).length
    if (own >= limits.streamsPerCredentialMax) throw new Refusal('rate_limited', { retryAfter: retryAfterSeconds })
    if (streams.size >= limits.streamsMax) throw new Refusal('overloaded', { retryAfter: retryAfterSeconds })

    const stream = { readable: new Readable({ read () {} }), connection, credentialId, drainedAt: clock.monotonic() }
    streams.add(stream)
    stream.readable.on('close', () => streams.delete(stream))
    return stream.readable
  }

  function write (message: Buffer) {
    for (const { readable } of streams) readable.push(message)
  }

  // A frozen connection would otherwise keep what it was never able to send, for as long as its socket lives.
  function cutLaggards () {
    const now = clock.monotonic()
    for (const stream of streams) {
      if (unsentBytes(stream) === 0) stream.drainedAt = now
      else if (now - stream.drainedAt > limits.lagMaxMs) stream.readable.destroy()
    }
  }

  /**
   * Ends the streams of the credentials for which `isOver` is true, after what was written to them before. A follower
   * that does not take it is cut off, because an open connection would keep its node from stopping.
   */
  function endWhere (isOver: (credentialId: string) => boolean) {
    for (const stream of streams) {
      if (!isOver(stream.credentialId)) continue
      streams.delete(stream)
      stream.readable.push(null)
      setTimeout(() => { if (unsentBytes(stream) > 0) stream.connection.destroy() }, endGraceMs).unref()
    }
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
