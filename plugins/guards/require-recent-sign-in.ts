import fp from 'fastify-plugin'
import type { onRequestHookHandler } from 'fastify'
import type { Principal } from '../../lib/access/authentication.ts'
import { assertSteppedUp, recentSeconds } from '../../lib/access/step-up.ts'
import type { StepUp } from '../../lib/access/step-up.ts'
import type { Clock } from '../../lib/clock.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** A guard that runs after `requireSession`: the user must have been authenticated recently (RFC 9470). */
    readonly requireRecentSignIn: onRequestHookHandler
    /** The same, and two factors must have been proved. */
    readonly requireRecentFactors: onRequestHookHandler
    /** The same, and a passkey must have been proved. */
    readonly requireRecentPasskey: onRequestHookHandler
    /**
     * Refuses a request whose sign-in is too weak or too old. Asks no store.
     * @throws Refusal `reauthentication_required`
     */
    readonly assertSteppedUp: (principal: Principal, demand: StepUp) => void
  }
}

export default fp<{ clock: Clock }>(async function provideRecencyGuard (app, { clock }) {
  app.decorate('assertSteppedUp', (principal, demand) => assertSteppedUp(principal, demand, clock.now()))
  app.decorate('requireRecentSignIn', function requireRecentSignIn ({ principal }, _reply, done) {
    app.assertSteppedUp(principal, { maxAge: recentSeconds })
    done()
  })
  app.decorate('requireRecentFactors', function requireRecentFactors ({ principal }, _reply, done) {
    app.assertSteppedUp(principal, { acr: 'urn:latchkey:acr:2fa', maxAge: recentSeconds })
    done()
  })
  app.decorate('requireRecentPasskey', function requireRecentPasskey ({ principal }, _reply, done) {
    app.assertSteppedUp(principal, { acr: 'phr', maxAge: recentSeconds })
    done()
  })
}, { name: 'require-recent-sign-in', dependencies: ['access'] })
