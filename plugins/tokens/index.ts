import fp from 'fastify-plugin'
import { purposes } from '../../lib/crypto/purposes.ts'
import { createConfirmations } from '../../lib/tokens/confirmations.ts'
import type { Confirmations } from '../../lib/tokens/confirmations.ts'
import { createDeviceTokens } from '../../lib/tokens/device-tokens.ts'
import type { DeviceTokens } from '../../lib/tokens/device-tokens.ts'
import { createOneTimeTokenStore } from '../../lib/tokens/one-time-token-store.ts'
import { createOneTimeTokens } from '../../lib/tokens/one-time-tokens.ts'
import type { OneTimeTokens } from '../../lib/tokens/one-time-tokens.ts'
import { createPendingLogins } from '../../lib/tokens/pending-logins.ts'
import type { PendingLogins } from '../../lib/tokens/pending-logins.ts'
import type { FeatureOptions } from '../feature.ts'
import accessTokens from './access-tokens.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly confirmations: Confirmations
    readonly oneTimeTokens: OneTimeTokens
    readonly deviceTokens: DeviceTokens
    readonly pendingLogins: PendingLogins
  }
}

export default fp<FeatureOptions>(async function tokensFeature (app, { config, clock }) {
  const { database, secrets, metrics } = app
  const { issuer } = config.tokens
  const confirmations = createConfirmations(metrics)

  app.decorate('confirmations', confirmations)
  await app.register(accessTokens, {
    ...config.tokens,
    clock,
    ...(config.sessions.refreshResume && { seen: confirmations.note })
  })
  app.decorate('oneTimeTokens', createOneTimeTokens(createOneTimeTokenStore(database), {
    keys: secrets.derive(purposes.oneTimeTokens(issuer)),
    clock
  }))
  app.decorate('deviceTokens', createDeviceTokens(secrets.derive(purposes.deviceTokens(issuer))))
  app.decorate('pendingLogins', createPendingLogins(secrets.derive(purposes.pendingLogins(issuer)), clock))
}, { name: 'tokens', dependencies: ['monitoring', 'stores'] })
