import { createSigner, createVerifier } from 'fast-jwt'
import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import type { Config } from '../../lib/config/config.ts'
import { createTokens } from '../../lib/tokens/access-tokens.ts'
import type { Tokens, TokensOptions } from '../../lib/tokens/access-tokens.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly tokens: Tokens }
}

export type AccessTokensOptions = Config['tokens'] & { clock: Clock } & Pick<TokensOptions, 'seen'>

export default fp<AccessTokensOptions>(async function provideAccessTokens (app, options) {
  const { keyring, metrics } = app
  app.decorate('tokens', createTokens({ ...options, keyring, metrics, jwt: { createSigner, createVerifier } }))
}, { name: 'access-tokens', dependencies: ['monitoring', 'keys'] })
