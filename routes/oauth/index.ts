import type { FastifyPluginAsync } from 'fastify'
import introspect from './introspect.ts'
import revoke from './revoke.ts'

const forServices = [introspect, revoke]

/**
 * What services ask, as OAuth writes it: forms, HTTP Basic, and the errors of RFC 6749. A service may ask as often as
 * it is asked, so only wrong credentials are counted.
 */
const oauth: FastifyPluginAsync = async app => {
  app.takeForms()
  app.addHook('onRequest', app.requireService)
  for (const route of forServices) app.register(route)
}

export default oauth
