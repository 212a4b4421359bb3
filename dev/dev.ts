// npm run dev: private durable stores, migrations, the API with reload, and its addresses in the terminal.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Guarded, spawnGuarded } from './processes/guarded.ts'
import { onceAskedToEnd } from './processes/signals.ts'
import { isFree, isOpen } from './services/ports.ts'
import { publish } from './services/published.ts'
import { type Services, startServices } from './services/services.ts'
import { migrate } from './services/template.ts'

const openTimeoutMs = 20_000
const pollMs = 50

if (existsSync('.env')) process.loadEnvFile('.env')
const dataDir = resolve(process.env['DATA_DIR'] ?? '.data')
const host = process.env['HOST'] ?? '127.0.0.1'
let services: Services | undefined
let api: Guarded | undefined

onceAskedToEnd(() => { end().finally(() => process.exit(0)) }, () => { api?.kill() })

try {
  const port = await choosePort()
  publish(dataDir)
  services = await startServices({ dataDir, durable: true })
  const { databaseUrl, databaseDirectUrl, redisUrl } = services
  const stores = { DATABASE_URL: databaseUrl, DATABASE_DIRECT_URL: databaseDirectUrl, REDIS_URL: redisUrl }

  await migrate(stores)
  publish(dataDir, stores)
  api = await startApi(`${port}`, { ...stores, DATA_DIR: dataDir })
  await untilOpen(port)
  show(port, stores)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  await end()
  process.exit(1)
}

// A port that PORT names is used or refused. Without PORT, the first free port is used.
async function choosePort () {
  const wanted = process.env['PORT']
  if (wanted !== undefined) {
    if (await isUsable(Number(wanted))) return Number(wanted)
    throw new Error(`PORT ${wanted} is taken: choose another, or unset PORT to have one chosen`)
  }
  for (let port = 3000; port < 3100; port++) {
    if (await isUsable(port)) return port
  }
  throw new Error('The ports 3000 to 3099 are taken: name another with PORT')
}

// A browser that finds another program at the other address of localhost asks that one.
async function isUsable (port: number) {
  return await isFree(port, host) && !await isOpen(port, '::1')
}

async function startApi (port: string, env: NodeJS.ProcessEnv) {
  const watch = ['watch', '--clear-screen=false', '--include', 'lib/stores/lua/*.lua']
  const program = ['--import', './dev/example.ts', 'server.ts']
  return await spawnGuarded([process.execPath, 'node_modules/tsx/dist/cli.mjs', ...watch, ...program], {
    env: { NODE_ENV: 'development', ...defaults(port), ...process.env, ...env, ...origins(port), PORT: port },
    graceSeconds: 15
  })
}

// What a developer may set otherwise. The links of mails lead to the example.
function defaults (port: string) {
  return { APP_URL: `http://localhost:${port}/example`, RATE_LIMIT_REGISTER: '1000/1h' }
}

// What is printed is allowed beside the origins that a developer sets, under both names of this machine.
function origins (port: string) {
  const own = [`http://localhost:${port}`, `http://127.0.0.1:${port}`]
  return { ALLOWED_ORIGINS: [process.env['ALLOWED_ORIGINS'], ...own].filter(Boolean).join(',') }
}

// Waits for the API, so that its addresses appear below its start-up log. After the time-out they are shown anyway.
async function untilOpen (port: number) {
  for (const deadline = Date.now() + openTimeoutMs; Date.now() < deadline;) {
    if (await isOpen(port)) return
    await new Promise(resolve => setTimeout(resolve, pollMs))
  }
}

function show (port: number, stores: Record<string, string>) {
  // Passkeys, cookies and the issuer of tokens belong to this name, not to an address.
  const origin = `http://localhost:${port}`
  const prefix = process.env['API_PREFIX'] ?? '/api/v1'
  const body = '{"email":"ada@example.com","password":"violet kettle orbit 1843","full_name":"Ada Lovelace"}'

  console.log([
    '',
    `API=${origin}${prefix}`,
    `DOCS=${origin}/docs`,
    `EXAMPLE=${origin}/example`,
    ...Object.entries(stores).map(([name, url]) => `${name}=${url}`),
    '',
    `curl -sS ${origin}${prefix}/auth/register -H 'content-type: application/json' -d '${body}'`,
    ''
  ].join('\n'))
}

// Stops the API first, because it needs its stores while it finishes the requests that it has begun.
async function end () {
  await api?.stop()
  await services?.stop()
}
