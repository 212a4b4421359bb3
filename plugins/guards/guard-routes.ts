import fp from 'fastify-plugin'
import type { onRequestHookHandler, preValidationHookHandler } from 'fastify'
import { listRefusals } from '../../lib/http/refusal-lists.ts'
import type { Refusing } from '../../lib/http/refusal-lists.ts'

/** Guards of a context, which run in the order of the list: before the body is read, or after. */
export type Guards =
  { onRequest: (onRequestHookHandler & Refusing)[] } | { preValidation: (preValidationHookHandler & Refusing)[] }

declare module 'fastify' {
  interface FastifyInstance {
    /** Puts guards before the routes that the context registers from now on, and lists their refusals with each. */
    readonly guardRoutes: (this: FastifyInstance, guards: Guards) => void
  }
}

export default fp(async function offerGuards (app) {
  app.decorate('guardRoutes', function (guards) {
    if ('onRequest' in guards) for (const guard of guards.onRequest) this.addHook('onRequest', guard)
    else for (const guard of guards.preValidation) this.addHook('preValidation', guard)

    const codes = Object.values(guards).flat().flatMap(({ refusals }) => refusals)
    this.addHook('onRoute', route => listRefusals(route, ...codes))
  })
}, { name: 'guard-routes' })
