import { readFileSync } from 'node:fs'
import fp from 'fastify-plugin'
import postgres from 'postgres'
import { createMigrations } from '../lib/migrations.ts'
import type { Migrations } from '../lib/migrations.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly migrations: Migrations }
}

export interface MigrationsOptions {
  /** Where to change the schema: a direct connection as the owner of the tables. */
  directUrl: string
  connectTimeout: number
  caFile: string | null
  /** Another folder of SQL files; tests hand it in. */
  folder?: string
}

export default fp<MigrationsOptions>(async function provideMigrations (app, { directUrl, connectTimeout, caFile, folder }) {
  const sql = postgres(directUrl, {
    max: 1,
    prepare: false,
    fetch_types: false,
    connect_timeout: Math.ceil(connectTimeout / 1000),
    onnotice: () => {},
    ...(caFile !== null && { ssl: { ca: readFileSync(caFile) } })
  })

  app.addHook('onClose', async () => { await sql.end({ timeout: 5 }) })
  app.decorate('migrations', createMigrations(inTransaction, folder))

  // postgres.js widens the result of a transaction's work, hence the variable.
  async function inTransaction<T> (work: (execute: (text: string) => Promise<object[]>) => Promise<T>) {
    const results: T[] = []
    await sql.begin(async tx => { results.push(await work(async text => await tx.unsafe(text))) })
    const [result] = results
    if (result === undefined) throw new Error('The migration answered nothing.')
    return result
  }
}, { name: 'migrations' })
