import fp from 'fastify-plugin'
import { schemaProblem } from '../../lib/stores/migrations.ts'
import { ownsTables, schemaVersion } from '../../lib/stores/schema.ts'

/** Refuses to start on a database whose schema is not this code's. Nodes do not migrate by themselves. */
export default fp(async function checkSchema (app) {
  const version = await schemaVersion(app.database)
  const problem = schemaProblem(version)
  if (problem !== null) throw new Error(problem)

  app.log.info(`the database is at version ${version}`)
  if (await ownsTables(app.database)) {
    app.log.warn('DATABASE_URL connects as the owner of the tables: ' +
      'only a trigger keeps the audit trail append-only. ' +
      'Give the server a role of its own that is a member of latchkey_runtime, and the owner to DATABASE_DIRECT_URL.')
  }
}, { name: 'schema' })
