import fp from 'fastify-plugin'
import type { onRequestHookHandler } from 'fastify'

declare module 'fastify' {
  interface FastifyInstance {
    /** Refuses requests (503) while the schema does not serve this code: somebody migrated under a running node. */
    readonly requireSchema: onRequestHookHandler
  }
}

export default fp(async function provideSchemaGuard (app) {
  app.decorate('requireSchema', function requireSchema (_request, _reply, done) {
    app.schema.assertServes()
    done()
  })
}, { name: 'require-schema', dependencies: ['stores'] })
