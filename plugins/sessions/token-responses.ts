import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import { createTokenResponses } from '../../lib/sessions/token-responses.ts'
import type { TokenResponses } from '../../lib/sessions/token-responses.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly tokenResponses: TokenResponses }
}

export default fp<{ refreshTokenTtl: number, clock: Clock }>(async function issueTokenResponses (app, { clock, refreshTokenTtl }) {
  app.decorate('tokenResponses', createTokenResponses({ tokens: app.tokens, deviceTokens: app.deviceTokens, metrics: app.metrics, clock, refreshTokenTtl }))
}, { name: 'token-responses', dependencies: ['tokens', 'device-tokens', 'metrics'] })
