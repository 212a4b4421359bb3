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

/** With padding, the length of an encrypted answer does not tell which prefix was asked for. */
const headers = { accept: 'text/plain', 'add-padding': 'true', 'user-agent': 'Latchkey' }

/** After this many failures in a row the service is not asked for `breakMs`. */
const failuresMax = 5
const breakMs = 30_000

export default fp<FeatureOptions>(async function passwordsFeature (app, { config, clock, hasher }) {
  const { database, audit, metrics, tracing } = app
  const { url, deadline: deadlineMs } = config.breachedPasswords
  const breaker = createCircuitBreaker({ threshold: failuresMax, pauseMs: breakMs, clock })
  const isBreached = url === null ? undefined : breachedPasswordsAt(url).isBreached

  await app.register(passwords, { ...config.passwords, clock, hasher, tracing })
  app.decorate('passwordPolicy', createPasswordPolicy({ ...config.passwords, isBreached }))

  function breachedPasswordsAt (url: string) {
    return createBreachedPasswords({ ask, warn, deadlineMs, breaker, database, audit, metrics, clock })

    // A redirect is not followed: it counts as an answer that cannot be used.
    function ask (prefix: string, signal: AbortSignal) {
      return tracing.span('look up a password among stolen ones', { role: 'client' }, () => {
        return fetch(`${url}/${prefix}`, { signal, headers, redirect: 'manual' })
      })
    }
  }

  function warn (details: object) {
    app.log.warn(details, 'passwords are accepted without being looked up')
  }
}, { name: 'passwords', dependencies: ['monitoring', 'stores', 'audit'] })
