import fp from 'fastify-plugin'
import type { FeatureOptions } from '../feature.ts'
import cookieTimes from './cookie-times.ts'
import denials from './denials.ts'
import flows from './flows.ts'
import guardRoutes from './guard-routes.ts'
import preconditions from './preconditions.ts'
import refreshToken from './refresh-token.ts'
import requestLimits from './request-limits.ts'
import requirePermission from './require-permission.ts'
import requireRecentSignIn from './require-recent-sign-in.ts'
import requireRefreshToken from './require-refresh-token.ts'
import requireSchema from './require-schema.ts'
import requireService from './require-service.ts'
import requireSession from './require-session.ts'

export default fp<FeatureOptions>(async function guardsFeature (app, { config, clock }) {
  await app.register(cookieTimes)
  await app.register(refreshToken)
  await app.register(flows)
  await app.register(guardRoutes)
  await app.register(preconditions)
  await app.register(requireSession)
  await app.register(requirePermission)
  await app.register(requireRecentSignIn, { clock })
  await app.register(requireRefreshToken)
  await app.register(requireService)
  await app.register(requireSchema)
  await app.register(requestLimits, { ...config.rateLimits, clock })
  await app.register(denials, { clock })
}, { name: 'guards' })
