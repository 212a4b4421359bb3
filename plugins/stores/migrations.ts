import fp from 'fastify-plugin'
import { createMigrations } from '../../lib/stores/migrations.ts'
import type { Migrations } from '../../lib/stores/migrations.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly migrations: Migrations }
}

/** Changes the schema. `app.database` is to be the owner's, by a direct connection, and in no hurry. */
export default fp(async function provideMigrations (app) {
  app.decorate('migrations', createMigrations(work => app.database.begin(tx => work(text => tx.unsafe(text)))))
}, { name: 'migrations' })
