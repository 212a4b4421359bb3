import fp from 'fastify-plugin'
import type { FastifyRequest } from 'fastify'
import { Refusal } from '../../lib/errors.ts'
import { clientNetwork } from '../../lib/http/client-address.ts'
import type { RequestFlow } from '../../lib/stores/flows.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose share of the stores the request takes; null before the first hook. */
    ownFlow: RequestFlow | null
  }
}

/**
 * Names the flow of each request: the user of an authentic access token, else the session of an authentic refresh
 * token, else the client's network. The name is found when a store is asked first, so a request that is answered from
 * memory does not pay for it.
 */
export default fp(async function nameFlows (app) {
  const { flows } = app

  app.decorateRequest('ownFlow', null)
  app.addHook('onRequest', (request, _reply, done) => {
    request.ownFlow = flows.open(() => flowOf(request))
    flows.run(request.ownFlow, done)
  })
  // The body arrives in events of the socket, outside the context that the hook above has entered.
  app.addHook('preValidation', ({ body, ownFlow }, _reply, done) => {
    if (body === undefined || ownFlow === null) done()
    else flows.run(ownFlow, done)
  })
  app.addHook('onResponse', ({ ownFlow }, _reply, done) => {
    if (ownFlow) flows.close(ownFlow)
    done()
  })

  function flowOf (request: FastifyRequest): string {
    try {
      return userOf(request) ?? request.refreshTokenToCount?.claims?.sessionId ?? clientNetwork(request.caller.ip)
    } catch (error) {
      // Two tokens, for instance. The request will be refused for it, or does not need them.
      if (error instanceof Refusal) return clientNetwork(request.caller.ip)
      throw error
    }
  }

  function userOf ({ bearerToken, cookiesCarried }: FastifyRequest): string | undefined {
    const token = bearerToken ?? cookiesCarried.access
    return token === undefined ? undefined : app.tokens.readExpired(token)?.claims.sub
  }
}, { name: 'flows', dependencies: ['http', 'stores', 'tokens'] })
