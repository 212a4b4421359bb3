import helmet from '@fastify/helmet'
import Fastify from 'fastify'
import type { FastifyHelmetOptions } from '@fastify/helmet'

/** The API serves no page: its answers may not load anything, be framed, or have a base of their own. */
export const helmetOptions: FastifyHelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], baseUri: ["'none'"], frameAncestors: ["'none'"] }
  },
  strictTransportSecurity: { maxAge: 63_072_000, includeSubDomains: true },
  xFrameOptions: { action: 'deny' }
}

/**
 * The headers of every answer, by lower-case name: those of helmet, and `no-store`. They are the same for every
 * request, so a server that answers nothing else is asked for them once; bench/packages.ts measures what helmet's hook
 * would cost for each request. They are also needed where no hook runs: for a request that is not HTTP.
 */
export const securityHeaders = Object.freeze({ 'cache-control': 'no-store', ...await evaluateHelmet() })

async function evaluateHelmet (): Promise<Record<string, string>> {
  const app = Fastify()
  await app.register(helmet, helmetOptions)
  app.get('/', async (_request, reply) => { reply.code(204) })

  const { headers } = await app.inject('/')
  await app.close()
  const found = Object.entries(headers).filter(([name]) => name !== 'date' && name !== 'connection')
  return Object.fromEntries(found.map(([name, value]) => [name, String(value)]))
}
