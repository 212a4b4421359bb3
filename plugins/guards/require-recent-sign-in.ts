import fp from 'fastify-plugin'
import type { onRequestHookHandler } from 'fastify'
import type { Principal } from '../../lib/access/authentication.ts'
import { recentSeconds } from '../../lib/access/step-up.ts'
import { assertSteppedUp } from '../../lib/tokens/step-up.ts'
import type { StepUp } from '../../lib/tokens/step-up.ts'
import type { Clock } from '../../lib/clock.ts'
import { refusing } from '../../lib/http/refusal-lists.ts'
import type { Refusing } from '../../lib/http/refusal-lists.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** A guard that runs after `requireSession`: the user must have been authenticated recently (RFC 9470). */
    readonly requireRecentSignIn: onRequestHookHandler & Refusing
    /** The same, and two factors must have been proved. */
    readonly requireRecentFactors: onRequestHookHandler & Refusing
    /** The same, and a passkey must have been proved. */
    readonly requireRecentPasskey: onRequestHookHandler & Refusing
    /**
     * Refuses a request whose sign-in is too weak or too old. Asks no store.
     * @throws Refusal `reauthentication_required`
     */
    readonly assertSteppedUp: (principal: Principal, demand: StepUp) => void
  }
}

export default fp<{ clock: Clock }>(async function provideRecencyGuard (app, { clock }) {
  app.decorate('assertSteppedUp', (principal, demand) => assertSteppedUp(principal, demand, clock.now()))
  app.decorate('requireRecentSignIn', demanding({ maxAge: recentSeconds }))
  app.decorate('requireRecentFactors', demanding({ acr: 'urn:latchkey:acr:2fa', maxAge: recentSeconds }))
  app.decorate('requireRecentPasskey', demanding({ acr: 'phr', maxAge: recentSeconds }))

  function demanding (demand: StepUp) {
    return refusing<onRequestHookHandler>(function requireStepUp ({ principal }, _reply, done) {
      app.assertSteppedUp(principal, demand)
      done()
    }, 'reauthentication_required')
  }
}, { name: 'require-recent-sign-in', dependencies: ['access'] })
