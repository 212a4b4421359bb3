import fp from 'fastify-plugin'
import { createMigrations } from '../../lib/stores/migrations.ts'
import type { Migrations } from '../../lib/stores/migrations.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly migrations: Migrations }
}

/**
 * `app.migrations` changes the schema. `app.database` must connect directly and as the owner of the tables, and its
 * deadline must leave time for a long migration. A command registers this plugin; the server does not.
 */
export default fp(async function provideMigrations (app) {
  app.decorate('migrations', createMigrations(app.database))
}, { name: 'migrations' })
