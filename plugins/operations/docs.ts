import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fp from 'fastify-plugin'
import type { FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import type { Config } from '../../lib/config/config.ts'
import { describeApi } from '../../lib/http/document/api-description.ts'
import { finishDocument } from '../../lib/http/document/api-document.ts'
import { refusalResponses } from '../../lib/http/document/refusal-responses.ts'

export type DocsOptions = Pick<Config['operations'], 'docsEnabled'> & Pick<Config['process'], 'version'>

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'"
].join('; ')

/** OpenAPI 3.1 of every route at /docs/json, and a page that shows it at /docs. It is registered before the routes. */
export default fp<DocsOptions>(async function describeRoutes (app, { docsEnabled, version }) {
  if (!docsEnabled) return
  let text: Buffer | undefined

  await app.register(swagger, {
    openapi: describeApi(version),
    refResolver: { buildLocalReference: ({ $id }) => String($id) },
    // The routes of OAuth describe their errors themselves.
    transform: described => ({
      url: described.url,
      schema: described.route.config?.errors === 'oauth' ? described.schema : withRefusals(described.schema)
    }),
    transformObject: document => {
      return finishDocument('openapiObject' in document ? document.openapiObject : document.swaggerObject)
    }
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    theme: {
      title: 'Latchkey API',
      css: [{ filename: 'latchkey.css', content: '.swagger-ui .renderedMarkdown code { color: inherit }' }]
    },
    uiConfig: {
      layout: 'BaseLayout',
      deepLinking: true,
      docExpansion: 'list',
      defaultModelsExpandDepth: 0,
      displayRequestDuration: true
    },
    staticCSP: contentSecurityPolicy,
    transformSpecification,
    transformSpecificationClone: false
  })

  // The document is large and always the same, so its bytes are kept: they take 10 ms to make.
  function transformSpecification (document: object, { routeOptions }: FastifyRequest, reply: FastifyReply) {
    if (routeOptions.url !== '/docs/json') return document
    text ??= Buffer.from(JSON.stringify(document))
    reply.type('application/json; charset=utf-8')
    return text
  }
}, { name: 'docs' })

function withRefusals (schema: FastifySchema): FastifySchema {
  return { ...schema, response: { ...Object(schema.response), ...refusalResponses(schema) } }
}
