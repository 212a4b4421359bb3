import fp from 'fastify-plugin'
import { createCursors } from '../../lib/http/cursors.ts'
import { createEncryption } from '../../lib/crypto/encryption.ts'
import { createAdministratorStore } from '../../lib/access/administrator-store.ts'
import { createChangeStore } from '../../lib/changes/change-store.ts'
import { createHierarchyStore } from '../../lib/access/hierarchy-store.ts'
import { createUserStore } from '../../lib/users/user-store.ts'
import { createVendorStore } from '../../lib/organisations/vendor-store.ts'
import { createUserActs } from '../../lib/administration/acts.ts'
import { createVendors } from '../../lib/organisations/vendors.ts'
import { purposes } from '../../lib/crypto/purposes.ts'
import type { Vendors } from '../../lib/organisations/vendors.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly vendors: Vendors }
}

export default fp(async function provideVendors (app) {
  const { database, feed, audit } = app
  const administrators = createAdministratorStore()
  const acts = createUserActs({ database, feed, administrators, hierarchy: createHierarchyStore(), users: createUserStore(database) })
  const cursors = createCursors(createEncryption(app.secrets.derive(purposes.cursorsOfVendors)))
  const stores = { vendors: createVendorStore(database), changes: createChangeStore(database), administrators }
  app.decorate('vendors', createVendors({ database, acts, cursors, feed, audit, ...stores }))
}, { name: 'vendors', dependencies: ['postgres', 'secrets', 'change-feed', 'audit'] })
