import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import { createOneTimeTokens } from '../../lib/tokens/one-time-tokens.ts'
import type { OneTimeTokens } from '../../lib/tokens/one-time-tokens.ts'
import { createOneTimeTokenStore } from '../../lib/tokens/one-time-token-store.ts'
import { purposes } from '../../lib/crypto/purposes.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly oneTimeTokens: OneTimeTokens }
}

export default fp<{ issuer: string, clock: Clock }>(async function sealOneTimeTokens (app, { issuer, clock }) {
  const keys = app.secrets.derive(purposes.oneTimeTokens(issuer))
  app.decorate('oneTimeTokens', createOneTimeTokens(createOneTimeTokenStore(app.database), { keys, clock }))
}, { name: 'one-time-tokens', dependencies: ['secrets', 'postgres'] })
