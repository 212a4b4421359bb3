import fp from 'fastify-plugin'
import { createCursors } from '../lib/cursors.ts'
import { createEncryption } from '../lib/encryption.ts'
import { createUserDirectoryStore } from '../lib/stores/user-directory.ts'
import { createUserStore } from '../lib/stores/users.ts'
import { createUserDirectory } from '../lib/user-directory.ts'
import type { UserDirectory } from '../lib/user-directory.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly userDirectory: UserDirectory }
}

export default fp(async function provideUserDirectory (app) {
  app.decorate('userDirectory', createUserDirectory({
    directory: createUserDirectoryStore(app.database),
    users: createUserStore(app.database),
    cursors: createCursors(createEncryption(app.secrets.derive('cursors of users')))
  }))
}, { name: 'user-directory', dependencies: ['postgres', 'secrets'] })
