// node --import tsx bench/growth.ts: what an operation costs Postgres with a thousand users, and with very many. Both
// deployments run beside each other and are asked by turns. Needs Linux, 10 GB of disk for a million users, and forty
// minutes. Passwords are not hashed: a hash costs the same whatever the number of users.
//   --users=N        the many (1000000); each has ten sessions
//   --buffers=SIZE   shared_buffers of each Postgres (7GB, which holds a million users with ten sessions each)
//   --requests=N     of each operation (2000)
//   --rounds=N       in which they are asked (5)
//   --hold           keeps the databases afterwards, until Enter, and tells their URLs: for EXPLAIN
//   --postgres=15|18
import { once } from 'node:events'
import { cpus, loadavg } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import postgres from 'postgres'
import { readArguments } from './arguments.ts'
import { addOverdue, fill, pickMembers, readSizes, removeInventedKeys, warm } from './load/crowd.ts'
import { password } from './load/scenarios.ts'
import { spread } from './load/statistics.ts'
import { measureByTurns, operations } from './measurements/growth-operations.ts'
import type { Cost, Crowd } from './measurements/growth-operations.ts'
import { between, readUse } from './measurements/postgres-costs.ts'
import { deploy } from './processes/deployment.ts'
import type { Deployment } from './processes/deployment.ts'
import { pinOurselves } from './processes/node.ts'
import type { Node } from './processes/node.ts'
import { renderGrowth } from './tables/growth-table.ts'
import type { Measured } from './tables/growth-table.ts'

const values = readArguments({
  users: { type: 'string', default: '1000000' },
  buffers: { type: 'string', default: '7GB' },
  requests: { type: 'string', default: '2000' },
  rounds: { type: 'string', default: '5' },
  hold: { type: 'boolean', default: false }
})
const requests = Number(values.requests)
const rounds = Number(values.rounds)
const sessionsPerUser = 10
const sizes = [1000, Number(values.users)]
const overdueSessions = 20_000
const failedJobs = 1_000_000
/** Long enough for two counts of the jobs. */
const idleMs = 31_000
const warmUpMs = 15_000
/** Scheduled work that a start finds due has this long to end. */
const settleMs = 180_000

/** A deployment with its users, and a node that has done what its start found due. */
interface Prepared { users: number, deployment: Deployment, sql: postgres.Sql, node: Node }

const closing: Array<() => Promise<unknown>> = []

pinOurselves('1')
try {
  const prepared: Prepared[] = []
  for (const users of sizes) prepared.push(await prepare(users))
  console.log(renderGrowth({ machine: describeMachine(), measured: await measureAll(prepared) }))
  if (values.hold) await hold(prepared)
} finally {
  for (const close of closing.toReversed()) await close()
}

async function prepare (users: number): Promise<Prepared> {
  tell(`starting Postgres and Redis for ${users} users`)
  const deployment = await deploy({
    postgres: values.postgres,
    durable: true,
    postgresArgs: ['-c', `shared_buffers=${values.buffers}`, '-c', 'max_wal_size=8GB']
  })
  closing.push(deployment.stop)
  const sql = postgres(superuserUrl(deployment), { max: 1, onnotice () {} })
  closing.push(async () => await sql.end())

  await sql`update roles set second_factor = 'optional'`
  const filler = await startNodeOf(deployment)
  const passwordHash = await filler.ask<string>('hashOf', password)
  await filler.stop()
  await fill(sql, { users, sessions: users * sessionsPerUser }, { passwordHash, tell })

  await countSessions(sql)
  await warm(sql)
  const node = await startNodeOf(deployment)
  closing.push(node.stop)
  await waitForJobs(sql)
  return { users, deployment, sql, node }
}

async function measureAll (prepared: Prepared[]): Promise<Measured[]> {
  const costs = prepared.map(() => new Map<string, Cost[]>())
  const crowds: Crowd[] = []
  // Now, because an access token does not outlive the filling of a large database.
  for (const { node, sql } of prepared) {
    crowds.push({ node, sql, subjects: await makeSubjects(node, sql) })
    await postponeCount(sql)
  }

  await pause(warmUpMs)
  const idle = await measureIdle(prepared)
  keep('a node that waits, for a second', idle.map(cost => [cost]))
  for (const operation of operations) {
    const found = await measureByTurns(operation, { crowds, idle, rounds }).catch(tellFailure)
    for (const { name, costs } of found ?? []) keep(name, costs)
  }
  keep('clean-up, for a session', await measureCleanUps(crowds))

  const measured = await Promise.all(prepared.map(async ({ users, node, sql }, place) => ({
    users,
    costs: costs[place] ?? new Map<string, Cost[]>(),
    memoryBytes: await node.ask<number>('memory'),
    sizes: await readSizes(sql)
  })))
  await addFailedJobs(prepared)
  keep('a node that waits, with a million failed mails', (await measureIdle(prepared)).map(cost => [cost]))
  return measured

  function keep (name: string, found: Cost[][]) {
    for (const [place, some] of found.entries()) costs[place]?.set(name, some)
    const middles = found.map(some => spread(some.map(({ milliseconds }) => milliseconds)).median.toFixed(3))
    tell(`${name}: ${middles.join(' and ')} ms of a processor`)
  }
}

async function makeSubjects (node: Node, sql: postgres.Sql) {
  const members = await pickMembers(sql, requests)
  await node.ask('createSubjects', await removeInventedKeys(sql, members))
  const [admin] = await pickMembers(sql, 1)
  if (!admin) throw new Error('there is nobody')
  await sql`update users set role = 'super_admin' where id = ${admin.id}`

  const administrator = { ...admin, role: 'super_admin' }
  const [adminToken = ''] = await node.ask<string[]>('signTokens', { count: 1, accounts: [administrator] })
  return {
    members,
    adminToken,
    accessTokens: await node.ask<string[]>('signTokens', { count: members.length, accounts: members }),
    refreshTokens: await node.ask<string[]>('refreshTokensOf', members.map(({ sessionId }) => sessionId)),
    deviceTokens: await node.ask<string[]>('deviceTokensOf', members.map(({ deviceId }) => deviceId))
  }
}

/** What each deployment costs when nobody asks, all in the same time. */
async function measureIdle (prepared: Prepared[]): Promise<Cost[]> {
  return await Promise.all(prepared.map(async ({ sql }) => {
    const before = await readUse(sql)
    await pause(idleMs)
    const used = between(before, await readUse(sql))
    const seconds = idleMs / 1000
    return { milliseconds: used.milliseconds / seconds, walBytes: used.walBytes / seconds, p50: Number.NaN }
  }))
}

async function measureCleanUps (crowds: Crowd[]): Promise<Cost[][]> {
  const costs: Cost[][] = crowds.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (const [place, crowd] of crowds.entries()) costs[place]?.push(await measureCleanUp(crowd))
  }
  return costs
}

async function measureCleanUp ({ node, sql }: Crowd): Promise<Cost> {
  await addOverdue(sql, overdueSessions)
  const [began, before] = [performance.now(), await readUse(sql)]
  const { removed } = await node.ask<{ removed: Record<string, number> }>('cleanUp', {})
  const used = between(before, await readUse(sql))
  const rows = Object.values(removed).reduce((sum, count) => sum + count, 0)
  return {
    milliseconds: used.milliseconds / rows,
    walBytes: used.walBytes / rows,
    p50: (performance.now() - began) / rows
  }
}

async function addFailedJobs (prepared: Prepared[]) {
  for (const { sql } of prepared) {
    await sql`
      insert into jobs (queue, data, attempts, failed_at, error)
      select 'mail', '{"kind": "new_device"}', 11, now(), 'the mail server did not answer'
      from generate_series(1, ${failedJobs})`
    await sql`vacuum analyze jobs`
  }
}

/**
 * Counts the living sessions, as a node does in the background: ten million take it a quarter of an hour at a tenth of
 * a connection, and whatever is measured meanwhile has a share of it.
 */
async function countSessions (sql: postgres.Sql) {
  await sql`
    insert into session_counts (transport, sessions, counted_at)
    select transport, count(*), now()
    from sessions
    where ended_at is null and expires_at > now()
    group by transport`
  await postponeCount(sql)
}

async function postponeCount (sql: postgres.Sql) {
  await sql`
    insert into job_schedules (queue, due_at)
    values ('statistics', now() + interval '5 minutes')
    on conflict (queue) do update set due_at = excluded.due_at`
}

async function waitForJobs (sql: postgres.Sql) {
  for (const began = performance.now(); performance.now() - began < settleMs; await pause(1000)) {
    const [row] = await sql<{ due: boolean }[]>`select exists(select from jobs where failed_at is null) as due`
    if (row?.due === false) return
  }
  tell('jobs still wait')
}

async function startNodeOf (deployment: Deployment): Promise<Node> {
  return await deployment.start('hashless', '0', { SMTP_URL: '' })
}

// One operation that fails must not cost what the others have taken half an hour to measure.
function tellFailure ({ message }: Error) {
  tell(message)
}

async function hold (prepared: Prepared[]) {
  for (const { users, deployment } of prepared) tell(`${users} users are in ${superuserUrl(deployment)}`)
  process.stdin.resume()
  await once(process.stdin, 'data')
  process.stdin.pause()
}

function superuserUrl ({ services }: Deployment) {
  const url = new URL(services.postgres?.superuserUrl ?? '')
  url.pathname = '/latchkey'
  return url.href
}

function describeMachine () {
  return `Node ${process.version}, Postgres ${values.postgres} with shared_buffers of ${values.buffers}, ` +
    `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, load at the end ${loadavg()[0]?.toFixed(1)}`
}

function tell (line: string) {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`)
}
