import { createHash, timingSafeEqual } from 'node:crypto'
import fp from 'fastify-plugin'
import { Refusal } from '../../lib/errors.ts'
import type { FastifyRequest } from 'fastify'
import type { Config } from '../../lib/config/config.ts'

export interface Operations {
  /** Whether there is an OPERATIONS_TOKEN at all. */
  readonly enabled: boolean
  /** Whether a request brings it as its bearer token. */
  allows (request: Pick<FastifyRequest, 'headers'>): boolean
  /** An onRequest hook that lets nobody else in: 404 without a token in the settings, else 401. */
  guard (request: FastifyRequest): Promise<void>
}

declare module 'fastify' {
  interface FastifyInstance { readonly operations: Operations }
}

/** `app.operations`: the door for people and machines that run this, by OPERATIONS_TOKEN. */
export default fp<Pick<Config['operations'], 'operationsToken'>>(async function guardOperations (app, { operationsToken }) {
  const enabled = operationsToken !== null
  const expected = digest(operationsToken ?? '')

  app.decorate('operations', { enabled, allows, guard })

  function allows ({ headers: { authorization = '' } }: Pick<FastifyRequest, 'headers'>) {
    const [, token] = /^bearer +(\S+)$/i.exec(authorization) ?? []
    return enabled && token !== undefined && timingSafeEqual(digest(token), expected)
  }

  async function guard (request: FastifyRequest) {
    if (!enabled) throw new Refusal('not_found')
    if (!allows(request)) throw new Refusal(request.headers.authorization === undefined ? 'unauthenticated' : 'invalid_token')
  }
}, { name: 'operations' })

/** Of one length whatever was sent, so that the comparison takes one time (ASVS 11.2.4). */
const digest = (text: string) => createHash('sha256').update(text).digest()
