// node --import tsx bench/audit-verify.ts: how fast the audit trail is sealed and verified, how long its pages take,
// and how long it takes to write an event into its partitions.
//   --rows=N  events, over a year and four months of partitions (1000000)
//   --postgres=15|18
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import postgres from 'postgres'
import { postgresOf } from '../dev/services/debian-postgres.ts'
import { startServices } from '../dev/services/services.ts'
import { migrate } from '../dev/services/template.ts'
import { makeTestFolder } from '../dev/tests/folder.ts'
import { createEventMacs } from '../lib/audit/macs.ts'
import { createAuditPartitionStore } from '../lib/audit/partition-store.ts'
import { createAuditSealStore } from '../lib/audit/seal-store.ts'
import { createAuditSeals } from '../lib/audit/seals.ts'
import { createSealSigner } from '../lib/audit/signatures.ts'
import { createAuditTrailStore } from '../lib/audit/trail-store.ts'
import { createUnsealedStore } from '../lib/audit/unsealed-store.ts'
import { createAuditVerification } from '../lib/audit/verification/verification.ts'
import { createClock } from '../lib/clock.ts'
import { noMetrics } from '../lib/operations/metrics.ts'
import { createDatabase } from '../lib/stores/database.ts'
import { readArguments } from './arguments.ts'

const values = readArguments({ rows: { type: 'string', default: '1000000' } })
const rows = Number(values.rows)
const rowsPerInsert = 50_000

tell('starting Postgres')
const services = await startServices({
  dataDir: makeTestFolder(),
  durable: false,
  postgres: await postgresOf(values.postgres)
})
await migrate({
  NODE_ENV: 'test',
  DATABASE_URL: services.databaseUrl,
  DATABASE_DIRECT_URL: services.databaseDirectUrl,
  REDIS_URL: services.redisUrl,
  ENCRYPTION_KEY: randomBytes(32).toString('base64')
})
const sql = postgres(services.databaseDirectUrl, { max: 1, onnotice () {} })
const pool = new pg.Pool({
  connectionString: services.databaseUrl,
  max: 4,
  types: {
    getTypeParser: (type, format) => (
      type === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(type, format)
    )
  }
})
const database = createDatabase(pool, { connections: 4, queueMax: 10, deadline: 60_000, prepare: true, begin: 'begin' })
const signer = createSealSigner([randomBytes(32)])
const store = createAuditSealStore(database)
const unsealed = createUnsealedStore(database)

try {
  tell(`writing ${rows} events`)
  await seed()
  await measure('sealed', rows, async () => {
    return await createSeals().seal()
  })
  await sql`vacuum analyze audit_events, audit_seals`

  let peak = 0
  await measure('verified', rows, async () => {
    const verdict = await createAuditVerification(store, signer, createEventMacs([randomBytes(32)])).verify({
      report () { peak = Math.max(peak, process.memoryUsage().rss) }
    })
    if (!verdict.isSound || verdict.unsealed > 0) throw new Error(JSON.stringify(verdict).slice(0, 1000))
    return verdict.events
  })
  console.log(`${(peak / 1048576).toFixed(0)} MiB of memory at most while verifying`)

  await sealFew()
  await readPages()
  await writeSteadily()
  console.log(await readSizes())
} finally {
  await database.close(1000)
  await sql.end()
  await services.stop()
}

function createSeals () {
  return createAuditSeals({
    database,
    store,
    unsealed,
    partitions: createAuditPartitionStore(database),
    signer,
    isShutOut: async () => false,
    log: { info () {}, warn: console.error, error: console.error },
    metrics: noMetrics,
    clock: createClock(),
    count: async () => {},
    retention: null
  })
}

// Events of ten thousand users, of four kinds in turn.
async function seed () {
  for (let done = 0; done < rows; done += rowsPerInsert) {
    await sql`
      insert into audit_events (event, outcome, actor_id, subject_id, session_id, request_id, personal)
      select (array['authn_login_success', 'authn_login_fail', 'session_refreshed', 'user_updated'])[1 + n % 4],
             'success', u, u, gen_random_uuid(), gen_random_uuid()::text,
             decode(repeat(md5(n::text), 8), 'hex')
      from generate_series(1, ${Math.min(rowsPerInsert, rows - done)}::int) n
      cross join lateral (select md5((n * 7919 % 10000)::text)::uuid as u) as users`
  }
  await sql`analyze audit_events`
}

// Measures what a node does every second (to look for unsealed events) and every few seconds (to seal them).
async function sealFew () {
  const last = await store.lastBefore(Number.MAX_SAFE_INTEGER)
  const seals = createSeals()
  const [looks, few]: [number[], number[]] = [[], []]

  for (let round = 0; round < 50; round++) {
    const started = performance.now()
    await store.readState(last?.number ?? 0, 9)
    if (last) await unsealed.unsealedSince(last)
    looks.push(performance.now() - started)
    await sql`insert into audit_events (event, outcome) select 'few', 'success' from generate_series(1, 10)`
    const sealing = performance.now()
    if (await seals.seal() !== 10) throw new Error('not ten')
    few.push(performance.now() - sealing)
  }
  const median = (times: number[]) => times.sort((a, b) => a - b)[25]?.toFixed(1)
  console.log(`to look whether there is something to seal takes ${median(looks)} ms, ` +
    `to seal ten events ${median(few)} ms`)
}

async function readSizes () {
  const [sizes] = await sql`
    select pg_size_pretty(sum(pg_table_size(inhrelid))) as events,
           pg_size_pretty(sum(pg_indexes_size(inhrelid))) as indexes,
           pg_size_pretty(pg_total_relation_size('audit_seals')) as seals
    from pg_inherits
    where inhparent = 'audit_events'::regclass`
  return sizes
}

async function readPages () {
  const trail = createAuditTrailStore(database)
  const nothing = { actorId: null, subjectId: null, event: null, from: null, to: null }
  const [{ user, at } = {}] = await sql`
    select subject_id as user, at from audit_events where id = ${Math.floor(rows / 2)}`
  const filters = {
    all: nothing,
    subject: { ...nothing, subjectId: user },
    actor: { ...nothing, actorId: user },
    event: { ...nothing, event: 'authn_login_fail' },
    'actor and event': { ...nothing, actorId: user, event: 'user_updated' },
    'a second in the middle': { ...nothing, from: at, to: new Date(at.getTime() + 1000) }
  }

  for (const [name, filter] of Object.entries(filters)) {
    const times: number[] = []
    for (let round = 0; round < 20; round++) {
      const started = performance.now()
      const low = filter.from ? await trail.idNear(filter.from, { late: false }) : 0
      const high = filter.to ? await trail.idNear(filter.to, { late: true }) : Number.MAX_SAFE_INTEGER
      await trail.before(filter, { low, high, limit: 101 })
      times.push(performance.now() - started)
    }
    times.sort((a, b) => a - b)
    console.log(`a page, ${name}: ${times[10]?.toFixed(1)} ms, at most ${times.at(-1)?.toFixed(1)} ms`)
  }
}

async function writeSteadily () {
  const count = 5000
  const started = performance.now()
  for (let n = 0; n < count; n++) {
    await database`
      insert into audit_events (event, outcome, request_id)
      values ('authn_login_success', 'success', ${String(n)})
      returning id`
  }
  const microseconds = (performance.now() - started) / count * 1000
  console.log(`an event is written in ${microseconds.toFixed(0)} µs, round trip included`)
}

async function measure (what: string, expected: number, work: () => Promise<number>) {
  tell(`${what} …`)
  const [started, cpu] = [performance.now(), process.cpuUsage()]
  const done = await work()
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  if (done !== expected) throw new Error(`${done} events instead of ${expected}`)
  const millionsPerMinute = done / seconds * 60 / 1e6
  const cpuSeconds = (user + system) / 1e6
  console.log(`${what}: ${done} events in ${seconds.toFixed(1)} s, ${millionsPerMinute.toFixed(2)} million a minute; ` +
    `${cpuSeconds.toFixed(1)} s of our processor`)
}

function tell (line: string) {
  process.stderr.write(`${line}\n`)
}
