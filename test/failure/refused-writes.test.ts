import { rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { freePort } from '../../dev/services/ports.ts'
import type { PrivateServer } from '../../dev/services/private-server.ts'
import { ask } from '../stores/redis-topologies.ts'
import { connect } from '../support/database.ts'
import { as, deploy, refresh, retryUnavailable, signIn, signUp, start } from '../support/helper.ts'
import { until } from '../support/until.ts'
import { check, defaultDeadline, login, outcomeOf, ownPostgres, ownRedis } from './nodes.ts'

type Command = [name: string, ...values: string[]]

t.test('a node with a Redis that answers reads and refuses writes shows it, and stays ready', async t => {
  const server = await ownRedis(t)
  const node = await startNode(t, { ...defaultDeadline, REDIS_URL: server.redisUrl })
  const faults: { name: string, reason: string, fail: Command[], mend: Command[] }[] = [
    {
      name: 'its memory is full',
      reason: 'OOM',
      fail: [['CONFIG', 'SET', 'maxmemory-policy', 'noeviction'], ['CONFIG', 'SET', 'maxmemory', '1']],
      mend: [['CONFIG', 'SET', 'maxmemory', '0']]
    },
    {
      name: 'it has become a replica',
      reason: 'READONLY',
      fail: [['REPLICAOF', '127.0.0.1', String(await freePort())]],
      mend: [['REPLICAOF', 'NO', 'ONE']]
    },
    {
      name: 'it lacks the replicas that it must have',
      reason: 'NOREPLICAS',
      fail: [['CONFIG', 'SET', 'min-replicas-to-write', '1']],
      mend: [['CONFIG', 'SET', 'min-replicas-to-write', '0']]
    },
    {
      name: 'it could not save to its disk',
      reason: 'MISCONF',
      fail: [['CONFIG', 'SET', 'save', '3600 1'], ['BGSAVE']],
      mend: [['CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'no']]
    }
  ]
  await t.test('it does not answer at all', t => isAway(t, node, 'redis', server))

  // It saves to the folder in which it runs.
  rmSync(dirname(server.log), { recursive: true })

  for (const { name, reason, fail, mend } of faults) {
    await t.test(name, t => refuses(t, node, 'redis', reason, { fail: () => order(fail), mend: () => order(mend) }))
  }

  async function order (commands: Command[]) {
    for (const command of commands) t.match(await ask(server, ...command), /^(OK|Background saving)/, command.join(' '))
  }
})

t.test('a node with a Postgres that only reads shows it, and stays ready', async t => {
  const { postgres, settings } = await ownPostgres(t, process.env['LATCHKEY_TEST_REDIS_URL'] ?? '')
  const node = await startNode(t, settings)
  const superuser = connect(t, postgres.superuserUrl, { max: 1 })

  await t.test('by its settings', t => refuses(t, node, 'database', 'read_only', {
    fail: () => reload('alter system set default_transaction_read_only = on'),
    mend: () => reload('alter system reset default_transaction_read_only')
  }))
  await t.test('as a standby', t => refuses(t, node, 'database', 'standby', {
    fail: () => startAsStandby(),
    mend: async () => { await superuser`select pg_promote()` }
  }))
  await t.test('it does not answer at all', t => isAway(t, node, 'database', postgres))

  /** One that has lost its primary. Returns when the node has found its way back to it. */
  async function startAsStandby () {
    await postgres.stop()
    writeFileSync(join(dirname(postgres.log), 'data', 'standby.signal'), '', { mode: 0o666 })
    await postgres.start()
    await until(() => node.app.health.overall() === 'healthy' && node.app.writeWatches.database.takesWrites() === false)
  }

  async function reload (change: string) {
    await superuser.unsafe(change)
    await superuser`select pg_reload_conf()`
  }
})

type Node = Awaited<ReturnType<typeof startNode>>
type Store = 'database' | 'redis'

/** While the store refuses writes the gauge is 0, and the log says so once; what needs no write goes on. */
async function refuses (
  t: Test,
  { app, shown, said }: Node,
  store: Store,
  reason: string,
  { fail, mend }: { fail: () => Promise<void>, mend: () => Promise<void> }
) {
  const ada = await signUp(app)
  const tokens = await signIn(app, ada)
  const before = said().length
  t.equal(await shown(store), 1)

  await fail()
  await until(async () => await shown(store) === 0)
  t.equal(outcomeOf(await login(app, ada)), '503 unavailable', 'nobody can sign in')
  t.match(await check(app, tokens.access_token), { statusCode: 204 })
  t.match(await as(app, tokens.access_token, 'GET', '/auth/me'), { statusCode: 200 })
  t.match(await app.inject('/health/ready'), { statusCode: 200 })
  const health = await app.inject('/health')
  t.equal(health.statusCode, 200)
  t.match(health.json(), { status: 'healthy', [store]: 'connected', refuses_writes: [store] })

  await mend()
  await until(async () => await shown(store) === 1)
  t.notOk('refuses_writes' in (await app.inject('/health')).json())
  t.match(await retryUnavailable(() => refresh(app, tokens.refresh_token)), { statusCode: 200 })
  t.match(said().slice(before), [{ level: 'warn', store, reason }, { level: 'warn', store }], 'one line for each turn')
}

/** A store that does not answer is not said to refuse writes. */
async function isAway (t: Test, { app, shown, said }: Node, store: Store, server: PrivateServer) {
  const before = said().length
  await server.kill()
  await until(async () => await shown(store) === undefined)
  await until(() => app.health.isUp(store) === false)
  const health = (await app.inject('/health')).json()
  t.equal(health[store], 'unreachable')
  t.notOk('refuses_writes' in health)

  await server.start()
  await until(async () => await shown(store) === 1, 10_000)
  t.equal(said().length, before)
}

/** A node with what its gauge shows of a store, undefined for nothing, and what its log has said of the stores. */
async function startNode (t: Test, settings: Record<string, string>) {
  const written: string[] = []
  const stream = { write: (line: string) => { written.push(line) } }
  const app = await start(t, await deploy(t, { ...settings, LOG_LEVEL: 'warn' }), { stream })
  return { app, shown, said }

  async function shown (store: Store) {
    const series = new RegExp(`^latchkey_store_writable\\{store="${store}"\\} (\\d)$`, 'm')
    const [, figure] = series.exec(await app.metrics.render()) ?? []
    return figure === undefined ? undefined : Number(figure)
  }

  function said (): Record<string, unknown>[] {
    return written.map(line => JSON.parse(line)).filter(line => 'store' in line)
  }
}
