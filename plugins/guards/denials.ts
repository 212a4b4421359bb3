import fp from 'fastify-plugin'
import type { FastifyRequest } from 'fastify'
import { createDenials } from '../../lib/access/denials.ts'
import type { Clock } from '../../lib/clock.ts'
import { canonicalUuid } from '../../lib/crypto/uuids.ts'
import { Refusal } from '../../lib/errors.ts'
import { createUserStore } from '../../lib/users/user-store.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The parameter of a route that contains the id of the user whom the request is about. */
    subject?: string
  }
}

/** Records every refusal `forbidden`, of any route and any guard, before it is answered. */
export default fp<{ clock: Clock }>(async function recordDenials (app, { clock }) {
  const { database, audit, metrics } = app
  const denials = createDenials({ database, users: createUserStore(database), audit, metrics, clock })

  app.addHook('onRoute', route => {
    route.errorHandler ??= (error, request) => {
      const isDenial = error instanceof Refusal && error.code === 'forbidden'
      if (isDenial && request.routeOptions.config.errors !== 'oauth') {
        return record(request, error.details.permission ?? null).then(() => { throw error })
      }
      // What is thrown here goes to the handler of plugins/http/errors.ts.
      throw error
    }
  })

  async function record (request: FastifyRequest, permission: string | null) {
    const { method, routeOptions, principal, caller, log } = request
    const route = routeOptions.url ?? ''
    await denials.record({ principal, caller, method, route, subjectId: subjectOf(request), permission }, log)
  }
}, { name: 'denials', dependencies: ['monitoring', 'http', 'stores', 'audit', 'access'] })

function subjectOf ({ params, routeOptions: { config: { subject } } }: FastifyRequest): string | null {
  if (subject === undefined || typeof params !== 'object' || params === null) return null
  const id: unknown = Reflect.get(params, subject)
  // A denial may come before the parameters are validated, and a text that is no id is nobody's.
  return typeof id === 'string' ? canonicalUuid(id) ?? null : null
}
