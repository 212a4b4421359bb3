import type { FastifyPluginAsync } from 'fastify'
import introspect from './introspect.ts'
import revocations from './revocations.ts'
import revoke from './revoke.ts'

const forServices = [introspect, revoke, revocations]

/**
 * The routes for services, in the form of OAuth: forms, HTTP Basic, and the errors of RFC 6749. A service may send a
 * request for each one that it receives, so only wrong credentials are counted.
 */
const oauth: FastifyPluginAsync = async app => {
  app.takeForms()
  app.guardRoutes({ onRequest: [app.requireService] })
  for (const route of forServices) app.register(route)
}

export default oauth
