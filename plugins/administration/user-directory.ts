import fp from 'fastify-plugin'
import { createCursors } from '../../lib/http/cursors.ts'
import { createEncryption } from '../../lib/crypto/encryption.ts'
import { createUserDirectoryStore } from '../../lib/administration/directory-store.ts'
import { createUserStore } from '../../lib/users/user-store.ts'
import { createUserDirectory } from '../../lib/administration/directory.ts'
import { purposes } from '../../lib/crypto/purposes.ts'
import type { UserDirectory } from '../../lib/administration/directory.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly userDirectory: UserDirectory }
}

export default fp(async function provideUserDirectory (app) {
  app.decorate('userDirectory', createUserDirectory({
    directory: createUserDirectoryStore(app.database),
    users: createUserStore(app.database),
    cursors: createCursors(createEncryption(app.secrets.derive(purposes.cursorsOfUsers)))
  }))
}, { name: 'user-directory', dependencies: ['postgres', 'secrets'] })
