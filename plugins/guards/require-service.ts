import fp from 'fastify-plugin'
import type { onRequestAsyncHookHandler } from 'fastify'
import { readBasic } from '../../lib/oauth/basic.ts'
import { Refusal } from '../../lib/errors.ts'
import { refusing } from '../../lib/http/refusal-lists.ts'
import type { Refusing } from '../../lib/http/refusal-lists.ts'
import type { Service } from '../../lib/oauth/services.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** A guard that authenticates a service by HTTP Basic. */
    readonly requireService: onRequestAsyncHookHandler & Refusing
  }
  interface FastifyRequest {
    /** The service that the guard has authenticated. Reading it on a route without the guard throws. */
    service: Service
  }
}

export default fp(async function provideServiceGuard (app) {
  const proven = new WeakMap<object, Service>()

  app.decorateRequest('service', {
    getter () {
      const service = proven.get(this)
      if (!service) throw new Error('request.service was read on a route without a guard')
      return service
    },
    setter (service: Service) { proven.set(this, service) }
  })

  app.decorate('requireService', refusing<onRequestAsyncHookHandler>(async request => {
    const credentials = readBasic(request.headers.authorization, request.raw.rawHeaders)
    if (!credentials) throw new Refusal('unauthenticated')
    request.service = await app.services.authenticate(credentials, request.caller)
  }, 'unauthenticated', 'invalid_credentials', 'rate_limited', 'overloaded', 'unavailable'))
}, { name: 'require-service', dependencies: ['http', 'oauth'] })
