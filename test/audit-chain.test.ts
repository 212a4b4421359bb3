import { randomBytes } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import { encodeLeaves, decodeLeaves, hashEvent, hashSeal } from '../lib/audit/chain.ts'
import type { StoredSeal } from '../lib/audit/chain.ts'
import { nothingSealed } from '../lib/audit/seal-batches.ts'
import { createAuditSealStore } from '../lib/audit/seal-store.ts'
import { createSealSigner } from '../lib/audit/signatures.ts'
import { createUnsealedStore } from '../lib/audit/unsealed-store.ts'
import { createAuditVerification } from '../lib/audit/verification/verification.ts'
import { createSecrets } from '../lib/crypto/secrets.ts'
import { connect, openStore } from './support/database.ts'
import { as, deploy, signIn, signUp, start } from './support/helper.ts'
import { macsOf, sealsOf } from './support/trail/audit-seals.ts'

/** A list without entries, as a pattern. An empty list would match every list. */
const none = { length: 0 }

// The attacker of these tests has the database and its owner's rights, and not the key.

t.test('an untouched trail is sound, and its seals cover every event once', async t => {
  const { sql, verify, heads } = await prepare(t)
  const [{ events, ids } = {}] = await sql`select count(*)::int as events, count(distinct id)::int as ids from audit_events`
  const verdict = await verify()

  t.match(verdict, {
    isSound: true,
    altered: none,
    removed: none,
    inserted: none,
    reordered: none,
    orphaned: none,
    brokenSeals: none,
    unsealed: 0,
    dropped: 0,
    hasHead: null
  })
  t.equal(verdict.events, events)
  t.equal(ids, events)
  t.equal(verdict.seals, 5)
  t.equal(verdict.head?.hash.toString('hex'), heads.at(-1))
  t.match(await sql`select sum(events)::int as events, max(total)::int as total from audit_seals`, [{ events, total: events }])
  for (const head of heads) t.match(await verify(head), { isSound: true, hasHead: true })
})

t.test('an altered field is reported, whichever it is', async t => {
  const { sql, verify } = await prepare(t)
  const changes = {
    at: "at + interval '1 microsecond'",
    event: "event || 'x'",
    outcome: "case outcome when 'success' then 'failure' else 'success' end",
    reason: "coalesce(reason, '') || 'x'",
    actor_id: 'gen_random_uuid()',
    subject_id: 'gen_random_uuid()',
    session_id: 'gen_random_uuid()',
    request_id: "coalesce(request_id, '') || 'x'",
    address_hmac: "coalesce(address_hmac, '') || '\\x00'",
    personal: 'set_byte(personal, 30, (get_byte(personal, 30) + 1) % 256)',
    xid: '(xid::text::bigint + 1)::text::xid8'
  }
  const ids = (await sql<{ id: number }[]>`select id from audit_events where personal is not null order by id`).map(({ id }) => id)
  const touched: number[] = []

  for (const [place, [column, expression]] of Object.entries(changes).entries()) {
    const id = ids[place] ?? 0
    await sql.unsafe(`update audit_events set ${column} = ${expression} where id = ${id}`)
    touched.push(id)
    const others = { removed: none, inserted: none, reordered: none }
    t.match(await verify(), { isSound: false, altered: touched, ...others }, column)
  }
  const named = await sql<{ columnName: string }[]>`select column_name from information_schema.columns where table_name = 'audit_events'`
  t.strictSame(named.map(({ columnName }) => columnName).sort(), ['id', 'mac', ...Object.keys(changes)].sort(), 'every column counts')
  const [{ id } = {}] = await sql`update audit_events set mac = set_byte(mac, 30, (get_byte(mac, 30) + 1) % 256) where id = (select max(id) from audit_events) returning id`
  t.match(await verify(), { isSound: false, altered: touched, unsigned: [id] }, 'mac')
})

t.test('an empty field differs from a missing one', async t => {
  const { sql, verify } = await prepare(t)
  const [{ id = 0 } = {}] = await sql`update audit_events set reason = '' where id = (select min(id) from audit_events where reason is null) returning id`
  t.match(await verify(), { altered: [id] })
})

t.test('a removed event is reported, and a removed batch', async t => {
  const { sql, verify } = await prepare(t)
  const [{ id: first = 0 } = {}] = await sql`delete from audit_events where id = (select min(id) + 1 from audit_events) returning id`
  t.match(await verify(), { isSound: false, removed: [first], altered: none, inserted: none, brokenSeals: none })

  const batch = await idsOf(sql, 3)
  await sql`delete from audit_events where id = any(${batch})`
  t.match(await verify(), { isSound: false, removed: [first, ...batch], altered: none, inserted: none })

  await sql`delete from audit_seals where number = 3`
  const { removed, brokenSeals } = await verify()
  t.strictSame(removed, [first], 'with its seal gone, too')
  t.match(brokenSeals, [{ seal: 3, problem: 'missing', firstId: (batch[0] ?? 0) - 1, lastId: Number }], 'the chain says between which ids they were')
})

t.test('when a seal is removed, its events are reported as orphaned', async t => {
  const { sql, verify } = await prepare(t)
  const batch = await idsOf(sql, 2)
  await sql`delete from audit_seals where number = 2`
  t.match(await verify(), { isSound: false, orphaned: batch, removed: none, inserted: none, brokenSeals: [{ seal: 2, problem: 'missing' }] })
})

t.test('a cut-off tail is found by a head from the log, even after new events have taken its place', async t => {
  const { app, sql, verify, heads } = await prepare(t)
  const tail = [...await idsOf(sql, 4), ...await idsOf(sql, 5)]
  await sql`delete from audit_events where id = any(${tail})`
  t.match(await verify(), { isSound: false, removed: tail }, 'where the seals stay they name it')

  await sql`delete from audit_seals where number >= 4`
  t.match(await verify(), { isSound: true }, 'the database alone knows nothing of it any more')
  t.match(await verify(heads[4]), { isSound: false, hasHead: false })
  t.match(await verify(heads[2]), { isSound: true, hasHead: true })

  await act(app)
  await sealsOf(app).seal()
  t.match(await verify(heads[4]), { isSound: false, hasHead: false })
  t.match(await verify(), { isSound: true })
})

t.test('a node reports at its next seal that the chain is no longer its own', async t => {
  const { app, sql, logged } = await prepare(t)
  const [{ hash } = {}] = await sql`select hash from audit_seals order by number desc limit 1`
  await sql`delete from audit_seals where number = 5`
  await sealsOf(app).seal()

  t.match(logged.filter(({ level }) => level === 'error'), [{ seal: 5, head: hash.toString('hex') }])
  t.ok((await app.metrics.render()).includes('latchkey_audit_chain_breaks_total 1\n'))
  await act(app)
  await sealsOf(app).seal()
  t.equal(logged.filter(({ level }) => level === 'error').length, 1, 'it is said once, and the trail goes on being sealed')
})

t.test('an event that is inserted later is reported, with an old id, an old time or both', async t => {
  const { app, sql, verify, gap } = await prepare(t)
  const [{ at } = {}] = await sql`select max(at) as at from audit_events`
  const [{ xid } = {}] = await sql`select min(xid::text::bigint)::text as xid from audit_events`
  const insert = async (values: string) => Number((await sql.unsafe(`insert into audit_events (${values.split('|')[0]}, event, outcome) values (${values.split('|')[1]}, 'authn_login_success', 'success') returning id`))[0]?.['id'])

  const oldTransaction = await insert(`xid|'${xid}'`)
  t.match(await verify(), { isSound: false, inserted: [oldTransaction], altered: none, removed: none }, 'as part of a transaction that is sealed')
  const future = await insert("xid|'900000000000'")
  t.match(await verify(), { inserted: [oldTransaction, future] }, 'as part of one that has not been')

  const oldTime = await insert(`at|'${at.toISOString()}'::timestamptz - interval '1 hour'`)
  const later = await insert("at|now() + interval '1 hour'")
  const oldId = await insert(`id|${gap}`)
  await sealsOf(app).seal()
  t.match(await verify(), { isSound: false, inserted: [oldId, oldTransaction, future, oldTime, later].sort((a, b) => a - b), altered: none, removed: none, unsealed: 0 }, 'although a seal was made for them')

  await act(app)
  await sealsOf(app).seal()
  t.equal((await verify()).inserted.length, 5, 'what comes after is not suspected')
  t.equal((await sql`select count(*)::int as seals from audit_seals`)[0]?.['seals'], 7, 'and is not sealed again and again for a number from the future')
})

t.test('two events cannot share one id', async t => {
  const { sql, verify } = await prepare(t)
  const [{ id = 0 } = {}] = await sql`
    insert into audit_events (id, xid, at, event, outcome)
    select id, xid, at + interval '1 microsecond', event, outcome
    from audit_events
    where id = (select min(id) + 2 from audit_events)
    returning id`
  t.match(await verify(), { isSound: false, inserted: [id] })
})

t.test('events that have changed places are reported', async t => {
  const { sql, verify } = await prepare(t)
  const [first, second] = (await sql<{ id: number }[]>`select id from audit_events order by id limit 2`).map(({ id }) => id)
  await sql`update audit_events set id = case id when ${first ?? 0} then ${second ?? 0}::bigint else ${first ?? 0} end where id in (${first ?? 0}, ${second ?? 0})`
  t.match(await verify(), { isSound: false, reordered: [first, second], altered: none, removed: none, inserted: none })

  const { sql: other, verify: verifyOther } = await prepare(t)
  await other`update audit_seals set number = case number when 2 then 1002 else 1003 end where number in (2, 3)`
  await other`update audit_seals set number = case number when 1002 then 3 else 2 end where number in (1002, 1003)`
  t.match(await verifyOther(), { isSound: false, brokenSeals: [{ seal: 2, problem: 'altered' }, { seal: 3, problem: 'altered' }] }, 'as are seals')
})

t.test('a batch cannot be hashed anew without the key', async t => {
  const { sql, verify, store } = await prepare(t)
  const [id = 0] = await idsOf(sql, 3)
  await sql`update audit_events set outcome = 'success', reason = 'nothing happened' where id = ${id}`

  const seals = await store.seals(0, 100)
  const rehashed = await rehash(seals, 3)
  await replace(sql, rehashed.filter(({ number }) => number === 3))
  t.match(await verify(), { isSound: false, altered: none, brokenSeals: [{ seal: 3, problem: 'forged', firstId: id }, { seal: 4, problem: 'unlinked' }] }, 'this one alone')

  await replace(sql, rehashed)
  t.match(await verify(), { isSound: false, altered: none, brokenSeals: [3, 4, 5].map(seal => ({ seal, problem: 'forged' })) }, 'and all after it')

  const signer = createSealSigner([randomBytes(32)])
  await replace(sql, rehashed.map(seal => ({ ...seal, ...signer.sign(seal.hash) })))
  t.match(await verify(), { isSound: false, brokenSeals: [3, 4, 5].map(seal => ({ seal, problem: 'unknown_key' })) }, 'signed by somebody else')

  async function rehash (seals: StoredSeal[], from: number): Promise<StoredSeal[]> {
    const events = new Map((await store.events(0, 1000)).map(event => [event.id, event]))
    const done: StoredSeal[] = []
    for (const seal of seals.filter(({ number }) => number >= from)) {
      const leaves = encodeLeaves(decodeLeaves(seal.leaves).map(leaf => {
        const event = events.get(leaf.id)
        return event ? { ...leaf, hash: hashEvent(event) } : leaf
      }))
      const content = { ...seal, leaves, previous: done.at(-1)?.hash ?? seal.previous }
      done.push({ ...content, hash: hashSeal(content) })
    }
    return done
  }
})

t.test('a seal with any altered field is reported', async t => {
  const { sql, verify } = await prepare(t)
  const changes = {
    events: 'events + 1',
    total: 'total + 1',
    last_id: 'last_id + 1',
    xid: "'7'",
    snapshot: "'7:7:'",
    through: '7',
    floor: '7',
    kept_from: 'now()',
    sealed_at: "sealed_at - interval '1 second'",
    leaves: 'set_byte(leaves, 20, (get_byte(leaves, 20) + 1) % 256)',
    previous: 'set_byte(previous, 3, (get_byte(previous, 3) + 1) % 256)'
  }
  for (const [column, expression] of Object.entries(changes)) {
    await sql`create temporary table kept as select * from audit_seals where number = 2`
    await sql.unsafe(`update audit_seals set ${column} = ${expression} where number = 2`)
    t.match(await verify(), { isSound: false, brokenSeals: [{ seal: 2, problem: 'altered' }] }, column)
    await sql`delete from audit_seals where number = 2`
    await sql`insert into audit_seals select * from kept`
    await sql`drop table kept`
  }
  t.match(await verify(), { isSound: true })
  await sql`update audit_seals set signature = set_byte(signature, 3, (get_byte(signature, 3) + 1) % 256) where number = 2`
  t.match(await verify(), { isSound: false, brokenSeals: [{ seal: 2, problem: 'forged' }] })
})

t.test('a forged seal at the end is reported, and does not prevent further seals', async t => {
  const { app, verify, deployment, logged } = await prepare(t)
  const runtime = connect(t, deployment.DATABASE_URL)
  // The most that the role of the server may do without its key: claim that everything for ages to come has been
  // sealed.
  await runtime`
    insert into audit_seals (number, events, total, last_id, xid, snapshot, floor, sealed_at, leaves, previous, hash, key_id, signature)
    select number + 1, 0, total, 900000000000, xid, '900000000000:900000000000:', 900000000000, now(), '', hash, sha256(hash), key_id, signature
    from audit_seals
    order by number desc
    limit 1`
  await act(app)
  t.ok(await sealsOf(app).seal() > 0)
  t.match(logged.filter(({ level }) => level === 'error'), [{ seal: 6 }])
  await act(app)
  await sealsOf(app).seal()

  const verdict = await verify()
  t.match(verdict, { isSound: false, brokenSeals: [{ seal: 6, problem: 'altered' }], altered: none, removed: none, inserted: none, orphaned: none, unsealed: 0, seals: 8 })
  t.equal(verdict.brokenSeals.length, 1)
})

t.test('a seal under an unknown key excuses no missing event', async t => {
  const { app, sql, verify, deployment } = await prepare(t)
  const runtime = openStore(t, deployment.DATABASE_URL)
  const stranger = createSealSigner([randomBytes(32)])
  const last = (await createAuditSealStore(runtime).lastBefore(6))
  if (!last) throw new Error('there is no seal')
  // An empty seal, correct in itself, which says that all events may be gone.
  const content = {
    ...last,
    number: 6,
    events: 0,
    leaves: Buffer.alloc(0),
    previous: last.hash,
    keptFrom: Date.now() * 1000
  }
  const hash = hashSeal(content)
  await runtime.begin(tx => createAuditSealStore(runtime).insert(tx, { ...content, hash, ...stranger.sign(hash) }))
  await act(app)
  await sealsOf(app).seal()
  t.match(await verify(), { isSound: false, brokenSeals: [{ seal: 6, problem: 'unknown_key' }], removed: none })

  const [{ id } = {}] = await sql`delete from audit_events where id = (select min(id) from audit_events) returning id`
  t.match(await verify(), { isSound: false, removed: [id], dropped: 0 })
})

t.test('an erased subject leaves the trail sound, and nothing to read', async t => {
  const { app, sql, verify, heads } = await prepare(t)
  const account = await signUp(app)
  const { access_token: token, user } = await signIn(app, account)
  await sealsOf(app).seal()
  t.equal((await as(app, token, 'DELETE', '/auth/me')).statusCode, 204)
  await sealsOf(app).seal()

  t.strictSame([...await sql`select * from subject_keys where subject_id = ${user.id}`], [])
  t.match(await verify(heads.at(-1)), { isSound: true, hasHead: true, unsealed: 0 })
})

t.test('nobody changes seals by mistake, and the server cannot at all', async t => {
  const { deployment } = await prepare(t)
  const owner = connect(t, deployment.DATABASE_DIRECT_URL)
  const runtime = connect(t, deployment.DATABASE_URL)
  await owner`alter table audit_events enable trigger user`
  await owner`alter table audit_seals enable trigger user`

  for (const statement of ['update audit_seals set total = 0', 'delete from audit_seals', 'truncate audit_seals']) {
    await t.rejects(owner.unsafe(statement), { message: /append-only/ }, statement)
    await t.rejects(runtime.unsafe(statement), { code: '42501' }, statement)
  }
  const partitions = await owner<{ name: string }[]>`select inhrelid::regclass::text as name from pg_inherits where inhparent = 'audit_events'::regclass`
  t.ok(partitions.length >= 5)
  for (const { name } of partitions) {
    for (const statement of [`update ${name} set event = 'x'`, `delete from ${name}`, `truncate ${name}`]) {
      await t.rejects(owner.unsafe(statement), { message: /append-only/ }, statement)
      await t.rejects(runtime.unsafe(statement), { code: '42501' }, statement)
    }
    await t.rejects(runtime.unsafe(`insert into ${name} (event, outcome) values ('x', 'success')`), { code: '42501' })
  }
  for (const column of ['id', 'at', 'xid']) {
    await t.rejects(runtime.unsafe(`insert into audit_events (${column}, event, outcome) values (default, 'x', 'success')`), { code: '42501' }, `${column} is not the writer's to choose`)
  }
  await t.rejects(runtime`select drop_audit_partitions(now() - interval '100 days')`, /no seal has announced/)
  await t.rejects(runtime`select drop_audit_partitions(now())`, /90 days/)
})

t.test('an event that commits late is covered by a later seal', async t => {
  const { app, sql, verify, deployment } = await prepare(t)
  const slow = connect(t, deployment.DATABASE_URL)
  const connection = await slow.reserve()
  await connection`begin`
  const { event, outcome, requestId, personal, mac } = app.audit.prepare({ event: 'late', outcome: 'success', subject: null, caller: { ip: '::1', userAgent: null, requestId: 'late' } })
  const [{ id: late = 0 } = {}] = await connection`
    insert into audit_events (event, outcome, request_id, personal, mac)
    values (${event}, ${outcome}, ${requestId}, ${personal}, ${mac})
    returning id`
  for (let round = 0; round < 3; round++) {
    await act(app)
    t.ok(await sealsOf(app).seal() > 0, 'those that are there do not wait for it')
    t.match(await verify(), { isSound: true, unsealed: 0 })
  }

  await connection`commit`
  connection.release()
  t.match(await verify(), { isSound: true, unsealed: 1 })
  t.equal(await sealsOf(app).seal(), 1)
  t.match(await verify(), { isSound: true, unsealed: 0 })
  t.strictSame(await idsOf(sql, 9), [late])
})

t.test('a large transaction that commits late is sealed whole, and nothing is sealed twice', async t => {
  const { app, sql, verify, deployment } = await prepare(t)
  await openStore(t, deployment.DATABASE_URL, { deadline: 60_000 }).begin(async tx => {
    await tx`select pg_current_xact_id()`
    await act(app)
    t.ok(await sealsOf(app).seal() > 0, 'those that are there do not wait for it')
    const caller = { ip: '::1', userAgent: null, requestId: 'late' }
    await app.audit.recordAll(tx, Array.from({ length: 4500 }, () => ({ event: 'late', outcome: 'success', subject: null, caller })))
  })
  await act(app)

  const { events } = await verify()
  await sealsOf(app).seal()
  t.match(await verify(), { isSound: true, unsealed: 0, removed: none, events })
  t.match(await sql`select sum(events)::int as events, max(total)::int as total from audit_seals`, [{ events, total: events }])
  t.match(await sql`select sum(events)::int as events from daily_counts`, [{ events }], 'each is counted once')
})

t.test('a transaction that is rolled back leaves a gap that is not reported', async t => {
  const { app, sql, verify } = await prepare(t)
  await sql`begin`
  await sql`insert into audit_events (event, outcome) values ('never', 'success')`
  await sql`rollback`
  await act(app)
  await sealsOf(app).seal()
  t.match(await verify(), { isSound: true, unsealed: 0 })
})

t.test('two nodes that seal at once make one chain', async t => {
  const { app, verify, deployment } = await prepare(t)
  const nodes = [
    app, await start(t, deployment, { workers: false }), await start(t, deployment, { workers: false })
  ] as const
  for (let round = 0; round < 5; round++) {
    await act(app)
    await Promise.all(nodes.flatMap(node => [sealsOf(node).seal(), sealsOf(node).seal(), act(node)]))
  }
  await sealsOf(app).seal()
  t.match(await verify(), { isSound: true, unsealed: 0, brokenSeals: none })
})

t.test('when a node dies before its seal is committed, the next node seals everything', async t => {
  const { app, verify, deployment } = await prepare(t)
  const { database: killed } = await start(t, deployment, { workers: false })
  const store = createAuditSealStore(killed)
  await act(app)
  await t.rejects(killed.begin(async tx => {
    t.equal(await store.lock(tx), true)
    const xid = await store.transaction(tx)
    const last = await store.lastBefore(6, tx)
    const unsealed = createUnsealedStore(killed)
    const { snapshot, now } = await unsealed.moment(tx)
    const events = await unsealed.unsealed(tx, last ?? nothingSealed, { snapshot, after: null, limit: 100 })
    t.ok(events.length > 0)
    const content = {
      number: 6,
      events: 0,
      total: 0,
      lastId: 0,
      xid,
      snapshot,
      through: null,
      floor: 0,
      keptFrom: null,
      sealedAt: now,
      leaves: Buffer.alloc(0),
      previous: Buffer.alloc(32)
    }
    await store.insert(tx, { ...content, hash: hashSeal(content), keyId: Buffer.alloc(8), signature: Buffer.alloc(64) })
    t.equal(await sealsOf(app).seal(), 0, 'nobody else seals meanwhile, and nobody waits')
    const [{ pid } = { pid: 0 }] = await tx<{ pid: number }>`select pg_backend_pid() as pid`
    await killed`select pg_terminate_backend(${pid})`
    await tx`select 1`
  }))

  t.ok(await sealsOf(app).seal() > 0)
  t.match(await verify(), { isSound: true, unsealed: 0, seals: 6 })
})

t.test('the seals of a retired key are covered by the first seal of its successor', async t => {
  const { app, verifyWith, deployment } = await prepare(t)
  const old = deployment.ENCRYPTION_KEY
  const next = randomBytes(32).toString('base64')
  await app.close()

  const node = await start(t, { ...deployment, ENCRYPTION_KEY: `${next},${old}` }, { workers: false })
  t.match(await verifyWith(next)(), { isSound: false, brokenSeals: [1, 2, 3, 4, 5].map(seal => ({ seal, problem: 'unknown_key' })) }, 'nobody vouches for them yet')
  await act(node)
  await sealsOf(node).seal()
  t.match(await verifyWith(next)(), { isSound: true, brokenSeals: none })
  t.match(await verifyWith(`${next},${old}`)(), { isSound: true })
  t.match(await verifyWith(old)(), { isSound: false, brokenSeals: [{ seal: 6, problem: 'unknown_key' }] })
})

/** A node, five batches of events, each sealed, and the owner of the database with its triggers disabled. */
async function prepare (t: Test) {
  const deployment = await deploy(t)
  const logged: Record<string, unknown>[] = []
  const app = await start(t, deployment, { workers: false })
  for (const level of ['info', 'warn', 'error'] as const) app.log[level] = (fields: object) => { logged.push({ level, ...fields }) }

  const sql = connect(t, deployment.DATABASE_DIRECT_URL, { max: 1 })
  let gap = 0

  for (let batch = 0; batch < 5; batch++) {
    await act(app)
    await sealsOf(app).seal()
    // A number that was taken and not used, as by a transaction that is rolled back.
    if (batch === 1) gap = Number((await sql`select nextval('audit_events_id_seq') as gap`)[0]?.['gap'])
  }
  const heads = logged.flatMap(({ level, head }) => level === 'info' && typeof head === 'string' ? [head] : [])
  await sql`alter table audit_events disable trigger user`
  await sql`alter table audit_seals disable trigger user`
  const store = createAuditSealStore(openStore(t, deployment.DATABASE_DIRECT_URL))

  return { deployment, app, sql, store, heads, gap, logged, verifyWith, verify: verifyWith(deployment.ENCRYPTION_KEY) }

  function verifyWith (keys: string) {
    const signer = createSealSigner(createSecrets(keys.split(',').map(key => Buffer.from(key, 'base64'))).derive('audit seals'))
    const { verify } = createAuditVerification(store, signer, macsOf({ ENCRYPTION_KEY: keys }))
    return (head?: string) => verify({ head })
  }
}

/** A few events: a person registers, signs in, and enters a wrong password. */
async function act (app: Awaited<ReturnType<typeof start>>) {
  const account = await signUp(app)
  await signIn(app, account)
  await signIn(app, { ...account, password: 'not the right one' }).catch(() => {})
}

/** The ids of the events in a seal. */
async function idsOf (sql: ReturnType<typeof connect>, seal: number): Promise<number[]> {
  const [{ leaves } = {}] = await sql`select leaves from audit_seals where number = ${seal}`
  return decodeLeaves(leaves).map(({ id }) => id).sort((a, b) => a - b)
}

async function replace (sql: ReturnType<typeof connect>, seals: StoredSeal[]) {
  for (const { number, leaves, previous, hash, signature, keyId } of seals) {
    await sql`update audit_seals set leaves = ${leaves}, previous = ${previous}, hash = ${hash}, signature = ${signature}, key_id = ${keyId} where number = ${number}`
  }
}
