import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fp from 'fastify-plugin'
import { operationIdOf } from '../lib/operation-id.ts'
import type { Config } from '../lib/config.ts'

export type DocsOptions = Pick<Config['operations'], 'docsEnabled'> & Pick<Config['http'], 'issuer'> & Pick<Config['process'], 'version'>

/** OpenAPI 3.1 of every route at /docs/json, to be read at /docs. Registered before the routes. */
export default fp<DocsOptions>(async function describeRoutes (app, { docsEnabled, issuer, version }) {
  if (!docsEnabled) return

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Latchkey', version, description: 'Sign-in, sessions and user administration.', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
      servers: [{ url: issuer }],
      security: [{ bearer: [] }],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'An access token.' },
          operations: { type: 'http', scheme: 'bearer', description: 'OPERATIONS_TOKEN.' }
        }
      }
    },
    refResolver: { buildLocalReference: ({ $id }) => String($id) },
    transform: ({ schema, url, route: { method } }) => ({ schema: { operationId: operationIdOf([method].flat()[0] ?? '', url), ...schema }, url })
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
  })
}, { name: 'docs' })
