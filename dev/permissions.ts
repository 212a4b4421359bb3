// node --import tsx dev/permissions.ts: writes the permissions of each role into the administrator's page, as a new
// database has them.
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import latchkey from '../app.ts'
import { createClock } from '../lib/clock.ts'
import { loadConfig } from '../lib/config/config.ts'
import { createServer } from '../plugins/http/server.ts'
import { withPermissionMatrix } from './documents/permission-matrix.ts'
import { onceAskedToEnd } from './processes/signals.ts'
import { type Services, startServices } from './services/services.ts'
import { migrate } from './services/template.ts'
import { makeTestFolder } from './tests/folder.ts'

const target = 'docs/administration.md'
const folder = makeTestFolder()
let services: Services | undefined

onceAskedToEnd(() => { end().finally(() => process.exit(130)) })

try {
  services = await startServices({ dataDir: folder, durable: false })
  const { roles } = await readRoles(services)
  writeFileSync(target, withPermissionMatrix(readFileSync(target, 'utf8'), roles))
  console.log(`${target} is up to date`)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
await end()

async function readRoles ({ databaseUrl, databaseDirectUrl, redisUrl }: Services) {
  const env = {
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    DATA_DIR: folder,
    DATABASE_URL: databaseUrl,
    DATABASE_DIRECT_URL: databaseDirectUrl,
    REDIS_URL: redisUrl,
    ENCRYPTION_KEY: randomBytes(32).toString('base64')
  }
  await migrate(env)

  const config = loadConfig(env)
  const app = createServer(config)
  try {
    await app.register(latchkey, { config, clock: createClock(), workers: false })
    await app.ready()
    return await app.roleAdministration.list()
  } finally {
    await app.close()
  }
}

async function end () {
  await services?.stop()
}
