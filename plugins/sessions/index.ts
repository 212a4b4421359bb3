import fp from 'fastify-plugin'
import { createChangeStore } from '../../lib/changes/change-store.ts'
import { purposes } from '../../lib/crypto/purposes.ts'
import { createHotSessions } from '../../lib/sessions/hot-session-store.ts'
import { createRefreshTokens } from '../../lib/sessions/refresh-tokens.ts'
import { createSessionStore } from '../../lib/sessions/session-store.ts'
import { createSessions } from '../../lib/sessions/sessions.ts'
import type { Sessions } from '../../lib/sessions/sessions.ts'
import { createSightingStore } from '../../lib/sessions/sighting-store.ts'
import { createSightings, writeIntervalMs } from '../../lib/sessions/sightings.ts'
import { createSignInStore } from '../../lib/sessions/sign-in-store.ts'
import { createTokenResponses } from '../../lib/sessions/token-responses.ts'
import type { TokenResponses } from '../../lib/sessions/token-responses.ts'
import type { FeatureOptions } from '../feature.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly sessions: Sessions
    readonly tokenResponses: TokenResponses
  }
}

/** How often (ms) the sightings that wait are written. */
const flushIntervalMs = 5000

export default fp<FeatureOptions>(async function sessionsFeature (app, { config, clock }) {
  const { issuer, sessionsMax, ...lifetimes } = config.sessions
  const { refreshTokenTtl, refreshGrace: graceMs } = lifetimes
  const { database, scripts, secrets, unitsOfWork, audit, jobs, metrics, rateLimitStatuses: statuses } = app
  const { tokens, deviceTokens, oneTimeTokens } = app
  const rates = config.rateLimits.enabled ? config.rateLimits.refresh : []
  const sightings = createSightings(createSightingStore(database).write)
  const timer = setInterval(flush, flushIntervalMs)

  app.decorate('sessions', createSessions({
    database,
    ...unitsOfWork,
    store: createSessionStore(database, { idleAfterMs: refreshTokenTtl + writeIntervalMs }),
    signIns: createSignInStore(database, { sessionsMax }),
    hot: createHotSessions(scripts, clock, { graceMs, rates }),
    changes: createChangeStore(database),
    refreshTokens: createRefreshTokens(secrets.derive(purposes.refreshTokens(issuer))),
    oneTimeTokens,
    sightings,
    statuses,
    audit,
    jobs,
    metrics,
    clock,
    lifetimes
  }))
  app.decorate('tokenResponses', createTokenResponses({ tokens, deviceTokens, metrics, clock, refreshTokenTtl }))
  app.addHook('onClose', async () => {
    clearInterval(timer)
    await flush()
  })

  async function flush () {
    await sightings.flush().catch(error => app.log.warn({ err: error }, 'sightings'))
  }
}, { name: 'sessions', dependencies: ['monitoring', 'stores', 'jobs', 'audit', 'changes', 'throttling', 'tokens'] })
