import t from 'tap'
import type { Test } from 'tap'
import { createAuditSealStore } from '../lib/audit/seal-store.ts'
import { createSealSigner } from '../lib/audit/signatures.ts'
import { createAuditVerification } from '../lib/audit/verification/verification.ts'
import { createSecrets } from '../lib/crypto/secrets.ts'
import { connect, openStore } from './support/database.ts'
import { deploy, signIn, signUp, start } from './support/helper.ts'
import { macsOf, sealsOf } from './support/trail/audit-seals.ts'

/** A list without entries, as a pattern. An empty list would match every list. */
const none = { length: 0 }

// The attacker of these tests writes SQL as the server does, and has no key.

t.test('an inserted event is named, before its seal and after it', async t => {
  const { app, runtime, verify } = await prepare(t)
  const [{ id } = {}] = await runtime`insert into audit_events (event, outcome) values ('user_deleted', 'success') returning id`
  t.match(await verify(), { isSound: false, unsigned: [id], inserted: none, unsealed: 1 })
  await sealsOf(app).seal()
  t.match(await verify(), { isSound: false, unsigned: [id], inserted: none, unsealed: 0 })

  const [{ id: copied } = {}] = await runtime`
    insert into audit_events (event, outcome, reason, actor_id, subject_id, session_id, request_id, address_hmac, personal, mac)
    select event, outcome, reason, actor_id, subject_id, session_id, request_id, address_hmac, personal, mac
    from audit_events
    where event = 'authn_login_success'
    order by id
    limit 1
    returning id`
  const [{ id: changed } = {}] = await runtime`
    insert into audit_events (event, outcome, mac)
    select 'authn_login_fail', 'failure', mac
    from audit_events
    where event = 'authn_login_success'
    order by id
    limit 1
    returning id`
  await sealsOf(app).seal()
  t.match(await verify(), { isSound: false, unsigned: [id, copied, changed] }, 'a copy of a genuine event, or of its MAC, is none')
})

t.test('every event of a server has a MAC, however it is written', async t => {
  const { app, runtime, verify } = await prepare(t)
  await signIn(app, await signUp(app))
  t.strictSame([...await runtime`select event from audit_events where mac is null`], [])
  t.match(await verify(), { isSound: true, unsigned: none, unchecked: 0 })
})

t.test('an event counts whatever the clock of the machine shows that writes it', async t => {
  const { deployment, app, verify } = await prepare(t)
  const { now } = Date
  t.teardown(() => { Date.now = now })
  for (const skew of [3_600_000, -3_600_000]) {
    Date.now = () => now() + skew
    const node = await start(t, deployment, { workers: false })
    await node.signingKeys.rotate({ ip: '::1', userAgent: null, requestId: 'rotate' })
    Date.now = now
  }
  await sealsOf(app).seal()
  t.match(await verify(), { isSound: true, unsigned: none, unsealed: 0 })
})

t.test('in a trail that is older than MACs the first events need none', async t => {
  const { app, runtime, verify } = await prepare(t, async sql => {
    await sql`insert into audit_events (event, outcome) select 'old', 'success' from generate_series(1, 3)`
  })
  t.match(await verify(), { isSound: true, unsigned: none, unchecked: 3 })
  await runtime`insert into audit_events (event, outcome) values ('by a node of the last release', 'success')`
  await sealsOf(app).seal()
  t.match(await verify(), { isSound: true, unchecked: 4 }, 'nor do those of nodes that are not upgraded yet')
})

t.test('the key of a subject goes with the event of its erasure only, and one that is missing is named', async t => {
  const { deployment, app, runtime, verify } = await prepare(t)
  const [ada, bob] = [await signIn(app, await signUp(app)), await signIn(app, await signUp(app))]
  const keys = async () => (await runtime<{ id: string }[]>`select subject_id as id from subject_keys where subject_id in (${ada.user.id}, ${bob.user.id})`).map(({ id }) => id)
  await t.rejects(runtime`delete from subject_keys where subject_id = ${ada.user.id}`, { code: '42501' })
  await runtime`delete from users where id = ${ada.user.id}`
  t.same((await keys()).sort(), [ada.user.id, bob.user.id].sort(), 'an account that is removed in silence leaves its key')
  await runtime`
    insert into registrations (id, email, email_canonical, password_hash, full_name, locale, role, code_expires_at)
    values (${ada.user.id}, 'ada@example.com', 'ada@example.com', 'x', 'Ada King', 'en', 'user', now())`
  await runtime`delete from registrations where id = ${ada.user.id}`
  t.same((await keys()).length, 2, 'nor does a registration of its id help')
  await sealsOf(app).seal()
  t.match(await verify(), { isSound: true, lostKeys: none })

  const owner = connect(t, deployment.DATABASE_DIRECT_URL)
  await owner`delete from subject_keys where subject_id in (${ada.user.id}, ${bob.user.id})`
  t.match(await verify(), { isSound: false, lostKeys: [ada.user.id, bob.user.id].sort() })
})

t.test('a seal has the next number', async t => {
  const { app, runtime, verify } = await prepare(t)
  for (const number of [Number.MAX_SAFE_INTEGER - 1, 3, 1]) {
    await t.rejects(runtime`
      insert into audit_seals (number, events, total, last_id, xid, snapshot, floor, sealed_at, leaves, previous, hash, key_id, signature)
      select ${number}::bigint, events, total, last_id, xid, snapshot, floor, now(), leaves, hash, sha256(hash), key_id, signature
      from audit_seals
      order by number desc
      limit 1`, { code: /^23/ }, String(number))
  }
  await signIn(app)
  t.ok(await sealsOf(app).seal() > 0)
  t.match(await verify(), { isSound: true, unsealed: 0, seals: 2 })
})

/** A node with a first seal, a connection as its role, and the verification. `first` is done before anything else. */
async function prepare (t: Test, first: (sql: ReturnType<typeof connect>) => Promise<void> = async () => {}) {
  const deployment = await deploy(t)
  const runtime = connect(t, deployment.DATABASE_URL)
  await first(runtime)
  const app = await start(t, deployment, { workers: false })
  await signIn(app)
  await sealsOf(app).seal()

  const { verify } = createAuditVerification(
    createAuditSealStore(openStore(t, deployment.DATABASE_URL)),
    createSealSigner(createSecrets([Buffer.from(deployment.ENCRYPTION_KEY, 'base64')]).derive('audit seals')),
    macsOf(deployment)
  )
  return { deployment, app, runtime, verify }
}
