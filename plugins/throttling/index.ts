import fp from 'fastify-plugin'
import type { FeatureOptions } from '../feature.ts'
import lockout from './lockout.ts'
import passwordChecks from './password-checks.ts'
import rateLimitStatuses from './rate-limit-statuses.ts'
import rateLimits from './rate-limits.ts'

export default fp<FeatureOptions>(async function throttlingFeature (app, { config, clock }) {
  await app.register(rateLimitStatuses)
  await app.register(rateLimits, { ...config.rateLimits, clock })
  await app.register(lockout, { ...config.lockout, clock })
  await app.register(passwordChecks, { clock })
}, { name: 'throttling' })
