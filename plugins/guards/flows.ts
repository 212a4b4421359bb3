import fp from 'fastify-plugin'
import type { FastifyRequest } from 'fastify'
import { beginWork, endWork, runWork } from '../../lib/context/work.ts'
import type { Work } from '../../lib/context/work.ts'
import { Refusal } from '../../lib/errors.ts'
import { clientNetwork } from '../../lib/http/client-address.ts'
import { readBasic } from '../../lib/oauth/basic.ts'
import type { Turn } from '../../lib/queues/priority-queue.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What the request asks for; null before the first hook. */
    work: Work | null
  }
}

/**
 * Names the flow of each request: the user of an authentic access token, else the session of an authentic refresh
 * token, else the device of an authentic device token, else the credential of a service; these are known. A stranger's
 * flow is the client's network. The name is found when a store is asked first, so a request that is answered from
 * memory does not pay for it. Lines that the log of the server (not of the request) gets meanwhile name the request.
 */
export default fp(async function nameFlows (app) {
  app.decorateRequest('work', null)
  app.addHook('onRequest', (request, _reply, done) => {
    const log = { request_id: request.id, ...request.trace?.ids }
    request.work = beginWork({ findTurn: () => turnOf(request), log })
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

  function turnOf (request: FastifyRequest): Turn {
    const flow = knownFlowOf(request)
    return flow === undefined
      ? { priority: 'stranger', flow: clientNetwork(request.caller.ip) }
      : { priority: 'known', flow }
  }

  function knownFlowOf (request: FastifyRequest): string | undefined {
    try {
      return userOf(request) ?? request.refreshTokenToCount?.claims?.sessionId ??
        deviceOf(request) ?? serviceOf(request)
    } catch (error) {
      // Two tokens, for instance. The request will be refused for it, or does not need them.
      if (error instanceof Refusal) return undefined
      throw error
    }
  }

  function userOf ({ bearerToken, cookiesCarried }: FastifyRequest): string | undefined {
    const token = bearerToken ?? cookiesCarried.access
    return token === undefined ? undefined : app.tokens.readExpired(token)?.claims.sub
  }

  function deviceOf ({ body, cookiesCarried }: FastifyRequest): string | undefined {
    const token = cookiesCarried.device ?? tokenIn(body)
    return token === undefined ? undefined : app.deviceTokens.read(token) ?? undefined
  }

  function serviceOf ({ headers, raw }: FastifyRequest): string | undefined {
    const credentials = readBasic(headers.authorization, raw.rawHeaders)
    return credentials && app.services.recognises(credentials) ? credentials.id : undefined
  }
}, { name: 'flows', dependencies: ['monitoring', 'http', 'tokens', 'oauth'] })

function tokenIn (body: unknown): string | undefined {
  const token = typeof body === 'object' && body !== null && 'device_token' in body ? body.device_token : undefined
  return typeof token === 'string' ? token : undefined
}
