import fp from 'fastify-plugin'
import { createBreachedPasswords } from '../../lib/passwords/breached.ts'
import { createCircuitBreaker } from '../../lib/passwords/circuit-breaker.ts'
import { createPasswordPolicy } from '../../lib/passwords/policy.ts'
import type { PasswordPolicy } from '../../lib/passwords/policy.ts'
import type { FeatureOptions } from '../feature.ts'
import passwords from './passwords.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly passwordPolicy: PasswordPolicy }
}

/** Padding hides from who sees the traffic how long the list of a prefix is. */
const headers = { accept: 'text/plain', 'add-padding': 'true', 'user-agent': 'Latchkey' }

export default fp<FeatureOptions>(async function passwordsFeature (app, { config, clock, hasher }) {
  const { database, audit, metrics } = app
  const { url, deadline } = config.breachedPasswords
  const breaker = createCircuitBreaker({ threshold: 5, pauseMs: 30_000, clock })
  const isBreached = url === null ? undefined : breachedPasswordsAt(url).isBreached

  await app.register(passwords, { ...config.passwords, clock, hasher })
  app.decorate('passwordPolicy', createPasswordPolicy({ ...config.passwords, isBreached }))

  function breachedPasswordsAt (url: string) {
    return createBreachedPasswords({ ask, warn, deadline, breaker, database, audit, metrics, clock })

    // A redirect is an answer like any other that is not wanted: it is not followed.
    function ask (prefix: string, signal: AbortSignal) {
      return fetch(`${url}/${prefix}`, { signal, headers, redirect: 'manual' })
    }
  }

  function warn (details: object) {
    app.log.warn(details, 'passwords are accepted without being looked up')
  }
}, { name: 'passwords', dependencies: ['http', 'stores', 'audit'] })
