import fp from 'fastify-plugin'
import { createEncryption } from '../../lib/crypto/encryption.ts'
import { purposes } from '../../lib/crypto/purposes.ts'
import { createCursors } from '../../lib/http/cursors.ts'
import { createPublishedKeys } from '../../lib/keys/published-keys.ts'
import type { PublishedKeys } from '../../lib/keys/published-keys.ts'
import { createIntrospection } from '../../lib/oauth/introspection.ts'
import type { Introspection } from '../../lib/oauth/introspection.ts'
import { createServiceDirectory } from '../../lib/oauth/service-directory.ts'
import type { ServiceDirectory } from '../../lib/oauth/service-directory.ts'
import { createServiceStore } from '../../lib/oauth/service-store.ts'
import { createServices } from '../../lib/oauth/services.ts'
import type { Services } from '../../lib/oauth/services.ts'
import { createRequestLimits } from '../../lib/throttling/node-limits.ts'
import type { FeatureOptions } from '../feature.ts'
import followers from './followers.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly services: Services
    readonly serviceDirectory: ServiceDirectory
    readonly publishedKeys: PublishedKeys
    readonly introspection: Introspection
  }
}

/** How many wrong credentials a node takes from one network. 256 bits cannot be guessed; this saves the work. */
const failureRates = [{ limit: 30, window: 15 * 60_000 }]

export default fp<FeatureOptions>(async function oauthFeature (app, { config, clock }) {
  const { database, authentication, tokens, sessions, audit, unitsOfWork, rateLimitStatuses: statuses } = app
  const failures = config.rateLimits.enabled ? createRequestLimits(failureRates, { clock }) : null

  const store = createServiceStore(database)

  app.decorate('services', createServices({ database, store, audit, statuses, failures, clock }))
  app.decorate('serviceDirectory', createServiceDirectory({
    store, cursors: createCursors(createEncryption(app.secrets.derive(purposes.cursorsOfServices)))
  }))
  await app.register(followers, { clock })
  app.decorate('publishedKeys', createPublishedKeys({ keyring: app.keyring, hasRead: app.followers.hasRead }))
  app.decorate('introspection', createIntrospection({ ...unitsOfWork, authentication, tokens, sessions, audit }))
}, { name: 'oauth', dependencies: ['stores', 'audit', 'changes', 'keys', 'throttling', 'tokens', 'access', 'sessions'] })
