import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { spawnGuarded } from '../dev/processes/guarded.ts'
import { freePort } from '../dev/services/ports.ts'
import { loadConfig } from '../lib/config/config.ts'
import { parseDuration } from '../lib/config/parse.ts'
import { settings } from '../lib/config/settings.ts'
import { parseToml } from './support/documents/toml.ts'
import type { Table } from './support/documents/toml.ts'
import { deploy } from './support/helper.ts'
import { until } from './support/until.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '..')
const text = (name: string) => readFileSync(join(root, name), 'utf8')
const fly = parseToml(text('fly.toml'))
const [build = '', runtime = ''] = text('Dockerfile').split(/^(?=FROM )/m).slice(1)
const image = Object.fromEntries([...runtime.matchAll(/(\w+)=(\S+)/g)].filter(([line]) => /^(NODE_ENV|HOST|PORT)=/.test(line)).map(([, name = '', value = '']) => [name, value]))
const command = JSON.parse(/^CMD (\[.*\])$/m.exec(runtime)?.[1] ?? '[]') as string[]
const probe = JSON.parse(/HEALTHCHECK [^]*?\n\s+CMD (\[.*\])$/m.exec(runtime)?.[1] ?? '[]') as string[]
const release = String(table(fly['deploy'])['release_command']).split(' ')

t.test('the build runs with its own dependencies only', async t => {
  const folder = await assemble()
  const stores = await deploy(t)
  const [port, metricsPort] = [String(await freePort()), String(await freePort())]
  const env = { PATH: process.env['PATH'], ...image, ...flyEnv(), ...secrets(stores), REDIS_KEY_PREFIX: stores.REDIS_KEY_PREFIX, HOST: '127.0.0.1', PORT: port, METRICS_PORT: metricsPort }
  const cli = async (...args: string[]) =>
    (await run(process.execPath, [...release.slice(1), ...args], { cwd: folder, env })).stdout

  t.match(await cli('--to', '0', '--yes'), /is now at version 0/)
  t.match(await cli(), /is now at version \d+/, 'the release command brings an empty database up to date')
  t.match(await cli(), /The database is at version/, 'and may run again')

  const server = await spawnGuarded([process.execPath, ...command.slice(1)], { cwd: folder, env, output: 'pipe' })
  t.teardown(() => server.kill())
  let output = ''
  for (const stream of [server.stdout, server.stderr]) stream?.on('data', chunk => { output += String(chunk) })
  await until(async () => (await ask(port, path(checks()[0])).catch(() => null))?.status === 200, 30_000, () => output)

  t.equal((await ask(port, path(table(table(fly['checks'])['live'])))).status, 200)
  t.match(await (await ask(metricsPort, path(table(fly['metrics'])))).text(), /latchkey_ready 1/)
  t.equal((await ask(port, '/health')).status, 200)
  t.equal((await ask(port, '/api/v1/auth/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ email: 'ada@example.com', password: 'a guess' }) })).status, 401, 'the hasher and the scripts are there')
  await t.resolves(run(process.execPath, probe.slice(1), { env }), 'the probe of the image finds it')

  t.equal(await server.stop(), 0, 'and it ends well')
  t.match(output, /Latchkey has stopped/)
  await t.rejects(run(process.execPath, probe.slice(1), { env }), 'which the probe notices')
})

t.test('the image is built from the files it needs and holds no secret', async t => {
  const copied = [...build.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, names = '']) => names.split(' '))
  const kept = [...runtime.matchAll(/^COPY --from=build \/app\/(\S+) \S+$/gm)].map(([, name]) => name)
  const source = ['app.ts', 'server.ts', 'cli.ts', 'commands', 'dev', 'lib', 'plugins', 'routes', 'sql']
  const ignored = text('.dockerignore').split('\n').filter(Boolean)

  for (const name of [...source, 'package.json', 'package-lock.json', '.npmrc', 'tsconfig.json']) t.ok(copied.includes(name), `${name} is there for the build`)
  for (const name of copied) {
    t.ok(existsSync(join(root, name)), `${name} exists`)
    t.notOk(ignored.includes(name), `${name} is not ignored`)
  }
  t.same(kept, ['package.json', 'node_modules', 'dist'])
  for (const name of ['.git', '.data', '**/.env', '**/.env.*', '**/*.pem', 'node_modules', 'dist']) t.ok(ignored.includes(name), `${name} stays outside`)
  t.notMatch(text('Dockerfile'), /^(ARG (?!NODE_IMAGE=)|ADD )|--mount=type=secret|COPY \. /m)
  t.match(build, /^RUN npm ci --ignore-scripts$[^]*^RUN npm run build:server && npm prune --omit=dev$/m, 'no package runs a script of its own')
})

t.test('the image runs as an unprivileged user, on a supported Node', async t => {
  const [, major] = /^ARG NODE_IMAGE=node:(\d+)/m.exec(text('Dockerfile')) ?? []
  t.ok(Number(major) >= 20)
  t.equal(/^FROM (\S+)/.exec(build)?.[1], /^FROM (\S+)/.exec(runtime)?.[1], 'built for what it runs on')
  t.match(runtime, /^USER node$/m)
  t.ok(runtime.lastIndexOf('COPY') < runtime.indexOf('USER'), 'which owns none of it')
  t.match(runtime, new RegExp(`^EXPOSE ${image['PORT']}$`, 'm'))
  t.same(command, ['node', 'dist/server.js'], 'no shell in between: signals arrive')
})

t.test('fly.toml names only settings, routes and files that exist', async t => {
  const env = flyEnv()
  const service = table(fly['http_service'])
  const stores = { DATABASE_URL: 'postgres://a/b', DATABASE_DIRECT_URL: 'postgres://a/b', REDIS_URL: 'rediss://:p@a', ENCRYPTION_KEY: (await deploy(t)).ENCRYPTION_KEY }
  const config = loadConfig({ ...env, ...secrets(stores) })

  for (const name of [...Object.keys(env), ...Object.keys(image), ...secretNames()]) t.ok(name in settings.properties, `${name} is a setting`)
  for (const name of secretNames()) t.notOk(name in env, `${name} is not in the file`)
  t.ok(secretNames().length >= 5)
  t.equal(service['internal_port'], config.process.port)
  t.equal(config.process.host, '0.0.0.0')
  t.equal(service['force_https'], true)
  t.equal(table(table(fly['checks'])['live'])['port'], config.process.port)
  t.equal(table(fly['metrics'])['port'], config.operations.metricsPort)
  t.equal(fly['kill_signal'], 'SIGTERM')
  t.ok(parseDuration(String(fly['kill_timeout'])) > config.process.shutdownTimeout + 5000, 'nobody is killed before the process gives up by itself')
  t.same([path(checks()[0]), path(table(table(fly['checks'])['live']))], ['/health/ready', '/health/live'])
  t.same(release, ['node', 'dist/cli.js', 'migrate'])
  t.equal(table(fly['build'])['dockerfile'], 'Dockerfile')
  t.strictSame(config.http.trustProxy, ['172.16.0.0/12'], 'nobody on the Internet is believed')
  t.equal(config.http.clientAddressHeader, 'fly-client-ip', 'the header that Fly sets itself: the last address of X-Forwarded-For is the app')
})

t.test('the parser refuses what it does not understand', async t => {
  t.same(parseToml('a = "b" # c\n[x.y]\nn = 1\n[[z]]\nl = ["p", "q"]\n[[z]]\nt = true'), { a: 'b', x: { y: { n: 1 } }, z: [{ l: ['p', 'q'] }, { t: true }] })
  for (const line of ['a = 1\na = 2', 'a', 'a = b', 'a = """x"""', '[a', 'a = {}']) t.throws(() => parseToml(line), line)
})

/** A folder with the content of the image: compiled, with the dependencies that `npm prune --omit=dev` leaves. */
async function assemble () {
  const folder = mkdtempSync(join(tmpdir(), 'image-'))
  const { packages } = JSON.parse(text('package-lock.json')) as { packages: Record<string, { dev?: boolean }> }

  for (const [name, { dev }] of Object.entries(packages)) {
    if (name === '' || dev === true || name.includes('/node_modules/') || !existsSync(join(root, name))) continue
    cpSync(join(root, name), join(folder, name), { recursive: true, filter: source => !isDevelopment(source) })
  }
  cpSync(join(root, 'package.json'), join(folder, 'package.json'))
  const source = copySource()
  await run('npm', ['run', '--silent', 'build:server'], { cwd: source })
  renameSync(join(source, 'dist'), join(folder, 'dist'))
  t.notOk(readdirSync(join(folder, 'node_modules')).includes('typescript'))
  return folder

  function isDevelopment (source: string) {
    const name = source.slice(root.length + 1)
    return packages[name]?.dev === true
  }
}

/** A folder with what the build stage copies, and the packages. */
function copySource () {
  const folder = mkdtempSync(join(tmpdir(), 'source-'))
  const paths = [...build.matchAll(/^COPY (.*) \S+$/gm)].flatMap(([, names = '']) => names.split(' '))
  for (const path of paths) cpSync(join(root, path), join(folder, path), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

function flyEnv () {
  return Object.fromEntries(Object.entries(table(fly['env'])).map(([name, value]) => [name, String(value)]))
}

/** The settings that the first lines of fly.toml require as secrets. */
function secretNames () {
  const [, names = ''] = /`fly secrets set`: ([^.]+)\./.exec(text('fly.toml').replaceAll('\n# ', ' ')) ?? []
  return names.split(/,\s*/)
}

function secrets (stores: Record<'DATABASE_URL' | 'DATABASE_DIRECT_URL' | 'REDIS_URL' | 'ENCRYPTION_KEY', string>) {
  return {
    DATABASE_URL: stores.DATABASE_URL,
    DATABASE_DIRECT_URL: stores.DATABASE_DIRECT_URL,
    REDIS_URL: stores.REDIS_URL,
    ENCRYPTION_KEY: stores.ENCRYPTION_KEY,
    SMTP_URL: 'smtp://127.0.0.1:1',
    OPERATIONS_TOKEN: 'an-operations-token-9f31'
  }
}

function checks (): Table[] {
  const list = table(fly['http_service'])['checks']
  if (!Array.isArray(list)) throw new Error('no checks')
  return list as Table[]
}

function table (value: Table[string] | undefined): Table {
  if (typeof value !== 'object' || Array.isArray(value)) throw new Error('no table')
  return value
}

const path = (check: Table | undefined) => String(check?.['path'])

async function ask (port: string, path: string, init?: RequestInit) {
  return await fetch(`http://127.0.0.1:${port}${path}`, init)
}
