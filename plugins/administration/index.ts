import fp from 'fastify-plugin'
import type { FeatureOptions } from '../feature.ts'
import administrators from './administrators.ts'
import auditTrail from './audit-trail.ts'
import roleAdministration from './role-administration.ts'
import userAdministration from './user-administration.ts'
import userDirectory from './user-directory.ts'

export default fp<FeatureOptions>(async function administrationFeature (app, { clock }) {
  await app.register(userDirectory)
  await app.register(userAdministration, { clock })
  await app.register(roleAdministration)
  await app.register(administrators, { clock })
  await app.register(auditTrail)
}, { name: 'administration' })
