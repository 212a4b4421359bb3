// npm run client: writes the types and the calls of the clients, from an app on private stores.
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import latchkey from '../app.ts'
import { createClock } from '../lib/clock.ts'
import { loadConfig } from '../lib/config/config.ts'
import { createServer } from '../plugins/http/server.ts'
import { renderDartModels, renderDartOperations } from './clients/dart-client.ts'
import type { DartDocument } from './clients/dart-client.ts'
import { renderOperations } from './clients/operations.ts'
import { renderClientSchema } from './clients/schema.ts'
import { onceAskedToEnd } from './processes/signals.ts'
import { type Services, startServices } from './services/services.ts'
import { migrate } from './services/template.ts'
import { makeTestFolder } from './tests/folder.ts'

const generated = 'clients/javascript/src/generated'
const generatedDart = 'clients/dart/lib/src/generated'
const folder = makeTestFolder()
let services: Services | undefined

onceAskedToEnd(() => { end().finally(() => process.exit(130)) })

try {
  services = await startServices({ dataDir: folder, durable: false })
  const document = await readDocument(services)
  writeFileSync(`${generated}/schema.ts`, await renderClientSchema(document))
  writeFileSync(`${generated}/operations.ts`, renderOperations(document))
  writeFileSync(`${generatedDart}/models.dart`, renderDartModels(document as DartDocument))
  writeFileSync(`${generatedDart}/operations.dart`, renderDartOperations(document as DartDocument))
  console.log(`${generated} and ${generatedDart} are up to date`)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
await end()

/** The OpenAPI document of a deployment in which every optional route is switched on. */
async function readDocument ({ databaseUrl, databaseDirectUrl, redisUrl }: Services) {
  const env = {
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    DATA_DIR: folder,
    DATABASE_URL: databaseUrl,
    DATABASE_DIRECT_URL: databaseDirectUrl,
    REDIS_URL: redisUrl,
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    SECURITY_CONTACT: 'mailto:security@example.com'
  }
  await migrate(env)

  const config = loadConfig(env)
  const app = createServer(config)
  try {
    await app.register(latchkey, { config, clock: createClock(), workers: false })
    await app.ready()
    return app.swagger()
  } finally {
    await app.close()
  }
}

async function end () {
  await services?.stop()
}
