import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import t from 'tap'
import { isOpen } from '../../../dev/services/ports.ts'
import { startPostgres, startRedis } from '../../../dev/services/services.ts'
import { startStopwatch } from '../../support/stopwatch.ts'

t.test('the services end with their launcher, even when it is killed', async t => {
  const launcher = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', `
    import { startServices } from './dev/services/services.ts'
    delete process.env.DATABASE_URL
    delete process.env.REDIS_URL
    const { postgres, redis } = await startServices({ dataDir: process.argv[1], durable: false })
    console.log(JSON.stringify([postgres.port, redis.port]))
    setInterval(() => {}, 1000)
  `, freshFolder(t)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(launcher.stdout, 'data')
  const ports: number[] = JSON.parse(String(line))

  t.same(await Promise.all(ports.map(port => isOpen(port))), [true, true])
  launcher.kill('SIGKILL')
  t.same(await Promise.all(ports.map(async port => await closes(port))), [true, true])
})

t.test('a private Postgres has the roles of a deployment', async t => {
  const server = await startPostgres({ dataDir: freshFolder(t), durable: true })
  const owner = postgres(server.databaseDirectUrl, { max: 1 })
  const app = postgres(server.databaseUrl, { max: 1 })
  t.teardown(async () => { await Promise.all([owner.end(), app.end()]); await server.stop() })

  const [database] = await owner`select pg_get_userbyid(datdba) as owner from pg_database where datname = current_database()`
  const [member] = await app`select pg_has_role('latchkey_runtime', 'member') as runtime, pg_has_role('latchkey_owner', 'member') as owner`

  t.same(database, { owner: 'latchkey_owner' })
  t.same(member, { runtime: true, owner: false })
  await t.rejects(app`create table public.mine ()`, { code: '42501' })
})

t.test('a private Postgres can be killed and started again with its data', async t => {
  const server = await startPostgres({ dataDir: freshFolder(t), durable: true })
  const sql = postgres(server.databaseDirectUrl, { max: 1 })
  // It may be about to connect again, which a friendly end would wait for.
  t.teardown(async () => { await sql.end({ timeout: 1 }); await server.stop() })

  await sql`create table kept (word text)`
  await sql`insert into kept values ('still here')`
  await server.kill()
  await t.rejects(sql`select word from kept`)
  await server.start()
  // The driver may report the first server's end once more.
  const again = postgres(server.databaseDirectUrl, { max: 1 })
  t.same(await again`select word from kept`, [{ word: 'still here' }])
  await again.end()
})

t.test('a frozen Redis keeps its connections and answers nobody until it is woken', async t => {
  const server = await startRedis({ dataDir: freshFolder(t), durable: false })
  t.teardown(server.stop)

  server.freeze()
  t.equal(await isOpen(server.port), true)
  server.thaw()
  await server.kill()
  t.equal(await isOpen(server.port), false)
  await server.start()
  t.equal(await isOpen(server.port), true)
})

t.test('a server that cannot start reports the reason', async t => {
  const start = startRedis({ dataDir: freshFolder(t), durable: false, config: ['no-such-setting yes'] })

  await t.rejects(start, { message: /Redis does not start[^]*no-such-setting/ })
})

// Not t.testdir(), which lies in the working tree, where two test runs would share it.
function freshFolder (t: Tap) {
  const folder = mkdtempSync(join(tmpdir(), 'services-'))

  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

interface Tap { teardown (end: () => void): void }

async function closes (port: number) {
  for (const passed = startStopwatch(); passed() < 10_000; await sleep(50)) {
    if (!await isOpen(port)) return true
  }
  return false
}
