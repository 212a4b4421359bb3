import fp from 'fastify-plugin'
import { purposes } from '../../lib/crypto/purposes.ts'
import { createBucketStore } from '../../lib/throttling/bucket-store.ts'
import { createLockout } from '../../lib/throttling/lockout.ts'
import type { Lockout } from '../../lib/throttling/lockout.ts'
import { createPasswordChecks } from '../../lib/throttling/password-checks.ts'
import type { PasswordChecks } from '../../lib/throttling/password-checks.ts'
import { createRateLimitStore } from '../../lib/throttling/rate-limit-store.ts'
import { createRateLimits } from '../../lib/throttling/rate-limits.ts'
import type { RateLimits } from '../../lib/throttling/rate-limits.ts'
import type { FeatureOptions } from '../feature.ts'
import rateLimitStatuses from './rate-limit-statuses.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly rateLimits: RateLimits
    readonly lockout: Lockout
    readonly passwordChecks: PasswordChecks
  }
}

const minuteMs = 60_000

export default fp<FeatureOptions>(async function throttlingFeature (app, { config, clock }) {
  await app.register(rateLimitStatuses)

  const { database, scripts, secrets, passwords, audit, jobs, metrics, rateLimitStatuses: statuses } = app
  const { threshold, duration: shutMs } = config.lockout
  const buckets = createBucketStore(scripts, clock, {
    threshold,
    shutMs,
    shutMaxMs: 12 * 60 * minuteMs,
    // A hash must have waited and ended by then.
    tryTimeoutMs: 15_000,
    noteIntervalMs: minuteMs,
    noticeIntervalMs: 60 * minuteMs
  })
  const lockout = createLockout({ buckets, keys: secrets.derive(purposes.lockoutBuckets), shutMs })

  app.decorate('rateLimits', createRateLimits({
    store: createRateLimitStore(scripts, clock),
    statuses,
    keys: secrets.derive(purposes.rateLimits),
    limits: config.rateLimits
  }))
  app.decorate('lockout', lockout)
  app.decorate('passwordChecks', createPasswordChecks({ database, lockout, passwords, audit, jobs, metrics, clock }))
}, { name: 'throttling', dependencies: ['monitoring', 'stores', 'jobs', 'audit', 'passwords'] })
