import type { FastifyReply, FastifyRequest } from 'fastify'
import type { VerifierPrincipal } from './fastify-jwt.ts'
import { Refusal } from '../../../lib/errors.ts'
import { answerOf, bearerOf } from './answers.ts'
import type { Demands } from './judge.ts'
import { isRefusal } from './verifier.ts'
import type { Verifier } from './verifier.ts'

/** The verdicts of the `trusted` hook, by the payload that it was asked about. */
const principals = new WeakMap<object, VerifierPrincipal>()

/**
 * The options for `@fastify/jwt`: it reads the header and verifies the signature with the published key; its `trusted`
 * hook asks the judge, which judges expiry as well, by the clock of Latchkey. `request.user` is the user.
 */
export function jwtOptions (verifier: Verifier) {
  return {
    secret: async (_request: FastifyRequest, token: object) => {
      return (await verifier.keyOf('header' in token ? token.header : undefined)).pem
    },
    decode: { complete: true },
    verify: { algorithms: ['ES256' as const], ignoreExpiration: true },
    trusted: async (request: FastifyRequest, payload: object) => {
      principals.set(payload, await verifier.judge(payload, bearerOf(request.headers.authorization)))
      return true
    },
    formatUser: (payload: unknown): VerifierPrincipal => {
      const principal = typeof payload === 'object' && payload !== null ? principals.get(payload) : undefined
      if (!principal) throw new Error('no token was judged')
      return principal
    }
  }
}

/** A hook (`onRequest`) for routes behind `@fastify/jwt`: a request without a valid token is answered. */
export function latchkeyFastify ({ verifier, ...demands }: { verifier: Pick<Verifier, 'demand'> } & Demands) {
  return async function requireSession (request: FastifyRequest, reply: FastifyReply) {
    try {
      bearerOf(request.headers.authorization)
      verifier.demand(await verified(request), demands)
    } catch (error) {
      if (!isRefusal(error)) throw error
      const { status, headers, body } = answerOf(error)
      return await reply.code(status).headers(headers).send(body)
    }
  }
}

/** @throws Refusal of the judge; `invalid_token` for what `@fastify/jwt` refuses itself */
async function verified (request: FastifyRequest): Promise<VerifierPrincipal> {
  try {
    return await request.jwtVerify<VerifierPrincipal>()
  } catch (error) {
    throw isRefusal(error) || !isOfJwt(error) ? error : new Refusal('invalid_token', { cause: error })
  }
}

/** Whether an error is one with which `@fastify/jwt` or its library refuses a token. */
function isOfJwt (error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(FST_JWT|FAST_JWT)_/.test(String(error.code))
}
