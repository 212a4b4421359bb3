import { timingSafeEqual } from 'node:crypto'
import fp from 'fastify-plugin'
import type { FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import type { Config } from '../../lib/config/config.ts'
import { sha256 } from '../../lib/crypto/sha256.ts'
import { Refusal } from '../../lib/errors.ts'
import { refusing } from '../../lib/http/refusal-lists.ts'
import type { Refusing } from '../../lib/http/refusal-lists.ts'

export interface OperationsToken {
  /** Whether a request carries one of them as its bearer token; always false without one in the settings. */
  allows (request: Pick<FastifyRequest, 'headers'>): boolean
  /**
   * An onRequest hook that lets no other request pass.
   * @throws Refusal not_found without a token in the settings, else unauthenticated or invalid_token
   */
  readonly guard: onRequestAsyncHookHandler & Refusing
}

declare module 'fastify' {
  interface FastifyInstance { readonly operationsToken: OperationsToken }
}

type OperationsTokenOptions = Pick<Config['operations'], 'operationsTokens'>

/** `app.operationsToken` guards the routes for the people and machines that run this deployment. */
export default fp<OperationsTokenOptions>(async function guardOperations (app, { operationsTokens }) {
  // Digests have one length whatever was sent, so that each comparison takes the same time (ASVS 11.2.4).
  const expected = operationsTokens.map(sha256)

  app.decorate('operationsToken', {
    allows,
    guard: refusing<onRequestAsyncHookHandler>(guard, 'not_found', 'unauthenticated', 'invalid_token')
  })

  function allows ({ headers: { authorization = '' } }: Pick<FastifyRequest, 'headers'>) {
    const [, token] = /^bearer +(\S+)$/i.exec(authorization) ?? []
    if (token === undefined) return false
    const presented = sha256(token)
    return expected.filter(one => timingSafeEqual(presented, one)).length > 0
  }

  async function guard (request: FastifyRequest) {
    if (expected.length === 0) throw new Refusal('not_found')
    if (allows(request)) return
    throw new Refusal(request.headers.authorization === undefined ? 'unauthenticated' : 'invalid_token')
  }
}, { name: 'operations-token' })
