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

/** How often (ms) the sightings that wait are written, and how often Redis is told which answers have arrived. */
const sightingsIntervalMs = 5000
const confirmationsIntervalMs = 1000

export default fp<FeatureOptions>(async function sessionsFeature (app, { config, clock }) {
  const { issuer, sessionsMax, ...lifetimes } = config.sessions
  const { refreshTokenTtl, refreshGrace: graceMs, refreshResume: canResume } = lifetimes
  const { database, scripts, secrets, unitsOfWork, audit, jobs, metrics, rateLimitStatuses: statuses } = app
  const { tokens, confirmations, deviceTokens, oneTimeTokens } = app
  const rates = config.rateLimits.enabled ? config.rateLimits.refresh : []
  const sightings = createSightings(createSightingStore(database).write)
  const timers = [setInterval(write, sightingsIntervalMs), setInterval(confirm, confirmationsIntervalMs)]

  app.decorate('sessions', createSessions({
    database,
    ...unitsOfWork,
    store: createSessionStore(database, { idleAfterMs: refreshTokenTtl + writeIntervalMs }),
    signIns: createSignInStore(database, { sessionsMax }),
    hot: createHotSessions(scripts, clock, { graceMs, canResume, rates }),
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
    for (const timer of timers) clearInterval(timer)
    await Promise.all([write(), confirm()])
  })

  async function confirm () {
    await confirmations.flush(app.sessions.confirm).catch(error => app.log.warn({ err: error }, 'confirmations'))
  }

  async function write () {
    await sightings.flush().catch(error => app.log.warn({ err: error }, 'sightings'))
  }
}, { name: 'sessions', dependencies: ['monitoring', 'stores', 'jobs', 'audit', 'changes', 'throttling', 'tokens'] })
