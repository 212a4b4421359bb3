// node --import tsx bench/growth.ts: what an operation costs Postgres with a thousand users, and with very many. Both
// deployments run beside each other and are asked by turns. Needs Linux, 10 GB of disk for a million users, and forty
// minutes. Passwords are not hashed: a hash costs the same whatever the number of users.
//   --users=N        the many (1000000); each has ten sessions
//   --buffers=SIZE   shared_buffers of each Postgres (4GB)
//   --requests=N     of each operation (2000)
//   --rounds=N       in which they are asked (5)
//   --hold           keeps the databases afterwards, until Enter, and tells their URLs: for EXPLAIN
//   --postgres=15|18
import { once } from 'node:events'
import { cpus, loadavg } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import postgres from 'postgres'
import { readArguments } from './arguments.ts'
import { addOverdue, fill, pickMembers, readSizes, removeInventedKeys } from './crowd.ts'
import { deploy } from './deployment.ts'
import type { Deployment } from './deployment.ts'
import { measureByTurns, operations } from './growth-operations.ts'
import type { Cost, Crowd } from './growth-operations.ts'
import { renderGrowth } from './growth-table.ts'
import type { Measured } from './growth-table.ts'
import { pinOurselves } from './node.ts'
import type { Node } from './node.ts'
import { between, readUse } from './postgres-costs.ts'
import { password } from './scenarios.ts'
import { spread } from './statistics.ts'

const values = readArguments({
  users: { type: 'string', default: '1000000' },
  buffers: { type: 'string', default: '4GB' },
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
/** Scheduled work that a start finds due has this long to end: ten million sessions are counted in minutes. */
const settleMs = 600_000

interface Prepared extends Crowd { users: number, deployment: Deployment }

/** Before anything was measured. */
const nothing: Cost = { milliseconds: 0, walBytes: 0, p50: Number.NaN }
const closing: Array<() => Promise<unknown>> = []

pinOurselves('1')
try {
  const crowds: Prepared[] = []
  for (const users of sizes) crowds.push(await prepare(users))
  const measured = await measureAll(crowds)
  console.log(renderGrowth({ machine: describeMachine(), measured }))
  if (values.hold) await hold(crowds)
} finally {
  for (const close of closing.toReversed()) await close()
}

/** A deployment with so many users and a node, which has done what a start finds due. */
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

  const node = await startNodeOf(deployment)
  closing.push(node.stop)
  await waitForJobs(sql)
  return { users, deployment, node, sql, subjects: await makeSubjects(node, sql), idle: nothing }
}

async function measureAll (crowds: Prepared[]): Promise<Measured[]> {
  const results = crowds.map(({ users }) => ({ users, costs: new Map<string, Cost[]>() }))
  await pause(warmUpMs)
  await measureIdle(crowds)
  keep('a node that waits, for a second', crowds.map(({ idle }) => [idle]))
  for (const operation of operations) {
    await measureByTurns(operation, crowds, rounds).then(costs => keep(operation.name, costs), tellFailure)
  }
  keep('clean-up, for a session', await measureCleanUps(crowds))

  const sized: Measured[] = []
  for (const [place, { node, sql }] of crowds.entries()) {
    const result = results[place] ?? { users: 0, costs: new Map<string, Cost[]>() }
    sized.push({ ...result, memoryBytes: await node.ask<number>('memory'), sizes: await readSizes(sql) })
  }
  await addFailedJobs(crowds)
  await measureIdle(crowds)
  keep('a node that waits, with a million failed mails', crowds.map(({ idle }) => [idle]))
  return sized

  function keep (name: string, costs: Cost[][]) {
    for (const [place, { costs: known }] of results.entries()) known.set(name, costs[place] ?? [])
    const middles = costs.map(some => spread(some.map(({ milliseconds }) => milliseconds)).median.toFixed(3))
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

/** Learns what each crowd costs when nobody asks, all in the same time. */
async function measureIdle (crowds: Prepared[]) {
  await Promise.all(crowds.map(async crowd => {
    const before = await readUse(crowd.sql)
    await pause(idleMs)
    const used = between(before, await readUse(crowd.sql))
    const seconds = idleMs / 1000
    crowd.idle = { milliseconds: used.milliseconds / seconds, walBytes: used.walBytes / seconds, p50: Number.NaN }
  }))
}

async function measureCleanUps (crowds: Prepared[]): Promise<Cost[][]> {
  const costs: Cost[][] = crowds.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (const [place, crowd] of crowds.entries()) costs[place]?.push(await measureCleanUp(crowd))
  }
  return costs
}

async function measureCleanUp ({ node, sql }: Prepared): Promise<Cost> {
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

async function addFailedJobs (crowds: Prepared[]) {
  for (const { sql } of crowds) {
    await sql`
      insert into jobs (queue, data, attempts, failed_at, error)
      select 'mail', '{"kind": "new_device"}', 11, now(), 'the mail server did not answer'
      from generate_series(1, ${failedJobs})`
    await sql`vacuum analyze jobs`
  }
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

async function hold (crowds: Prepared[]) {
  for (const { users, deployment } of crowds) tell(`${users} users are in ${superuserUrl(deployment)}`)
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
