import fp from 'fastify-plugin'
import { schemaProblem } from '../../lib/stores/compatibility.ts'
import { expectedVersion } from '../../lib/stores/migrations.ts'
import { createSchemaWatch } from '../../lib/stores/schema-watch.ts'
import type { SchemaWatch } from '../../lib/stores/schema-watch.ts'
import { readSchema } from '../../lib/stores/schema.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly schema: SchemaWatch }
}

export interface SchemaOptions {
  /** The version of the schema that this code was written for; by default that of the newest migration. */
  schemaVersion?: number | undefined
}

/**
 * Refuses to start on a database whose schema does not serve this code, and `app.schema` knows whether it still does.
 * Nodes do not migrate by themselves.
 */
export default fp<SchemaOptions>(async function checkSchema (app, options) {
  const { schemaVersion: expected = expectedVersion() } = options
  const state = await readSchema(app.database)
  const problem = schemaProblem(state, expected)
  if (problem !== null) throw new Error(problem)

  app.log.info(`the database is at version ${state.version}, this code at ${expected}`)
  // Read on the connection of the change feed, so that a queue of clients does not delay the probe.
  app.decorate('schema', createSchemaWatch({ read: () => readSchema(app.feedDatabase), expected, report }))

  function report (problem: string | null) {
    if (problem === null) app.log.info('the schema serves this code again')
    else app.log.error(problem)
  }
}, { name: 'schema' })
