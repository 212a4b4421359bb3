import fp from 'fastify-plugin'
import type { onRequestHookHandler } from 'fastify'

declare module 'fastify' {
  interface FastifyInstance {
    /** A guard for a context of signed-in routes; with `passwordMayBeDue` also while a password change is due, and so on. */
    readonly requireSession: (options?: { passwordMayBeDue?: boolean, vendorMayBeSuspended?: boolean }) => onRequestHookHandler
  }
}

// Most requests are proved without a promise, from this node's memory alone.
export default fp(async function provideSessionGuard (app) {
  app.decorate('requireSession', options => function requireSession (request, _reply, done) {
    let proof: void | Promise<void>
    try {
      proof = app.proveSession(request, options)
    } catch (error) {
      return done(error instanceof Error ? error : new Error(String(error)))
    }

    if (proof) proof.then(() => done(), done)
    else done()
  })
}, { name: 'require-session', dependencies: ['access'] })
