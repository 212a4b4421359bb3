import fp from 'fastify-plugin'
import type { FeatureOptions } from '../feature.ts'
import approvals from './approvals.ts'
import authentication from './authentication.ts'
import principal from './principal.ts'
import proveSession from './prove-session.ts'
import roles from './roles.ts'

export default fp<FeatureOptions>(async function accessFeature (app, { clock }) {
  await app.register(roles, { clock })
  await app.register(approvals)
  await app.register(authentication)
  await app.register(principal)
  await app.register(proveSession)
}, { name: 'access' })
