import type { Redis } from 'ioredis'

/** What is needed of a client for one server. It has no stream before it connects. */
interface Disconnectable extends Pick<Redis, 'disconnect'> { stream?: Redis['stream'] }

/**
 * Lets a client be disconnected at any moment. A socket that is closed while it negotiates TLS may tell of two errors:
 * that of the certificate, and what the server says to the rest. ioredis listens to one, and a second one
 * without a listener ends the process.
 */
export function disconnectQuietly<C extends Disconnectable> (redis: C): C {
  const disconnect = redis.disconnect.bind(redis)

  redis.disconnect = reconnect => {
    redis.stream?.on('error', () => {})
    disconnect(reconnect)
  }
  return redis
}
