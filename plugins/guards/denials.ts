import fp from 'fastify-plugin'
import type { FastifyRequest } from 'fastify'
import { createDenials } from '../../lib/access/denials.ts'
import { Refusal } from '../../lib/errors.ts'
import { createUserStore } from '../../lib/users/user-store.ts'

/** Whoever is refused `forbidden`, on whichever route and by whatever refuses, is recorded before they are answered. */
export default fp(async function recordDenials (app) {
  const { database, audit, metrics } = app
  const denials = createDenials({ database, users: createUserStore(database), audit, metrics })

  app.addHook('onRoute', route => {
    route.errorHandler ??= (error, request) => {
      const isDenial = error instanceof Refusal && error.code === 'forbidden' && request.routeOptions.config.errors !== 'oauth'
      if (isDenial) return record(request, error.details.permission ?? null).then(() => { throw error })
      // The handler of all errors is the next.
      throw error
    }
  })

  async function record (request: FastifyRequest, permission: string | null) {
    const { method, routeOptions, principal, caller, log } = request
    await denials.record({ principal, caller, method, route: routeOptions.url ?? '', subjectId: subjectOf(request), permission }, log)
  }
}, { name: 'denials', dependencies: ['http', 'stores', 'audit', 'access'] })

function subjectOf ({ params, routeOptions }: FastifyRequest): string | null {
  const isAboutUser = /\/users\/:id(\/|$)/.test(routeOptions.url ?? '')
  return isAboutUser && typeof params === 'object' && params !== null && 'id' in params && typeof params.id === 'string' ? params.id : null
}
