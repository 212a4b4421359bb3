// node --import tsx bench/growth.ts: what an operation costs Postgres with a thousand users, and with very many. Needs
// Linux, 10 GB of disk for a million users, and half an hour. Passwords are not hashed: a hash costs the same whatever
// the number of users.
//   --users=N        the many (1000000); each has ten sessions
//   --buffers=SIZE   shared_buffers of Postgres (4GB)
//   --requests=N     of each operation (2000)
//   --hold           keeps the database afterwards, until Enter, and tells its URL: for EXPLAIN
//   --postgres=15|18
import { once } from 'node:events'
import { cpus, loadavg } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import postgres from 'postgres'
import { readArguments } from './arguments.ts'
import { addOverdue, fill, pickMembers, readSizes, removeInventedKeys } from './crowd.ts'
import type { CrowdSize } from './crowd.ts'
import { deploy } from './deployment.ts'
import { measureOperation, operations } from './growth-operations.ts'
import type { Cost } from './growth-operations.ts'
import { renderGrowth } from './growth-table.ts'
import { pinOurselves } from './node.ts'
import type { Node } from './node.ts'
import { between, readUse } from './postgres-costs.ts'
import { password } from './scenarios.ts'

const values = readArguments({
  users: { type: 'string', default: '1000000' },
  buffers: { type: 'string', default: '4GB' },
  requests: { type: 'string', default: '2000' },
  hold: { type: 'boolean', default: false }
})
const requests = Number(values.requests)
const sessionsPerUser = 10
const sizes: CrowdSize[] = [1000, Number(values.users)].map(users => ({ users, sessions: users * sessionsPerUser }))
const overdueSessions = 20_000
const failedJobs = 1_000_000
/** Long enough for two counts of the jobs. */
const idleMs = 31_000
const warmUpMs = 15_000
/** Scheduled work that a start finds due has this long to end. */
const settleMs = 180_000

pinOurselves('1')
tell('starting Postgres and Redis')
const deployment = await deploy({
  postgres: values.postgres,
  durable: true,
  postgresArgs: ['-c', `shared_buffers=${values.buffers}`, '-c', 'max_wal_size=8GB']
})
const sql = postgres(superuserUrl(), { max: 1, onnotice () {} })
const measured: Measured[] = []

interface Measured {
  users: number
  costs: Map<string, Cost>
  memoryBytes: number
  sizes: Awaited<ReturnType<typeof readSizes>>
}

try {
  await sql`update roles set second_factor = 'optional'`
  for (const size of sizes) measured.push(await measureSize(size))
  console.log(renderGrowth({ machine: describeMachine(), measured }))
  if (values.hold) await hold()
} finally {
  await sql.end()
  await deployment.stop()
}

async function measureSize (size: CrowdSize): Promise<Measured> {
  const hash = await withNode(async node => await node.ask<string>('hashOf', password))
  await fill(sql, size, { passwordHash: hash, tell })

  return await withNode(async node => {
    tell(`measuring with ${size.users} users`)
    const costs = new Map<string, Cost>()
    await waitForJobs()
    await pause(warmUpMs)
    const idle = await measureIdle()
    costs.set('a node that waits, for a second', idle)

    const subjects = await makeSubjects(node)
    for (const operation of operations) {
      const cost = await measureOperation(operation, { node, sql, subjects, idle }).catch(tellFailure)
      if (cost === null) continue
      costs.set(operation.name, cost)
      tell(`${operation.name}: ${cost.milliseconds.toFixed(3)} ms of a processor`)
    }
    costs.set('clean-up, for a session', await measureCleanUp(node))
    const memoryBytes = await node.ask<number>('memory')
    const isLast = size === sizes.at(-1)
    if (isLast) costs.set('a node that waits, with a million failed mails', await withFailedJobs(measureIdle))
    return { users: size.users, costs, memoryBytes, sizes: await readSizes(sql) }
  })
}

async function makeSubjects (node: Node) {
  const members = await pickMembers(sql, requests)
  await node.ask('createSubjects', await removeInventedKeys(sql, members))
  const [admin] = await pickMembers(sql, 1)
  if (!admin) throw new Error('there is nobody')
  await sql`update users set role = 'super_admin' where id = ${admin.id}`

  const [adminToken = ''] = await node.ask<string[]>('signTokens', { count: 1, accounts: [{ ...admin, role: 'super_admin' }] })
  return {
    members,
    adminToken,
    accessTokens: await node.ask<string[]>('signTokens', { count: members.length, accounts: members }),
    refreshTokens: await node.ask<string[]>('refreshTokensOf', members.map(({ sessionId }) => sessionId)),
    deviceTokens: await node.ask<string[]>('deviceTokensOf', members.map(({ deviceId }) => deviceId))
  }
}

async function measureIdle (): Promise<Cost> {
  const before = await readUse(sql)
  await pause(idleMs)
  const used = between(before, await readUse(sql))
  const seconds = idleMs / 1000
  return {
    milliseconds: used.milliseconds / seconds,
    walBytes: used.walBytes / seconds,
    p50: Number.NaN
  }
}

async function measureCleanUp (node: Node): Promise<Cost> {
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

async function withFailedJobs (work: () => Promise<Cost>) {
  await sql`
    insert into jobs (queue, data, attempts, failed_at, error)
    select 'mail', '{"kind": "new_device"}', 11, now(), 'the mail server did not answer'
    from generate_series(1, ${failedJobs})`
  await sql`vacuum analyze jobs`
  return await work()
}

async function waitForJobs () {
  for (const began = performance.now(); performance.now() - began < settleMs; await pause(1000)) {
    const [row] = await sql<{ due: boolean }[]>`select exists(select from jobs where failed_at is null) as due`
    if (row?.due === false) return
  }
  tell('jobs still wait')
}

async function withNode<T> (work: (node: Node) => Promise<T>): Promise<T> {
  const node = await deployment.start('hashless', '0', { SMTP_URL: '' })
  try {
    return await work(node)
  } finally {
    await node.stop()
  }
}

// One operation that fails must not cost what the others have taken half an hour to measure.
function tellFailure ({ message }: Error) {
  tell(message)
  return null
}

async function hold () {
  tell(`the database is ${superuserUrl()}`)
  process.stdin.resume()
  await once(process.stdin, 'data')
  process.stdin.pause()
}

function superuserUrl () {
  const url = new URL(deployment.services.postgres?.superuserUrl ?? '')
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
