import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import type { Config } from '../../lib/config/config.ts'
import { createRefreshTokens } from '../../lib/sessions/refresh-tokens.ts'
import { createSessions } from '../../lib/sessions/sessions.ts'
import { period } from '../../lib/sessions/sightings.ts'
import type { Sessions } from '../../lib/sessions/sessions.ts'
import { createChangeStore } from '../../lib/changes/change-store.ts'
import { createHotSessions } from '../../lib/sessions/hot-session-store.ts'
import { createSessionStore } from '../../lib/sessions/session-store.ts'
import { createSignInStore } from '../../lib/sessions/sign-in-store.ts'
import { purposes } from '../../lib/crypto/purposes.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly sessions: Sessions }
}

export default fp<Config['sessions'] & Pick<Config, 'rateLimits'> & { clock: Clock }>(async function keepSessions (app, { clock, issuer, rateLimits, sessionsMax, ...lifetimes }) {
  const { database, feed, oneTimeTokens, sightings, audit, jobs, metrics } = app

  app.decorate('sessions', createSessions({
    database,
    feed,
    oneTimeTokens,
    sightings,
    audit,
    jobs,
    metrics,
    statuses: app.rateLimitStatuses,
    store: createSessionStore(database, { unseen: lifetimes.refreshTokenTtl + period }),
    signIns: createSignInStore(database, { sessionsMax }),
    hot: createHotSessions(app.scripts, clock, { grace: lifetimes.refreshGrace, rates: rateLimits.enabled ? rateLimits.refresh : [] }),
    changes: createChangeStore(database),
    refreshTokens: createRefreshTokens(app.secrets.derive(purposes.refreshTokens(issuer))),
    clock,
    lifetimes
  }))
}, { name: 'sessions', dependencies: ['postgres', 'redis-scripts', 'secrets', 'change-feed', 'one-time-tokens', 'sightings', 'audit', 'jobs', 'metrics', 'rate-limit-statuses'] })
