import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { startPostgres, startRedis } from '../../dev/services/services.ts'
import { migrate } from '../../dev/services/template.ts'
import { spawnNode } from '../failure/nodes.ts'
import { as, deploy, password, post, refresh, signIn, start } from '../support/helper.ts'
import { createAuthority } from './certificates.ts'

const authority = createAuthority('the authority')
const stranger = createAuthority('the authority')

t.test('Latchkey works with Postgres over TLS', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'tls-'))
  const [right, wrong] = [file(folder, 'right.pem', authority.cert), file(folder, 'wrong.pem', stranger.cert)]
  const server = await startPostgres({ dataDir: join(folder, 'postgres'), durable: false, tls: authority.issue('localhost', '127.0.0.1') })
  t.teardown(server.stop)
  const deployment = await deploy(t)
  const settings = (host: string, sslmode: string | null, ca: string | null) => ({
    ...deployment,
    DATABASE_URL: to(server.databaseUrl, host, sslmode),
    DATABASE_DIRECT_URL: to(server.databaseDirectUrl, host, sslmode),
    ...(ca && { DATABASE_CA_FILE: ca })
  })

  await migrate(settings('localhost', 'verify-full', right))

  for (const host of ['localhost', '127.0.0.1']) {
    await t.test(`${host} is verified, and a whole session works`, async t => {
      const app = await start(t, settings(host, 'verify-full', right))
      const [{ ssl } = { ssl: false }] = await app.database<{ ssl: boolean }>`select ssl from pg_stat_ssl where pid = pg_backend_pid()`
      t.equal(ssl, true)
      await wholeWay(t, app)
    })
  }

  await t.test('a configured authority is checked even without sslmode', async t => {
    await t.resolves(start(t, settings('localhost', null, right)))
    await t.rejects(start(t, settings('localhost', null, wrong)))
    await t.rejects(start(t, settings('localhost', 'require', wrong)))
  })

  await t.test('another authority is refused', async t => {
    await t.rejects(start(t, settings('localhost', 'verify-full', wrong)), { code: 'unavailable' })
    await t.rejects(start(t, settings('localhost', 'verify-full', null)), { code: 'unavailable' }, 'and those of the system do not know ours')
  })

  await t.test('an unencrypted connection is refused', async t => {
    await t.rejects(start(t, settings('localhost', null, null)))
    await t.rejects(start(t, settings('localhost', 'disable', null)))
  })

  await t.test('the commands check the certificate as the server does', async t => {
    await t.rejects(migrate(settings('localhost', 'verify-full', wrong)), /migrations failed/)
  })
})

t.test('a Postgres whose certificate is for another name is refused', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'tls-'))
  const ca = file(folder, 'ca.pem', authority.cert)
  const server = await startPostgres({ dataDir: join(folder, 'postgres'), durable: false, tls: authority.issue('localhost', 'db.example.com') })
  t.teardown(server.stop)
  const deployment = { ...await deploy(t), DATABASE_CA_FILE: ca }

  await migrate({ ...deployment, DATABASE_URL: to(server.databaseUrl, 'localhost', 'verify-full'), DATABASE_DIRECT_URL: to(server.databaseDirectUrl, 'localhost', 'verify-full') })
  await t.resolves(start(t, { ...deployment, DATABASE_URL: to(server.databaseUrl, 'localhost', 'verify-full'), DATABASE_DIRECT_URL: server.databaseDirectUrl }))
  await t.rejects(start(t, { ...deployment, DATABASE_URL: to(server.databaseUrl, '127.0.0.1', 'verify-full'), DATABASE_DIRECT_URL: server.databaseDirectUrl }), { code: 'unavailable' }, 'the address is not in it')
})

t.test('Redis works over TLS, with the authority of REDIS_CA_FILE', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'tls-'))
  const [right, wrong] = [file(folder, 'right.pem', authority.cert), file(folder, 'wrong.pem', stranger.cert)]
  const server = await startRedis({ dataDir: join(folder, 'redis'), durable: false, tls: authority.issue('localhost') })
  t.teardown(server.stop)
  const deployment = await deploy(t)
  const settings = (host: string, ca: string) => Object.assign({}, deployment, { REDIS_URL: server.redisUrl.replace('127.0.0.1', host), REDIS_CA_FILE: ca })

  await wholeWay(t, await start(t, settings('localhost', right)))
  await t.rejects(start(t, settings('localhost', wrong)), 'another authority')
  await t.rejects(start(t, settings('127.0.0.1', right)), 'another name')
})

t.test('Redis works over TLS, with the authority of NODE_EXTRA_CA_CERTS', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'tls-'))
  const ca = file(folder, 'ca.pem', authority.cert)
  const server = await startRedis({ dataDir: join(folder, 'redis'), durable: false, tls: authority.issue('localhost') })
  t.teardown(server.stop)
  const deployment = await deploy(t)
  const url = (host: string, scheme = 'rediss') => server.redisUrl.replace('rediss', scheme).replace('127.0.0.1', host)

  const node = await spawnNode(t, { ...deployment, REDIS_URL: url('localhost'), NODE_EXTRA_CA_CERTS: ca })
  const near = await start(t, deployment, { hasher: null })
  const { email } = await account(near)
  const login = await node.send('POST', '/api/v1/auth/login', { body: { email, password } })
  t.equal(login?.status, 200)
  const tokens = await login?.json() as { refresh_token: string }
  t.equal((await node.send('POST', '/api/v1/auth/refresh', { body: tokens && { refresh_token: tokens.refresh_token } }))?.status, 200)

  await t.rejects(start(t, { ...deployment, REDIS_URL: url('localhost') }), 'an authority that nobody has named')
  await t.rejects(start(t, { ...deployment, REDIS_URL: url('localhost', 'redis') }), 'without TLS')
  await t.rejects(spawnNode(t, { ...deployment, REDIS_URL: url('127.0.0.1'), NODE_EXTRA_CA_CERTS: ca }, undefined), 'another name')
})

async function wholeWay (t: Test, app: Awaited<ReturnType<typeof start>>) {
  const ada = await signIn(app)
  const next = await refresh(app, ada.refresh_token)
  t.match(next, { statusCode: 200 })
  const { access_token: token, refresh_token: newest } = next.json()
  t.match(await as(app, token, 'GET', '/auth/sessions'), { statusCode: 200 })
  t.match(await post(app, '/auth/logout', { refresh_token: newest }), { statusCode: 204 })
  t.match((await refresh(app, newest)).json(), { reason: 'signed_out' })
}

async function account (app: Awaited<ReturnType<typeof start>>) {
  const { user } = await signIn(app)
  return user
}

function to (url: string, host: string, sslmode: string | null) {
  const target = new URL(url)
  target.hostname = host
  target.search = sslmode ? `?sslmode=${sslmode}` : ''
  return target.href
}

function file (folder: string, name: string, text: string) {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
