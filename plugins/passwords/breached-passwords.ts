import fp from 'fastify-plugin'
import { createBreachedPasswords } from '../../lib/passwords/breached.ts'
import type { BreachedPasswords } from '../../lib/passwords/breached.ts'
import { createCircuitBreaker } from '../../lib/passwords/circuit-breaker.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Config } from '../../lib/config/config.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly breachedPasswords: BreachedPasswords | null }
}

/** Padding hides from who sees the traffic how long the list of a prefix is. */
const headers = { accept: 'text/plain', 'add-padding': 'true', 'user-agent': 'Latchkey' }

/** `app.breachedPasswords`, or null where no service is set. */
export default fp<Config['breachedPasswords'] & { clock: Clock }>(async function findBreachedPasswords (app, { url, deadline, clock }) {
  const { database, audit, metrics } = app
  // A redirect is an answer like any other that is not wanted: it is not followed.
  const ask = (prefix: string, signal: AbortSignal) => fetch(`${url}/${prefix}`, { signal, headers, redirect: 'manual' })
  const breaker = createCircuitBreaker({ threshold: 5, pause: 30_000, clock })
  const warn = (details: object) => app.log.warn(details, 'passwords are accepted without being looked up')

  app.decorate('breachedPasswords', url === null ? null : createBreachedPasswords({ ask, deadline, breaker, database, audit, metrics, clock, warn }))
}, { name: 'breached-passwords', dependencies: ['postgres', 'audit', 'metrics'] })
