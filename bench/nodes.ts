// node --import tsx bench/nodes.ts: what an operation costs one node, and four nodes of one deployment, which share a
// Postgres and a Redis Cluster of three masters on loopback. Passwords are not hashed. Needs Linux.
//   --nodes=N        the many (4)
//   --seconds=N      how long each operation is measured (8)
//   --postgres=15|18
import { setTimeout as pause } from 'node:timers/promises'
import postgres from 'postgres'
import { startCluster } from '../test/stores/redis-topologies.ts'
import { readArguments } from './arguments.ts'
import { load, request } from './load/load.ts'
import type { Next } from './load/load.ts'
import { login, password } from './load/scenarios.ts'
import { between, readUse } from './measurements/postgres-costs.ts'
import { readRedisTime } from './measurements/redis-costs.ts'
import { deploy } from './processes/deployment.ts'
import type { Account } from './processes/latchkey.ts'
import type { Node } from './processes/node.ts'
import { renderNodes } from './tables/nodes-table.ts'
import type { Usage } from './tables/nodes-table.ts'

const values = readArguments({
  nodes: { type: 'string', default: '4' },
  seconds: { type: 'string', default: '8' }
})
const measureMs = Number(values.seconds) * 1000
/** For each node: together they answer no more than one alone, so several take longer to have compiled as much. */
const warmUpMs = 6000
const settleMs = 10_000
const accountsCount = 400
/** To each node, however many there are: a node that answers many requests at once spends less on each. */
const connections = 16

tell('starting a Redis Cluster')
const closing: Array<() => unknown> = []
const cluster = await startCluster({ teardown: close => { closing.push(close) } })
tell('starting Postgres')
const settings = { REDIS_URL: cluster.url, DB_STATEMENT_TIMEOUT: '10s' }
const deployment = await deploy({ postgres: values.postgres, settings })
const sql = postgres(deployment.services.postgres?.superuserUrl ?? '', { max: 1, onnotice () {} })

try {
  const few = await measureNodes(1)
  const many = await measureNodes(Number(values.nodes))
  console.log(renderNodes([few, many]))
} finally {
  await sql.end()
  await deployment.stop()
  for (const close of closing) await close()
}

async function measureNodes (count: number) {
  const nodes = await Promise.all(Array.from({ length: count }, () => deployment.start('hashless', '0,1')))
  try {
    const accounts = await nodes[0]?.ask<Account[]>('makeAccounts', { count: accountsCount, password }) ?? []
    await pause(settleMs)
    const usages = new Map<string, Usage>([['nothing, for a second', await measure(nodes, async () => {
      await pause(measureMs)
      return measureMs / 1000
    })]])
    for (const [name, next] of Object.entries(operations(accounts))) {
      tell(`${count} nodes: ${name}`)
      await run(nodes, next, warmUpMs * count)
      usages.set(name, await measure(nodes, () => run(nodes, next, measureMs)))
    }
    return { nodes: count, usages }
  } finally {
    await Promise.all(nodes.map(node => node.stop()))
  }
}

/** Each connection goes on where it stopped, with the tokens that it holds. */
function operations (accounts: Account[]): Record<string, Next> {
  return {
    'sign-in': signingIn(accounts),
    refresh: refreshing(accounts),
    'sign-in or sign-out': leaving(accounts)
  }
}

function signingIn (accounts: Account[]): Next {
  let turns = 0
  return () => login(accounts[turns++ % accounts.length] ?? { email: '' })
}

function refreshing (accounts: Account[]): Next {
  const held = new Map<number, string>()
  return (connection, last) => {
    if (last?.status === 200) held.set(connection, JSON.parse(last.body).refresh_token)
    const token = held.get(connection)
    if (token === undefined) return login(accounts[connection] ?? { email: '' })
    return request('POST', '/api/v1/auth/refresh', { body: { refresh_token: token } })
  }
}

function leaving (accounts: Account[]): Next {
  return (connection, last) => {
    if (last?.status !== 200) return login(accounts[connection] ?? { email: '' })
    return request('POST', '/api/v1/auth/logout', { token: JSON.parse(last.body).access_token })
  }
}

/** Loads all nodes alike, and returns how many answers there were. */
async function run (nodes: Node[], next: Next, milliseconds: number): Promise<number> {
  const results = await Promise.all(nodes.map(({ port }, place) => load({
    port,
    milliseconds,
    connections,
    next: (connection, last) => next(place * connections + connection, last)
  })))
  for (const { statuses } of results) {
    if (Object.keys(statuses).some(status => Number(status) >= 300)) throw new Error(JSON.stringify(statuses))
  }
  return results.reduce((sum, { latencies }) => sum + latencies.length, 0)
}

async function measure (nodes: Node[], work: () => Promise<number>): Promise<Usage> {
  const [began, before] = [performance.now(), await used(nodes)]
  const count = await work()
  const [seconds, after] = [(performance.now() - began) / 1000, await used(nodes)]
  return {
    node: (after.node - before.node) / count,
    postgres: between(before.use, after.use).milliseconds * 1000 / count,
    redis: (after.redis - before.redis) / count,
    perSecond: count / seconds
  }
}

/** Microseconds of a processor until now. */
async function used (nodes: Node[]) {
  const times = await Promise.all(nodes.map(node => node.cpu()))
  const ofRedis = await Promise.all(cluster.servers.map(server => readRedisTime(server)))
  return {
    node: sum(times),
    use: await readUse(sql),
    redis: sum(ofRedis)
  }
}

function sum (figures: number[]) {
  return figures.reduce((total, figure) => total + figure, 0)
}

function tell (line: string) {
  process.stderr.write(`${line}\n`)
}
