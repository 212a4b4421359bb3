import fp from 'fastify-plugin'
import type { onRequestHookHandler } from 'fastify'
import type { ProveSession, SessionProofOptions } from './session-proof.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Makes a guard for a context of signed-in routes. */
    readonly requireSession: (options?: SessionProofOptions) => onRequestHookHandler
  }
}

export default fp<{ prove: ProveSession }>(async function provideSessionGuard (app, { prove }) {
  // Most requests are proved without a promise, from this node's memory alone.
  app.decorate('requireSession', options => function requireSession (request, _reply, done) {
    let proof: void | Promise<void>
    try {
      proof = prove(request, options)
    } catch (error) {
      return done(error instanceof Error ? error : new Error(String(error)))
    }

    if (proof) proof.then(() => done(), done)
    else done()
  })
}, { name: 'require-session' })
