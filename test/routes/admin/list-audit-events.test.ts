import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { get } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { ShownEvent, TrailPage } from '../../../lib/audit/trail.ts'
import { parseCsv } from '../../../lib/formats/csv.ts'
import { connect } from '../../support/database.ts'
import { as, deploy, post, signIn, signUp, start } from '../../support/helper.ts'
import { tapWires } from '../../support/statements/wiretap.ts'
import { startStopwatch } from '../../support/stopwatch.ts'
import { eventsOf, trail } from '../../support/trail/evidence.ts'
import { until } from '../../support/until.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false })
const sql = connect(t, deployment.DATABASE_DIRECT_URL)
const path = '/admin/audit-events'

t.test('an auditor sees who did what to whom, when, from where, and what was changed', async t => {
  const auditor = await withRole('admin')
  const ada = await signIn(app, await signUp(app))
  await as(app, ada.access_token, 'PATCH', '/auth/me', { full_name: 'Ada Lovelace' })
  const { events, next_cursor: next } = await read(auditor, { subject: ada.user.id })

  t.equal(next, null)
  t.strictSame(events.map(({ event }) => event), (await eventsOf(app, ada.user.id)).reverse(), 'the latest first')
  t.match(events[0], {
    event: 'user_updated',
    outcome: 'success',
    actor_id: ada.user.id,
    subject_id: ada.user.id,
    session_id: ada.session.id,
    request_id: String,
    personal: { ip: '127.0.0.1', before: { full_name: 'Ada King' }, after: Object }
  })
  t.ok(Math.abs(Date.parse(events[0]?.at ?? '') - Date.now()) < 60_000)
  t.strictSame(Object.keys(events[0] ?? {}), ['id', 'at', 'event', 'outcome', 'reason', 'actor_id', 'subject_id', 'session_id', 'request_id', 'personal'])
})

t.test('each filter narrows the list, alone and together with others', async t => {
  const auditor = await withRole('admin')
  const [ada, bob] = [await signIn(app, await signUp(app)), await signIn(app, await signUp(app))]
  const middle = new Date()
  await post(app, '/auth/login', { email: ada.user.email, password: 'not this one' })

  t.ok((await read(auditor, { actor: ada.user.id })).events.every(({ actor_id: actor }) => actor === ada.user.id))
  t.match((await read(auditor, { subject: ada.user.id, event: 'authn_login_fail' })).events, [{ subject_id: ada.user.id, outcome: 'failure' }])
  t.strictSame((await read(auditor, { actor: bob.user.id, subject: ada.user.id })).events, [])
  t.strictSame((await read(auditor, { subject: randomUUID() })).events, [])

  const later = (await read(auditor, { subject: ada.user.id, from: middle.toISOString() })).events
  const earlier = (await read(auditor, { subject: ada.user.id, to: middle.toISOString() })).events
  t.strictSame(later.map(({ event }) => event), ['authn_login_fail'])
  t.equal(later.length + earlier.length, (await eventsOf(app, ada.user.id)).length, 'from and to share no event and leave none out')
  t.strictSame((await read(auditor, { subject: ada.user.id.toUpperCase(), to: middle.toISOString() })).events, earlier)
  t.strictSame((await read(auditor, { from: '2001-01-01T00:00:00Z', to: '2002-01-01T00:00:00Z' })).events, [])
})

t.test('pages follow one another without gap or repetition, whatever happens meanwhile', async t => {
  const auditor = await withRole('admin')
  const subject = randomUUID()
  await sql`insert into audit_events (event, outcome, subject_id) select 'many', 'success', ${subject} from generate_series(1, 250)`
  const pages: ShownEvent[][] = []

  for (let cursor: string | null | undefined; cursor !== null;) {
    const page: TrailPage = await read(auditor, { subject, ...(cursor && { cursor }) })
    pages.push(page.events)
    cursor = page.next_cursor
    await sql`insert into audit_events (event, outcome, subject_id) values ('later', 'success', ${subject})`
  }
  t.strictSame(pages.map(({ length }) => length), [100, 100, 50])
  const ids = pages.flat().map(({ id }) => id)
  t.strictSame(ids, [...new Set(ids)].sort((a, b) => b - a))

  const [{ at } = {}] = await sql`select now() as at`
  await sql`insert into audit_events (event, outcome, subject_id) select 'exact', 'success', ${subject} from generate_series(1, 100)`
  t.match(await read(auditor, { subject, event: 'exact', from: at.toISOString() }), { events: { length: 100 }, next_cursor: null }, 'a full page may be the last')
})

t.test('a stream contains the whole trail, as lines of JSON or CSV', async t => {
  const auditor = await withRole('admin')
  const subject = randomUUID()
  await sql`insert into audit_events (event, outcome, subject_id, reason) select 'many', 'success', ${subject}, n::text from generate_series(1, 1234) n`

  const lines = await streamed(auditor, { subject, format: 'ndjson' })
  t.match(lines, { statusCode: 200, headers: { 'content-type': 'application/x-ndjson', 'content-disposition': /audit-events\.ndjson/, 'cache-control': 'no-store' } })
  const events = lines.body.trimEnd().split('\n').map(line => JSON.parse(line))
  t.strictSame(events.map(({ reason }) => Number(reason)), Array.from({ length: 1234 }, (_, n) => n + 1), 'the earliest first')
  const [latest] = (await read(auditor, { subject })).events
  t.strictSame(events.at(-1), latest, 'the same as in a page')

  const cells = await streamed(auditor, { subject, format: 'csv' })
  t.match(cells, { statusCode: 200, headers: { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': /audit-events\.csv/ } })
  const rows = cells.body.trimEnd().split('\r\n').map(parseCsv)
  t.strictSame(rows[0], ['id', 'at', 'event', 'outcome', 'reason', 'actor_id', 'subject_id', 'session_id', 'request_id', 'personal'])
  t.equal(rows.length, 1235)
  t.strictSame(rows.at(-1), [String(latest?.id), latest?.at, 'many', 'success', '1234', '', subject, '', '', ''])
  t.equal((await streamed(auditor, { subject: randomUUID(), format: 'ndjson' })).body, '')
})

t.test('values that a spreadsheet would take for a formula are written as text', async t => {
  const auditor = await withRole('admin')
  const subject = randomUUID()
  const attacks = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '=HYPERLINK("http://x","y")', 'a,b', 'a"b', 'two\nlines', "'=1"]
  for (const reason of attacks) await sql`insert into audit_events (event, outcome, subject_id, reason) values ('odd', 'success', ${subject}, ${reason})`

  const { body } = await streamed(auditor, { subject, format: 'csv' })
  for (const line of body.split('\r\n').slice(1, 7)) t.match(parseCsv(line)?.[4], /^'[=+\-@\t\r]/)
  t.ok(body.includes('"\'=HYPERLINK(""http://x"",""y"")"'))
  t.ok(body.includes(',"a,b",') && body.includes(',"a""b",') && body.includes(',"two\nlines",'))
  t.ok(body.includes(",''=1,"), 'so that the escape can be undone')
})

t.test('an erased user is null, and the events stay', async t => {
  const auditor = await withRole('admin')
  const ada = await signIn(app, await signUp(app))
  const before = (await read(auditor, { subject: ada.user.id })).events
  t.ok(before.every(({ personal }) => personal?.['ip'] === '127.0.0.1'))
  t.equal((await as(app, ada.access_token, 'DELETE', '/auth/me')).statusCode, 204)

  const { events } = await read(auditor, { subject: ada.user.id })
  t.strictSame(events.map(({ event }) => event), ['user_deleted', ...before.map(({ event }) => event)])
  t.ok(events.every(({ personal }) => personal === null))
  await sql`alter table audit_events disable trigger user`
  const [{ id } = {}] = await sql`update audit_events set personal = '\\x00112233' where id = (select max(id) from audit_events where personal is not null) returning id`
  await sql`alter table audit_events enable trigger user`
  t.match((await read(auditor, {})).events.find(event => event.id === id), { personal: null }, 'nor does what somebody has spoilt stand in the way')
})

t.test('reading the trail is recorded in it, with the filters that were asked for', async t => {
  const auditor = await withRole('admin')
  const subject = randomUUID()
  await read(auditor, { subject })
  await streamed(auditor, { event: 'authn_login_fail', from: '2026-01-01T00:00:00Z', format: 'csv' })

  const own = (await trail(app, auditor.user.id)).filter(({ event }) => event === 'sensitive_read')
  t.match(own, [
    { outcome: 'success', reason: 'audit_events', actorId: auditor.user.id, sessionId: auditor.session.id, read: { ip: '127.0.0.1', asked: { subject, format: 'json' } } },
    { read: { asked: { event: 'authn_login_fail', from: '2026-01-01T00:00:00.000Z', format: 'csv' } } }
  ])
  t.equal(own.length, 2)
})

t.test('nobody reads the trail without audit:read', async t => {
  t.match(await app.inject({ url: `/api/v1${path}` }), { statusCode: 401 })
  for (const role of ['user', 'accountant', 'vendor']) {
    const tokens = await withRole(role)
    for (const query of ['', '?format=csv', '?format=ndjson', '?actor=nobody']) {
      t.match((await as(app, tokens.access_token, 'GET', path + query)).json(), { code: 'forbidden' }, `${role}, ${query}`)
    }
    t.notOk((await eventsOf(app, tokens.user.id)).includes('sensitive_read'))
  }
})

t.test('an invalid filter is refused and leaves no event', async t => {
  const auditor = await withRole('admin')
  const other = (await read(auditor, {})).next_cursor ?? ''
  const before = (await eventsOf(app, auditor.user.id)).length

  for (const query of [
    'actor=ada', 'subject=1', `actor=${randomUUID()}'--`, 'event=', 'event=A', 'event=x%27%20or%201=1', 'from=yesterday', 'to=2026-13-01T00:00:00Z', 'from=2026-01-01',
    'from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z', 'from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z', 'format=xml', 'format=', 'cursor=', 'cursor=7', 'cursor=AAAA',
    `cursor=${other}&event=authn_login_fail`, `cursor=${other.slice(0, -2)}`, 'limit=1000', 'page=2', 'event=a&event=b', 'format=csv&cursor=AAAA', `format=ndjson&cursor=${other}`,
    'from=2016-12-31T23:59:60Z', 'to=2016-12-31t23:59:60z', 'from=2017-01-01T00:59:60%2B01:00', 'to=2026-01-01T00:00:00%2B01', `actor=${randomUUID()}&actor=${randomUUID()}`
  ]) t.match((await as(app, auditor.access_token, 'GET', `${path}?${query}`)).json(), { status: 422, code: 'invalid_request' }, query)
  t.equal((await eventsOf(app, auditor.user.id)).length, before)
})

t.test('the earliest and the latest times that can be written are times', async t => {
  const auditor = await withRole('admin')
  for (const query of ['from=0000-01-01T00:00:00%2B23:59', 'to=9999-12-31T23:59:59-23:59', 'from=2026-01-01T00:00:00.123456789Z']) {
    t.match(await as(app, auditor.access_token, 'GET', `${path}?${query}`), { statusCode: 200 }, query)
  }
})

t.test('a stream stops when its reader is gone, and waits for a slow reader', async t => {
  const { tap, deployment: tapped } = await tapWires(t, deployment)
  const node = await start(t, tapped, { workers: false })
  await node.listen({ host: '127.0.0.1', port: 0 })
  const auditor = await withRole('admin')
  const subject = randomUUID()
  await sql`insert into audit_events (event, outcome, subject_id, reason) select 'long', 'success', ${subject}, repeat('x', 2000) from generate_series(1, 20000)`

  const { port } = node.server.address() as AddressInfo
  const served = once(node.server, 'request') as Promise<[IncomingMessage, ServerResponse]>
  const request = get({
    port,
    host: '127.0.0.1',
    path: `/api/v1${path}?subject=${subject}&format=ndjson`,
    headers: { authorization: `Bearer ${auditor.access_token}` }
  })
  const [answer] = await once(request, 'response') as [IncomingMessage]
  const [, response] = await served
  await until(async () => response.writableNeedDrain)
  const reads = () => tap.take().statements.filter(statement => statement.includes('audit_events')).length
  const pages = reads()
  t.ok(pages > 0 && pages < 50, `of 200 pages ${pages} were read for a reader who takes none: what the sockets hold`)

  const closed = once(response, 'close')
  answer.on('error', () => {}).destroy()
  await closed
  await until(async () => node.database.load().running === 0)
  reads()
  for (let turn = 0; turn < 10; turn++) await node.database`select ${turn}::int`
  t.equal(reads(), 0, 'nothing is read for nobody')
})

t.test('a stream leaves the main thread to others between parts of a page', async t => {
  const { user, session } = await withRole('admin')
  const subject = randomUUID()
  await sql`
    insert into audit_events (event, outcome, subject_id)
    select 'shared', 'success', ${subject} from generate_series(1, 60)`
  const caller = { ip: '127.0.0.1', userAgent: null, requestId: 'parts' }
  const reader = { userId: user.id, sessionId: session.id, caller }
  const filter = { actorId: null, subjectId: subject, event: null, from: null, to: null }

  let turn = 0
  let isWatching = true
  setImmediate(function next () {
    turn++
    if (isWatching) setImmediate(next)
  })
  const parts: { lines: number, turn: number }[] = []
  for await (const text of await app.auditTrail.stream(filter, 'ndjson', undefined, reader)) {
    parts.push({ lines: String(text).trimEnd().split('\n').length, turn })
  }
  isWatching = false
  t.same(parts.map(({ lines }) => lines), [25, 25, 10])
  t.equal(new Set(parts.map(({ turn }) => turn)).size, 3, 'each in a turn of its own')
})

t.test('any page is read quickly, however long the trail', async t => {
  const auditor = await withRole('admin')
  await sql`insert into audit_events (event, outcome, actor_id, subject_id) select 'crowd', 'success', gen_random_uuid(), gen_random_uuid() from generate_series(1, 50000)`
  await sql`analyze audit_events`
  const now = Date.now()
  const queries = [{}, { subject: auditor.user.id }, { actor: auditor.user.id }, { event: 'sensitive_read' }, { from: new Date(now - 1000).toISOString() }, { to: new Date(now - 120_000).toISOString() }]
  for (const query of queries) {
    const passed = startStopwatch()
    await read(auditor, query)
    t.ok(passed() < 1000, JSON.stringify(query))
  }
})

/** A signed-in user with the given role. */
async function withRole (role: string) {
  const account = await signUp(app)
  await app.database`update users set role = ${role}, approval = 'approved' where id = ${account.user.id}`
  return await signIn(app, account)
}

type Query = Record<string, string>

async function read ({ access_token: token }: { access_token: string }, query: Query): Promise<TrailPage> {
  const answer = await as(app, token, 'GET', `${path}?${new URLSearchParams(query)}`)
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json()
}

async function streamed ({ access_token: token }: { access_token: string }, query: Query) {
  return await as(app, token, 'GET', `${path}?${new URLSearchParams(query)}`)
}
