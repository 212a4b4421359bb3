import fp from 'fastify-plugin'
import type { onRequestHookHandler } from 'fastify'
import type { Clock } from '../../lib/clock.ts'
import { Refusal } from '../../lib/errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** A guard behind one that proves a session: its password must have been checked not long ago (RFC 9470). */
    readonly requireRecentSignIn: onRequestHookHandler
  }
}

/** Seconds within which the password must have been checked. */
const maxAge = 600

export default fp<{ clock: Clock }>(async function provideRecencyGuard (app, { clock }) {
  app.decorate('requireRecentSignIn', function requireRecentSignIn ({ principal }, _reply, done) {
    const age = clock.now() / 1000 - principal.authTime
    done(age > maxAge ? new Refusal('reauthentication_required', { maxAge }) : undefined)
  })
}, { name: 'require-recent-sign-in', dependencies: ['access'] })
