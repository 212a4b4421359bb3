import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import { signed } from '../../support/accounts/people.ts'
import { basic, makeService } from '../../support/accounts/services.ts'
import type { ServiceCredential } from '../../support/accounts/services.ts'
import { follow, listen } from '../../support/event-stream.ts'
import type { ToldChange } from '../../support/event-stream.ts'
import { as, api, deploy, password, retryUnavailable, signIn, start } from '../../support/helper.ts'
import { tapWires } from '../../support/statements/wiretap.ts'
import { until } from '../../support/until.ts'

const { tap, deployment } = await tapWires(t, await deploy(t))
const app = await start(t, deployment, { workers: false })
const other = await start(t, deployment, { workers: false })
const service = await makeService(app, { mayFollow: true })

t.test('a follower is told of everything once, and of an ended session within a second', async t => {
  const [before, after] = [await signIn(app), await signIn(app)]
  await as(app, before.access_token, 'POST', '/auth/logout')
  const follower = await follow(t, app, service)
  t.equal(follower.answer.status, 200)
  t.match(Object.fromEntries(follower.answer.headers), { 'content-type': /^text\/event-stream/, 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
  const state = await follower.next('state')
  t.match(state, { id: /^\d+(\.\d+)+$/ })
  t.match(state.data.changes.find(({ subject_id: id }) => id === before.session.id), { kind: 'session_ended', reason: 'signed_out' })
  const { data: { fresh_at: freshAt, clock } } = await follower.next('alive')
  t.ok(Math.abs(Date.parse(freshAt) - Date.now()) < 5000)
  t.ok(Number.isInteger(clock))

  await as(app, after.access_token, 'POST', '/auth/logout')
  const { data, id } = await told(follower, after.session.id)
  t.strictSame(data, { kind: 'session_ended', subject_id: after.session.id, reason: 'signed_out' })
  t.match(id, /^\d+(\.\d+)+$/)
  t.notMatch(JSON.stringify(follower.seen), /@|Ada/, 'nobody’s name or address')
})

t.test('each kind of end is told, with all that a judge needs', async t => {
  const follower = await follow(t, app, service)
  await follower.next('alive')
  const ada = await signIn(app)
  const admin = await signed(app, 'super_admin')
  const { vendor } = (await as(app, admin.access_token, 'POST', '/vendors', { name: `Engines ${randomUUID()}` })).json()

  await as(app, ada.access_token, 'POST', '/auth/password/change', { current_password: password, new_password: 'nine lanterns over still water' })
  t.match((await told(follower, ada.user.id)).data, { kind: 'user_epoch', number: 1, except_id: ada.session.id, reason: 'password_changed' })
  await as(app, admin.access_token, 'PATCH', `/vendors/${vendor.id}`, { status: 'suspended' })
  t.strictSame((await told(follower, vendor.id)).data, { kind: 'vendor_changed', subject_id: vendor.id, number: 2, vendor_status: 'suspended' })
  await as(app, admin.access_token, 'PATCH', `/users/${ada.user.id}`, { role: 'accountant' })
  t.match((await told(follower, ada.user.id, 'user_changed')).data, { number: 3 })
  t.notMatch(JSON.stringify(follower.seen), /roles_changed/)
})

t.test('a cursor is continued by another node, which tells what was missed and nothing else', async t => {
  const [early, missed] = [await signIn(app), await signIn(app)]
  const first = await follow(t, app, service)
  await as(app, early.access_token, 'POST', '/auth/logout')
  await told(first, early.session.id)
  const { id } = await first.next('alive')
  first.close()
  await as(app, missed.access_token, 'POST', '/auth/logout')
  await other.feed.read()

  const second = await follow(t, other, service, id)
  const { event, data } = await told(second, missed.session.id)
  t.equal(event, 'changes')
  t.equal(data.reason, 'signed_out')
  await second.next('alive')
  t.notOk(second.seen.some(({ event }) => event === 'state'))
})

t.test('a cursor that cannot be continued starts anew', async t => {
  for (const cursor of ['1.20260101000000', '900000000.20260101000000', `1.${(await position(app)).split('.')[1]}`]) {
    const follower = await follow(t, app, service, cursor)
    t.ok((await follower.next('state')).data.changes.length > 0)
    t.match((await ask(app, service, cursor)).json(), { event: 'state' })
  }
})

t.test('one question is answered at once, with the tail or with everything', async t => {
  const ada = await signIn(app)
  const whole = await ask(app, service)
  t.match(whole, { statusCode: 200, headers: { 'content-type': /^application\/json/, 'cache-control': 'no-store' } })
  const { event, cursor, fresh_at: freshAt, age_ms: ageMs, changes } = whole.json()
  t.equal(event, 'state')
  t.ok(changes.length > 0 && ageMs >= 0 && ageMs < 3000 && Math.abs(Date.parse(freshAt) - Date.now()) < 5000)

  await as(app, ada.access_token, 'POST', '/auth/logout')
  await other.feed.read()
  const tail = (await ask(other, service, cursor)).json()
  t.match(tail, { event: 'changes' })
  t.ok(tail.changes.some(({ subject_id: id }: { subject_id: string }) => id === ada.session.id))
  await app.feed.read()
  t.strictSame((await ask(app, service, await position(app))).json().changes, [])
})

t.test('one question is answered whole when very much has ended', async t => {
  const node = await start(t, deployment, { workers: false })
  const ended = Array.from({ length: 3000 }, () => randomUUID())
  for (const subjectId of ended) {
    node.revocations.apply({ kind: 'session_ended', subjectId, exceptId: null, number: null, reason: 'evicted' })
  }
  const answer = await ask(node, service)
  t.match(answer, { statusCode: 200, headers: { 'content-type': /^application\/json/, 'cache-control': 'no-store' } })
  const { event, cursor, changes } = answer.json()
  t.equal(event, 'state')
  t.match(cursor, /^\d+(\.\d+)+$/)
  const told = new Set(changes.map(({ subject_id: id }: { subject_id?: string }) => id))
  t.ok(ended.every(id => told.has(id)))
})

t.test('nothing is told to others', async t => {
  const wrong = { ...service, secret: 'x'.repeat(43) }
  const [introspects, { access_token: token }] = [await makeService(app, { mayRevoke: true }), await signIn(app)]
  const url = api('/auth/revocations')
  t.match(await app.inject({ url }), { statusCode: 401, headers: { 'www-authenticate': /^Basic/ } })
  t.match(await app.inject({ url, headers: { authorization: `Bearer ${token}` } }), { statusCode: 401 })
  t.match(await ask(app, wrong), { statusCode: 401 })
  const refused = await ask(app, introspects)
  t.equal(refused.statusCode, 403)
  t.match(refused.json(), { error: 'unauthorized_client' })
  t.equal((await follow(t, app, introspects)).answer.status, 403)
  t.match(await app.inject({ method: 'HEAD', url, headers: { authorization: basic(service), accept: 'text/event-stream' } }), { statusCode: 405 })
  t.equal(app.followers.size, 0, 'and nothing stays open')
})

t.test('what is no cursor is refused', async t => {
  for (const query of ['cursor=', 'cursor=x', `cursor=${'9'.repeat(60)}`, 'cursor=1.2&cursor=1.3', 'since=1']) {
    t.match(await app.inject({ url: api(`/auth/revocations?${query}`), headers: { authorization: basic(service) } }), { statusCode: 400 }, query)
  }
  t.equal((await follow(t, app, service, 'garbage')).answer.status, 400)
})

t.test('a revoked credential hears nothing more', async t => {
  const leaked = await makeService(app, { mayFollow: true })
  // A new credential works within a second at other nodes.
  await until(async () => (await ask(other, leaked)).statusCode === 200)
  const [here, there] = [await follow(t, app, leaked), await follow(t, other, leaked)]
  await app.services.revoke({ name: leaked.name }, { ip: '127.0.0.1', userAgent: null, requestId: 'x' })

  t.ok(await here.isOver() && await there.isOver())
  t.equal((await follow(t, app, leaked)).answer.status, 401)
})

t.test('one credential cannot take all streams of a node', async t => {
  // At the node that is asked, because a new credential works within a second at others.
  const greedy = await makeService(other, { mayFollow: true })
  const modest = await makeService(other, { mayFollow: true })
  const streams = await Promise.all(Array.from({ length: 200 }, () => followOnceFresh(t, other, greedy)))
  t.same(streams.map(({ answer }) => answer.status), new Array(200).fill(200))
  const refused = await followOnceFresh(t, other, greedy)
  t.equal(refused.answer.status, 429)
  t.equal(refused.answer.headers.get('retry-after'), '1')
  t.equal((await followOnceFresh(t, other, modest)).answer.status, 200, 'others go on')

  streams[0]?.close()
  await until(async () => (await follow(t, other, greedy)).answer.status === 200)
  for (const { close } of streams) close()
})

t.test('followers cost Postgres one statement a second in all, and a return costs none but that of its credential', async t => {
  await until(() => app.followers.size === 0)
  const { id } = await (await followOnceFresh(t, app, service)).next('alive')
  tap.take()
  const followers: { asked: number }[] = []
  for (let n = 0; n < 10; n++) {
    const follower = await followOnceFresh(t, app, service, id)
    await follower.next('alive')
    followers.push(follower)
  }
  const statements = tap.take().statements.filter(text => /services/.test(text) && !/any\(/.test(text))
  t.equal(statements.length, followers.reduce((sum, { asked }) => sum + asked, 0))
  t.ok(statements.every(text => / from services where id = \$1$/.test(text)))
})

t.test('while a node may not judge, it is silent: no alive, no answer, no new stream', async t => {
  let ahead = 0
  const clock = Object.assign({}, app.clock, { offset: 0, now: () => Date.now() + ahead })
  const node = await start(t, deployment, { workers: false, clock })
  const follower = await follow(t, node, service)
  await follower.next('alive')
  ahead = 20_000
  await node.feed.read()
  const heard = follower.seen.length
  node.followers.tick()

  t.match(await ask(node, service), { statusCode: 503, headers: { 'retry-after': '1' } })
  t.equal((await follow(t, node, service)).answer.status, 503)
  const ada = await signIn(app)
  await as(app, ada.access_token, 'POST', '/auth/logout')
  await told(follower, ada.session.id)
  t.ok(follower.seen.slice(heard).every(({ event }) => event !== 'alive'), 'what it hears itself it still tells')
  ahead = 0
  await node.feed.read()
  await follower.next('alive')
})

t.test('a node that stops ends its streams first, also those that nobody reads', async t => {
  const node = await start(t, deployment, { workers: false })
  // More than the connection takes while nobody reads.
  for (let n = 0; n < 100_000; n++) node.revocations.apply({ kind: 'session_ended', subjectId: randomUUID(), exceptId: null, number: null, reason: 'evicted' })
  const [follower, { port }] = [await follow(t, node, service), new URL(await listen(node))]
  await follower.next('alive')
  // The changes may be told once more after the first `alive`, and who does not read them is cut off as well.
  const isOver = follower.isOver()
  t.match(await retryUnavailable(() => freeze(t, Number(port))), { statusCode: 200 })
  await until(() => node.followers.size === 2)

  const began = performance.now()
  await node.close()
  t.ok(performance.now() - began < 3000, 'at once')
  t.ok(await isOver)
})

/** A follower that reads the beginning of the stream and nothing of the rest. */
async function freeze (t: Pick<Test, 'teardown'>, port: number) {
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write(`GET ${api('/auth/revocations')} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\nauthorization: ${basic(service)}\r\n\r\n`)
  const [beginning] = await once(socket, 'data')
  socket.pause()
  const [head = ''] = String(beginning).split('\r\n\r\n')
  return { statusCode: Number(head.split(' ')[1]), headers: { 'retry-after': /^retry-after: (\d+)/m.exec(head)?.[1] } }
}

type Follower = Awaited<ReturnType<typeof follow>>

/** A follower, after the node has read the feed again if the machine was too busy for it; how often it asked. */
async function followOnceFresh (...target: Parameters<typeof follow>) {
  let asked = 0
  const { follower } = await retryUnavailable(async () => {
    asked++
    const follower = await follow(...target)
    const { status, headers } = follower.answer
    return { statusCode: status, headers: Object.fromEntries(headers), follower }
  })
  return { ...follower, asked }
}

/** The change of a subject, with the event that told it. */
async function told (
  follower: Follower,
  subjectId: string,
  kind?: string
): Promise<{ event: string, id: string, data: ToldChange }> {
  for (;;) {
    const { event, id, data } = await follower.next('changes')
    const change = data.changes.find(each => each.subject_id === subjectId && (kind ?? each.kind) === each.kind)
    if (change) return { event, id, data: change }
  }
}

async function ask (node: FastifyInstance, credential: ServiceCredential, cursor?: string) {
  return await node.inject({ url: api(`/auth/revocations${cursor === undefined ? '' : `?cursor=${cursor}`}`), headers: { authorization: basic(credential) } })
}

async function position (node: FastifyInstance): Promise<string> {
  return (await ask(node, service)).json().cursor
}
