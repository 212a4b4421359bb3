import fp from 'fastify-plugin'
import { createAdministratorStore } from '../../lib/access/administrator-store.ts'
import { createHierarchyStore } from '../../lib/access/hierarchy-store.ts'
import { createAdminActions } from '../../lib/administration/admin-actions.ts'
import { createEncryption } from '../../lib/crypto/encryption.ts'
import { purposes } from '../../lib/crypto/purposes.ts'
import { createCursors } from '../../lib/http/cursors.ts'
import { createVendorStore } from '../../lib/organisations/vendor-store.ts'
import { createVendors } from '../../lib/organisations/vendors.ts'
import type { Vendors } from '../../lib/organisations/vendors.ts'
import { createUserStore } from '../../lib/users/user-store.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly vendors: Vendors }
}

export default fp(async function organisationsFeature (app) {
  const { database, secrets, unitsOfWork, audit } = app
  const administrators = createAdministratorStore()
  const people = { administrators, hierarchy: createHierarchyStore(), users: createUserStore(database) }

  app.decorate('vendors', createVendors({
    database,
    ...unitsOfWork,
    vendors: createVendorStore(database),
    administrators,
    actions: createAdminActions({ ...unitsOfWork, ...people }),
    cursors: createCursors(createEncryption(secrets.derive(purposes.cursorsOfVendors))),
    audit
  }))
}, { name: 'organisations', dependencies: ['stores', 'audit', 'changes'] })
