import t from 'tap'
import type { Test } from 'tap'
import { encodeLeaves, genesis, hashEvent, hashSeal } from '../lib/audit/chain.ts'
import { createAuditPartitionStore } from '../lib/audit/partition-store.ts'
import { createSealBatches } from '../lib/audit/seal-batches.ts'
import { createAuditSealStore } from '../lib/audit/seal-store.ts'
import { createSealSigner } from '../lib/audit/signatures.ts'
import { createUnsealedStore } from '../lib/audit/unsealed-store.ts'
import { createAuditVerification } from '../lib/audit/verification/verification.ts'
import { loadConfig } from '../lib/config/config.ts'
import { createSecrets } from '../lib/crypto/secrets.ts'
import { createMigrations } from '../lib/stores/migrations.ts'
import { connect, makeDatabase, openStore } from './support/database.ts'
import { deploy, signIn, signUp, start } from './support/helper.ts'
import { macsOf, sealsOf } from './support/trail/audit-seals.ts'
import { until } from './support/until.ts'

/** A list without entries, as a pattern. An empty list would match every list. */
const none = { length: 0 }

t.test('listening nodes seal within five seconds, one at a time, and log the head', async t => {
  const { deployment, sql, verify } = await open(t)
  const nodes = [await start(t, deployment), await start(t, deployment)] as const
  const told: Record<string, unknown>[] = []
  for (const node of nodes) node.log.info = (fields: object | string) => { if (typeof fields === 'object' && 'seal' in fields) told.push({ ...fields }) }

  await signIn(nodes[0])
  t.strictSame([...await sql`select number from audit_seals`], [], 'not before somebody listens')
  await Promise.all(nodes.map(node => node.listen({ host: '127.0.0.1', port: 0 })))
  const account = await signUp(nodes[1])
  await until(async () => (await verify()).unsealed === 0)
  await signIn(nodes[1], account)
  await until(async () => (await verify()).unsealed === 0)

  const verdict = await verify(String(told.at(-1)?.['head']))
  t.match(verdict, { isSound: true, hasHead: true })
  t.match(told.at(-1), { seal: verdict.seals, events: verdict.events })
  const [{ wait } = {}] = await sql`select extract(epoch from sealed_at - (select max(at) from audit_events))::float8 as wait from audit_seals order by number desc limit 1`
  t.ok(wait < 5, `${wait} s`)
  const shown = (await Promise.all(nodes.map(node => node.metrics.render()))).join('\n')
  const sealed = [...shown.matchAll(/^latchkey_audit_sealed_events_total (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0)
  t.equal(sealed, verdict.events, 'each was sealed by one of them')
  t.ok(shown.includes(`latchkey_audit_chain_length ${verdict.seals}\n`))
  t.ok(/^latchkey_audit_seal_lag_seconds [0-9.]+$/m.test(shown))
  t.ok(shown.includes(`latchkey_audit_chain_head ${verdict.head?.hash.readUIntBE(0, 6)}\n`))
})

t.test('a backlog is sealed completely, in as many seals as it needs', async t => {
  const { deployment, sql, verify } = await open(t)
  const app = await start(t, deployment, { workers: false })
  for (const rows of [1, 4999, 2000, 1]) await sql`insert into audit_events (event, outcome) select 'many', 'success' from generate_series(1, ${rows}::int)`

  t.equal(await sealsOf(app).seal(), 7001)
  t.match(await verify(), { isSound: true, unsealed: 0, seals: 4, events: 7001 })
  t.strictSame((await sql<{ events: number }[]>`select events from audit_seals order by number`).map(({ events }) => events), [2000, 2000, 2000, 1001])
  t.equal(await sealsOf(app).seal(), 0)

  await sql`insert into audit_events (event, outcome) select 'many', 'success' from generate_series(1, 4000)`
  t.equal(await sealsOf(app).seal(), 4000, 'a last batch that is just full')
  t.match(await verify(), { isSound: true, unsealed: 0, events: 11001 })
})

t.test('the events of a full seal are read, hashed and counted by a few at a time, and others have turns in between', async t => {
  const { deployment, sql, store, signer, verify } = await open(t)
  await sql`insert into audit_events (event, outcome) select 'many', 'success' from generate_series(1, 2100)`
  const database = openStore(t, deployment.DATABASE_URL)
  const pieces: number[] = []
  const { make } = createSealBatches({
    store,
    unsealed: createUnsealedStore(database),
    signer,
    isShutOut: async () => false,
    count: async (_tx, events) => { pieces.push(events.length) },
    batchSize: 2000
  })

  await database.begin(tx => make(tx, null))
  t.strictSame(pieces, Array.from({ length: 8 }, () => 250))
  t.match(await verify(), { isSound: true, unsealed: 100, seals: 1 })
})

t.test('events from before the chain are sealed as they are, and their ids continue', async t => {
  const { url, directUrl } = await makeDatabase(t, { migrated: false })
  const sql = connect(t, directUrl)
  const owner = openStore(t, directUrl, { deadline: 60_000 })
  const { migrate } = createMigrations(owner)
  await migrate({ to: 18 })
  await sql`insert into audit_events (event, outcome, at) select 'old', 'success', now() - n * interval '20 days' from generate_series(1, 30) n`
  const before = await sql`select id, at, event from audit_events order by id`

  await migrate()
  t.strictSame(await sql`select id, at, event from audit_events order by id`, before)
  const { app, verify } = await node(t, { url, directUrl })
  const [{ id } = {}] = await app.database`insert into audit_events (event, outcome) values ('new', 'success') returning id`
  t.equal(id, 31)
  await sealsOf(app).seal()
  t.match(await verify(), { isSound: true, unsealed: 0, events: 31 })

  await migrate({ to: 18 })
  t.strictSame((await sql`select id, at, event from audit_events order by id`).slice(0, 30), [...before])
  t.match(await sql`insert into audit_events (event, outcome) values ('later', 'success') returning id`, [{ id: 32 }])
})

t.test('in a database that was restored elsewhere, where transaction ids start anew, the chain continues', async t => {
  const { deployment, sql, store, signer, verify } = await open(t)
  const [{ number } = {}] = await sql`select (pg_current_xact_id()::text::bigint + 1000000) as number`
  // The content of a dump: events of higher transactions, sealed, and one that was not sealed yet.
  await sql`insert into audit_events (xid, event, outcome) select (${number}::bigint + n)::text::xid8, 'dumped', 'success' from generate_series(1, 10) n`
  const events = (await store.events(0, 100)).map(event => ({ id: event.id, at: event.at, hash: hashEvent(event) }))
  const leaves = encodeLeaves(events.slice(0, 9))
  const content = {
    number: 1,
    events: 9,
    total: 9,
    lastId: events[8]?.id ?? 0,
    xid: String(number + 20),
    snapshot: `${number + 10}:${number + 10}:`,
    through: null,
    floor: 0,
    keptFrom: null,
    sealedAt: Date.now() * 1000,
    leaves,
    previous: genesis
  }
  const hash = hashSeal(content)
  await openStore(t, deployment.DATABASE_URL).begin(tx => store.insert(tx, { ...content, hash, ...signer.sign(hash) }))

  const app = await start(t, deployment, { workers: false })
  t.ok(await sealsOf(app).seal() >= 1)
  await signIn(app)
  await sealsOf(app).seal()
  await signIn(app)
  await sealsOf(app).seal()
  t.match(await verify(), { isSound: true, unsealed: 0, removed: none, inserted: none })
  t.equal(await sealsOf(app).seal(), 0, 'what was sealed there is not sealed again')

  const [{ id } = {}] = await sql`insert into audit_events (id, event, outcome) values (-7, 'forged', 'success') returning id`
  await sealsOf(app).seal()
  t.match(await verify(), { isSound: false, inserted: [id] })
})

t.test('months get their partitions ahead of time, and an event without a partition is kept all the same', async t => {
  const { deployment, sql } = await open(t)
  const app = await start(t, deployment, { workers: false })
  const names = async () => (await sql<{ name: string }[]>`select inhrelid::regclass::text as name from pg_inherits where inhparent = 'audit_events'::regclass order by 1`).map(({ name }) => name)
  const before = await names()
  await sealsOf(app).tidy()
  t.strictSame(await names(), before, 'the migration has made them')

  await sql`insert into audit_events (at, event, outcome) values (date_trunc('month', now()) + interval '5 months', 'far ahead', 'success')`
  t.match(await sql`select tableoid::regclass::text as name from audit_events where event = 'far ahead'`, [{ name: 'audit_events_rest' }])
  await app.database`select make_audit_partitions(6)`
  t.equal((await names()).length, before.length + 2, 'all but the one whose events lie elsewhere')
  await Promise.all([1, 2, 3].map(() => app.database`select make_audit_partitions(12)`))
  t.equal((await names()).length, before.length + 8)
  const [{ at } = {}] = await sql`insert into audit_events (event, outcome) values ('now', 'success') returning at`
  t.ok(at)
})

t.test('whole months are dropped at the end of their retention once they are sealed, and the rest stays provable', async t => {
  const { deployment, sql, verify } = await open(t, { AUDIT_RETENTION: '200d' })
  await spread(sql)
  const app = await start(t, deployment, { workers: false })
  await signIn(app)
  await sealsOf(app, loadConfig(deployment).audit).seal()
  const before = await verify()
  t.match(before, { isSound: true, dropped: 0 })

  await sealsOf(app).tidy()
  t.match(await verify(), { isSound: true, dropped: 0, seals: before.seals }, 'the server alone decides nothing')
  const partitions = createAuditPartitionStore(openStore(t, deployment.DATABASE_DIRECT_URL))
  await partitions.setRetention(200 * 86_400_000)
  await sealsOf(app).tidy()
  t.match(await sql`select count(*)::int as left from audit_events where at < '2025-03-01'`, [{ left: 0 }])
  const verdict = await verify(before.head?.hash.toString('hex'))
  t.match(verdict, { isSound: true, hasHead: true, dropped: 20, unsealed: 0, seals: before.seals + 1 }, 'the seal that had some of them, too')
  t.equal(verdict.events, before.events - 20)
  await sealsOf(app).tidy()
  t.equal((await verify()).seals, verdict.seals, 'there is nothing more to say')

  await signIn(app)
  await sealsOf(app).seal()
  t.match(await verify(), { isSound: true, dropped: 20 })
  const [{ id } = {}] = await sql`select min(id) as id from audit_events`
  await sql`alter table audit_events disable trigger user`
  await sql`delete from audit_events where id = ${id}`
  t.match(await verify(), { isSound: false, removed: [id] }, 'nothing else may be gone')
})

t.test('a node whose clock is ahead announces nothing that has to be kept', async t => {
  const { deployment, sql, verify } = await open(t, { AUDIT_RETENTION: '200d' })
  await spread(sql)
  await sql`insert into audit_retention (days) values (200)`
  const app = await start(t, deployment, { workers: false })
  await signIn(app)
  const { Date: Right } = globalThis
  t.teardown(() => { globalThis.Date = Right })
  globalThis.Date = class extends Right {
    constructor (time: number | string = Right.now() + 400 * 86_400_000) { super(time) }
  } as typeof Date
  await sealsOf(app, loadConfig(deployment).audit).tidy().catch(() => {})
  globalThis.Date = Right

  await sealsOf(app).tidy()
  const [{ id } = {}] = await sql`select max(id) as id from audit_events`
  await sql`alter table audit_events disable trigger user`
  await sql`delete from audit_events where id = ${id}`
  t.match(await verify(), { isSound: false, removed: [id], dropped: 20 })
})

t.test('an overdue month is not dropped before it is sealed, nor without an announcement signed with the key', async t => {
  const { deployment, sql, verify } = await open(t)
  await spread(sql)
  const app = await start(t, deployment, { workers: false })
  await sealsOf(app).seal()
  await sealsOf(app).tidy()
  t.match(await verify(), { isSound: true, dropped: 0 }, 'without a retention all is kept')

  await t.rejects(app.database`select drop_audit_partitions('2025-03-01')`, /no seal has announced it/)
  await sql`insert into audit_events (at, event, outcome) values ('2025-01-20', 'late', 'success')`
  await app.database`
    insert into audit_seals (number, events, total, last_id, xid, snapshot, floor, kept_from, sealed_at, leaves, previous, hash, key_id, signature)
    select number + 1, 0, total, last_id, pg_current_xact_id(), snapshot, floor, '2025-03-01', now(), '', hash, sha256(hash), '\\x00', '\\x00'
    from audit_seals
    order by number desc
    limit 1`
  await t.rejects(app.database`select drop_audit_partitions('2025-03-01')`, /the owner of the trail keeps these events/)
  await sql`insert into audit_retention (days) values (90)`
  t.match(await app.database`select drop_audit_partitions('2025-03-01') as dropped`, [{ dropped: 1 }], 'who pretends to be the server can drop what is old, not what is unsealed')
  const verdict = await verify()
  t.match(verdict, { isSound: false, dropped: 0, brokenSeals: [{ seal: 2, problem: 'altered' }] }, 'and it is found')
  t.equal(verdict.removed.length, 10, 'with each event that is gone')
})

t.test('a month that is attached again, from an archive, takes nothing back of what was announced', async t => {
  const { deployment, sql, verify } = await open(t, { AUDIT_RETENTION: '200d' })
  await spread(sql)
  const app = await start(t, deployment, { workers: false })
  await sql`insert into audit_retention (days) values (200)`
  await sql`create table archive as select * from audit_events where at < '2025-02-01'`
  await sealsOf(app, loadConfig(deployment).audit).tidy()
  t.match(await verify(), { isSound: true, dropped: 20 })

  await sql`create table audit_events_2025_01 partition of audit_events for values from ('2025-01-01T00:00:00Z') to ('2025-02-01T00:00:00Z')`
  await sql`insert into audit_events select * from archive`
  t.match(await verify(), { isSound: true, dropped: 10 }, 'what was archived is provable')
  await sealsOf(app).tidy()
  t.match(await verify(), { isSound: true, removed: none, dropped: 20 })
})

/** A deployment, its owner, and a verifier of its chain. */
async function open (t: Test, settings: Record<string, string> = {}) {
  const deployment = await deploy(t, settings)
  const sql = connect(t, deployment.DATABASE_DIRECT_URL)
  const store = createAuditSealStore(openStore(t, deployment.DATABASE_DIRECT_URL))
  const signer = createSealSigner(createSecrets([Buffer.from(deployment.ENCRYPTION_KEY, 'base64')]).derive('audit seals'))
  const { verify } = createAuditVerification(store, signer, macsOf(deployment))
  return { deployment, sql, store, signer, verify: (head?: string) => verify({ head }) }
}

/** A node on a database that was made by other means. */
async function node (t: Test, { url, directUrl }: { url: string, directUrl: string }) {
  const { deployment } = await open(t)
  const app = await start(t, { ...deployment, DATABASE_URL: url, DATABASE_DIRECT_URL: directUrl }, { workers: false })
  const signer = createSealSigner(createSecrets([Buffer.from(deployment.ENCRYPTION_KEY, 'base64')]).derive('audit seals'))
  const { verify } = createAuditVerification(createAuditSealStore(openStore(t, directUrl)), signer, macsOf(deployment))
  return { app, verify }
}

/** The state as if Latchkey had run since January 2025: months with ten events each, in partitions of their own. */
async function spread (sql: ReturnType<typeof connect>) {
  const [{ bound } = {}] = await sql`select pg_get_expr(relpartbound, oid) as bound from pg_class where relname = 'audit_events_first'`
  const [, end = ''] = /TO \('([^']+)'\)/.exec(bound) ?? []
  await sql`alter table audit_events detach partition audit_events_first`
  await sql`create table audit_events_2025_01 partition of audit_events for values from ('2025-01-01T00:00:00Z') to ('2025-02-01T00:00:00Z')`
  await sql`create table audit_events_2025_02 partition of audit_events for values from ('2025-02-01T00:00:00Z') to ('2025-03-01T00:00:00Z')`
  await sql.unsafe(`alter table audit_events attach partition audit_events_first for values from ('2025-03-01T00:00:00Z') to ('${end}')`)
  await sql`insert into audit_events (at, event, outcome) select '2025-01-05T00:00:00Z'::timestamptz + n % 3 * interval '1 month', 'old', 'success' from generate_series(0, 29) n`
}
