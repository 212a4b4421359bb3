import fp from 'fastify-plugin'
import type { onRequestHookHandler } from 'fastify'
import { refusing } from '../../lib/http/refusal-lists.ts'
import type { Refusing } from '../../lib/http/refusal-lists.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Refuses requests (503) while the schema does not serve this code: somebody migrated under a running node. */
    readonly requireSchema: onRequestHookHandler & Refusing
  }
}

export default fp(async function provideSchemaGuard (app) {
  app.decorate('requireSchema', refusing<onRequestHookHandler>(function requireSchema (_request, _reply, done) {
    app.schema.assertServes()
    done()
  }, 'unavailable'))
}, { name: 'require-schema', dependencies: ['stores'] })
