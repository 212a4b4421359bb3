import { randomBytes } from 'node:crypto'
import Fastify from 'fastify'
import auditRetention from '../plugins/audit/audit-retention.ts'
import migrations from '../plugins/stores/migrations.ts'
import connectPostgres from '../plugins/stores/postgres.ts'
import { UsageError } from './support/command.ts'
import type { Command, Input, Result, Surroundings } from './support/command.ts'
import { progress } from './support/progress.ts'
import { readConfig } from './support/with-app.ts'

const migrate: Command = {
  usage: 'migrate [--to N [--yes]]',
  help: 'brings the schema up to date, or to a version; --yes if that removes data',
  options: { to: { type: 'string' }, yes: { type: 'boolean' } },
  positionals: 0,
  run
}
export default migrate

/** The schema's first version with a row for the retention of the trail. */
const versionOfRetention = 22
const dayMs = 86_400_000

async function run ({ values: { to, yes } }: Input, { env, stderr }: Surroundings): Promise<Result> {
  if (to !== undefined && !/^\d{1,6}$/.test(String(to))) throw new UsageError('--to takes the number of a version.')

  const config = readConfig(env, {
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    REDIS_URL: 'redis://localhost',
    ISSUER_URL: 'https://localhost'
  })
  const app = Fastify()
  try {
    await app.register(connectPostgres, {
      ...config.postgres,
      url: config.postgres.directUrl,
      poolMax: 2,
      poolMin: 0,
      deadline: dayMs,
      // A migration that runs in steps may wait long for a lock, because nobody queues behind it. The others set limits
      // of their own.
      lockTimeout: dayMs
    })
    await app.register(migrations)
    await app.register(auditRetention)
    const result = await app.migrations.migrate({
      report: line => progress(stderr, line),
      mayRemove: yes === true,
      ...(to !== undefined && { to: Number(to) })
    })
    // What the server may drop of the trail is the owner's to decide, and the server is not the owner.
    if (result.to >= versionOfRetention) await app.auditRetention.setRetention(config.audit.retention)
    const moved = result.from === result.to ? 'is' : `was at version ${result.from} and is now`
    return { text: `The database ${moved} at version ${result.to}.`, data: result }
  } finally {
    await app.close()
  }
}
