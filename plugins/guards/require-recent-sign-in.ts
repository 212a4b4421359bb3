import fp from 'fastify-plugin'
import type { onRequestHookHandler } from 'fastify'
import type { Clock } from '../../lib/clock.ts'
import { Refusal } from '../../lib/errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** A guard that runs after `requireSession`: the session's password must have been checked recently (RFC 9470). */
    readonly requireRecentSignIn: onRequestHookHandler
  }
}

/** How long (s) ago the password may have been checked. */
const maxAgeSeconds = 600

export default fp<{ clock: Clock }>(async function provideRecencyGuard (app, { clock }) {
  app.decorate('requireRecentSignIn', function requireRecentSignIn ({ principal }, _reply, done) {
    const ageSeconds = clock.now() / 1000 - principal.authTime
    const isTooOld = ageSeconds > maxAgeSeconds
    done(isTooOld ? new Refusal('reauthentication_required', { maxAge: maxAgeSeconds }) : undefined)
  })
}, { name: 'require-recent-sign-in', dependencies: ['access'] })
