import { createHash, timingSafeEqual } from 'node:crypto'
import fp from 'fastify-plugin'
import type { FastifyRequest } from 'fastify'
import type { Config } from '../../lib/config/config.ts'
import { Refusal } from '../../lib/errors.ts'

export interface OperationsToken {
  /** Whether a request carries it as its bearer token; always false without one in the settings. */
  allows (request: Pick<FastifyRequest, 'headers'>): boolean
  /**
   * An onRequest hook that lets no other request pass.
   * @throws Refusal not_found without a token in the settings, else unauthenticated or invalid_token
   */
  guard (request: FastifyRequest): Promise<void>
}

declare module 'fastify' {
  interface FastifyInstance { readonly operationsToken: OperationsToken }
}

type OperationsTokenOptions = Pick<Config['operations'], 'operationsToken'>

/** `app.operationsToken` guards the routes for the people and machines that run this deployment. */
export default fp<OperationsTokenOptions>(async function guardOperations (app, { operationsToken }) {
  const expected = operationsToken === null ? null : digest(operationsToken)

  app.decorate('operationsToken', { allows, guard })

  function allows ({ headers: { authorization = '' } }: Pick<FastifyRequest, 'headers'>) {
    const [, token] = /^bearer +(\S+)$/i.exec(authorization) ?? []
    return expected !== null && token !== undefined && timingSafeEqual(digest(token), expected)
  }

  async function guard (request: FastifyRequest) {
    if (expected === null) throw new Refusal('not_found')
    if (allows(request)) return
    throw new Refusal(request.headers.authorization === undefined ? 'unauthenticated' : 'invalid_token')
  }
}, { name: 'operations-token' })

/** Digests have one length whatever was sent, so that each comparison takes the same time (ASVS 11.2.4). */
const digest = (text: string) => createHash('sha256').update(text).digest()
