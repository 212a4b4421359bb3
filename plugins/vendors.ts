import fp from 'fastify-plugin'
import { createCursors } from '../lib/cursors.ts'
import { createEncryption } from '../lib/encryption.ts'
import { createAdministratorStore } from '../lib/stores/administrators.ts'
import { createChangeStore } from '../lib/stores/changes.ts'
import { createHierarchyStore } from '../lib/stores/hierarchy.ts'
import { createUserStore } from '../lib/stores/users.ts'
import { createVendorStore } from '../lib/stores/vendors.ts'
import { createUserActs } from '../lib/user-acts.ts'
import { createVendors } from '../lib/vendors.ts'
import type { Vendors } from '../lib/vendors.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly vendors: Vendors }
}

export default fp(async function provideVendors (app) {
  const { database, feed, audit } = app
  const administrators = createAdministratorStore()
  const acts = createUserActs({ database, feed, administrators, hierarchy: createHierarchyStore(), users: createUserStore(database) })
  const cursors = createCursors(createEncryption(app.secrets.derive('cursors of vendors')))
  const stores = { vendors: createVendorStore(database), changes: createChangeStore(database), administrators }
  app.decorate('vendors', createVendors({ database, acts, cursors, feed, audit, ...stores }))
}, { name: 'vendors', dependencies: ['postgres', 'secrets', 'change-feed', 'audit'] })
