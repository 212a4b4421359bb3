import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import type { Config } from '../../lib/config/config.ts'
import { createLockout } from '../../lib/throttling/lockout.ts'
import type { Lockout } from '../../lib/throttling/lockout.ts'
import { createBucketStore } from '../../lib/throttling/bucket-store.ts'
import { purposes } from '../../lib/crypto/purposes.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly lockout: Lockout }
}

const minute = 60_000

export default fp<Config['lockout'] & { clock: Clock }>(async function countGuesses (app, { clock, threshold, duration }) {
  const buckets = createBucketStore(app.scripts, clock, {
    threshold,
    duration,
    longest: 12 * 60 * minute,
    // Longer than a hash may wait and take.
    patience: 15_000,
    noteInterval: minute,
    noticeInterval: 60 * minute
  })

  app.decorate('lockout', createLockout({ buckets, keys: app.secrets.derive(purposes.lockoutBuckets), duration }))
}, { name: 'lockout', dependencies: ['redis-scripts', 'secrets'] })
