import fp from 'fastify-plugin'
import type { FastifyRequest } from 'fastify'
import { beginWork, endWork, runWork } from '../../lib/context/work.ts'
import type { Work } from '../../lib/context/work.ts'
import { Refusal } from '../../lib/errors.ts'
import { clientNetwork } from '../../lib/http/client-address.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What the request asks for; null before the first hook. */
    work: Work | null
  }
}

/**
 * Names the flow of each request: the user of an authentic access token, else the session of an authentic refresh
 * token, else the client's network. The name is found when a store is asked first, so a request that is answered from
 * memory does not pay for it. Lines that the log of the server (not of the request) gets meanwhile name the request.
 */
export default fp(async function nameFlows (app) {
  app.decorateRequest('work', null)
  app.addHook('onRequest', (request, _reply, done) => {
    const log = { request_id: request.id, ...request.trace?.ids }
    request.work = beginWork({ findFlow: () => flowOf(request), log })
    runWork(request.work, request.trace?.span ?? null, done)
  })
  // The body arrives in events of the socket, outside the context that the hook above has entered.
  app.addHook('preValidation', ({ body, work, trace }, _reply, done) => {
    if (body === undefined || work === null) done()
    else runWork(work, trace?.span ?? null, done)
  })
  app.addHook('onResponse', ({ work }, _reply, done) => {
    if (work) endWork(work)
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
}, { name: 'flows', dependencies: ['monitoring', 'http', 'tokens'] })
