import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import { createGrants } from '../../lib/sessions/grants.ts'
import type { Grants } from '../../lib/sessions/grants.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly grants: Grants }
}

export default fp<{ refreshTokenTtl: number, clock: Clock }>(async function grantTokens (app, { clock, refreshTokenTtl }) {
  app.decorate('grants', createGrants({ tokens: app.tokens, deviceTokens: app.deviceTokens, metrics: app.metrics, clock, refreshTokenTtl }))
}, { name: 'grants', dependencies: ['tokens', 'device-tokens', 'metrics'] })
