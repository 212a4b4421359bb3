import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { createLocalJWKSet, createRemoteJWKSet, jwtVerify } from 'jose'
import t from 'tap'
import { createClock } from '../../../lib/clock.ts'
import { publicationLeadMs, retirementMs } from '../../../lib/keys/rotation.ts'
import { createSigningKeys } from '../../../lib/keys/signing-keys.ts'
import { defaultDeadline, openProxy } from '../../failure/nodes.ts'
import { makeService } from '../../support/accounts/services.ts'
import { connect } from '../../support/database.ts'
import { follow } from '../../support/event-stream.ts'
import { as, build, deploy, signIn, start } from '../../support/helper.ts'
import { until } from '../../support/until.ts'

const day = 86_400_000
const issuer = 'http://localhost:3000'

t.test('the public keys may be cached for as long as a new key waits before it signs', async t => {
  const app = await build(t)
  const { statusCode, headers, json } = await app.inject('/.well-known/jwks.json')
  const { keys } = json()

  t.equal(statusCode, 200)
  t.match(headers, { 'cache-control': 'public, max-age=300', 'content-type': /^application\/(jwk-set\+)?json/, etag: /^"[\w-]{43}"$/ })
  t.equal(keys.length, 2)
  for (const key of keys) {
    t.strictSame(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'], 'public members only')
    t.match(key, { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' })
  }
})

t.test('a client that already has the keys is not sent them again', async t => {
  const app = await build(t)
  const { headers: { etag } } = await app.inject('/.well-known/jwks.json')

  for (const known of [`${etag}`, `W/${etag}`, `"other", ${etag}`, '*']) {
    const { statusCode, body, headers } = await app.inject({ url: '/.well-known/jwks.json', headers: { 'if-none-match': known } })
    t.match({ statusCode, body, etag: headers.etag }, { statusCode: 304, body: '', etag })
    t.equal(headers['cache-control'], 'public, max-age=300')
  }
  t.equal((await app.inject({ url: '/.well-known/jwks.json', headers: { 'if-none-match': '"other"' } })).statusCode, 200)

  await app.keyring.replace()
  const after = await app.inject({ url: '/.well-known/jwks.json', headers: { 'if-none-match': `${etag}` } })
  t.equal(after.statusCode, 200, 'until they change')
  t.not(after.headers.etag, etag)
})

t.test('a service that verifies by the JWKS follows a rotation, and so does a second node', async t => {
  const deployment = await deploy(t)
  const clock = createClock()
  const [one, two] = [await start(t, deployment, { clock }), await start(t, deployment, { clock })]
  const url = new URL('/.well-known/jwks.json', await two.listen({ host: '127.0.0.1', port: 0 }))
  const keys = createRemoteJWKSet(url, { cooldownDuration: 0 })
  const verified = async (token: string) => await jwtVerify(token, keys, { issuer, audience: issuer, typ: 'at+jwt', algorithms: ['ES256'], currentDate: new Date(clock.now()) })

  const before = await signIn(one)
  const old = await verified(before.access_token)
  clock.advance(30 * day)
  await one.keyring.maintain()
  await until(() => two.keyring.current.etag === one.keyring.current.etag)

  const { access_token: after } = await signIn(one)
  const fresh = await verified(after)
  t.not(fresh.protectedHeader.kid, old.protectedHeader.kid)
  t.equal((await as(two, after, 'GET', '/auth/me')).statusCode, 200)
  t.ok(await verified(after))
})

t.test('a verifier with an old copy of the keys knows the one that signs next', async t => {
  const deployment = await deploy(t)
  const clock = createClock()
  const app = await start(t, deployment, { clock })
  const copy = createLocalJWKSet((await app.inject('/.well-known/jwks.json')).json())
  const { access_token: early } = await signIn(app)
  clock.advance(publicationLeadMs)
  await app.keyring.rotate()

  const { access_token: late } = await signIn(app)
  for (const token of [early, late]) t.ok(await jwtVerify(token, copy, { issuer, currentDate: new Date(clock.now()) }))
  t.equal((await as(app, early, 'GET', '/auth/me')).statusCode, 200, 'the old key is known until its tokens have expired')

  clock.advance(retirementMs)
  await app.keyring.maintain()
  const { keys } = (await app.inject('/.well-known/jwks.json')).json()
  t.notOk(keys.some(({ kid }: { kid: string }) => kid === kidOf(early)))
})

t.test('after a compromise a token of the old key is worthless everywhere at once', async t => {
  const deployment = await deploy(t)
  const [one, two] = [await start(t, deployment), await start(t, deployment)]
  const { access_token: token } = await signIn(one)
  t.equal((await as(two, token, 'GET', '/auth/me')).statusCode, 200)
  await createSigningKeys(one).replace({ ip: '127.0.0.1', userAgent: null, requestId: 'test' })

  t.equal((await as(one, token, 'GET', '/auth/me')).statusCode, 401)
  await until(async () => (await as(two, token, 'GET', '/auth/me')).statusCode === 401)
  await until(() => two.keyring.current.etag === one.keyring.current.etag)
  t.match(await one.database`select event, outcome, reason from audit_events where event = 'signing_keys_replaced'`, [{ outcome: 'success', reason: 'compromised' }])

  const { access_token: next } = await signIn(one)
  t.equal((await as(two, next, 'GET', '/auth/me')).statusCode, 200)
})

t.test('the keys as of a change come from a node that knows of it', async t => {
  const deployment = await deploy(t, defaultDeadline)
  const proxy = await openProxy(t, deployment.DATABASE_URL)
  const [near, far] = [await start(t, deployment), await start(t, { ...deployment, DATABASE_URL: proxy.url })]
  const service = await makeService(near, { mayFollow: true })
  const follower = await follow(t, near, service)
  const early = await nextChange(follower, 'state')
  await until(async () => (await ask(far, early)).statusCode === 200)
  const { json, headers } = await ask(far, early)
  t.match(json(), { as_of: early, keys: near.keyring.current.jwks.keys })
  t.equal(headers['cache-control'], 'no-store')

  proxy.cut()
  await near.keyring.replace()
  const late = await nextChange(follower, 'changes')
  await until(async () => (await ask(near, late)).statusCode === 200)
  t.strictSame((await ask(near, late)).json(), { keys: near.keyring.current.jwks.keys, as_of: late })
  t.match(await ask(far, late), { statusCode: 503, headers: { 'retry-after': '1' } }, 'a node that is cut off')
  t.match(await far.inject('/.well-known/jwks.json'), { statusCode: 200 }, 'which goes on to answer those who do not ask for that')

  proxy.restore()
  await until(async () => (await ask(far, late)).statusCode === 200)
  t.strictSame((await ask(far, late)).json().keys, near.keyring.current.jwks.keys)
  t.match(await ask(near, `${late.split('.')[0]}.20260101000000`), { statusCode: 503 }, 'of another server')
  t.match(await ask(near, 'x'), { statusCode: 422 })
})

t.test('while the ring is read again after a change, nobody is told that it is of then', async t => {
  const deployment = await deploy(t)
  const app = await start(t, deployment)
  const service = await makeService(app, { mayFollow: true })
  const follower = await follow(t, app, service)
  await follower.next('alive')
  const sql = connect(t, deployment.DATABASE_DIRECT_URL)
  await sql.begin(async tx => {
    await tx`lock table signing_keys in access exclusive mode`
    await app.database`insert into changes (kind) values ('keys_changed')`
    t.match(await ask(app, await nextChange(follower, 'changes')), { statusCode: 503 })
  })
})

t.test('a node that lacks the ENCRYPTION_KEY of the keys publishes none rather than an empty list', async t => {
  const deployment = await deploy(t)
  await start(t, deployment)
  const stranger = await start(t, { ...deployment, ENCRYPTION_KEY: randomBytes(32).toString('base64') })

  t.match(await stranger.inject('/.well-known/jwks.json'), { statusCode: 503, headers: { 'retry-after': '1', 'cache-control': 'no-store' } })
})

t.test('a node that knows no key says so, rather than that none is valid', async t => {
  const deployment = await deploy(t)
  const app = await start(t, deployment, { workers: false })
  await connect(t, deployment.DATABASE_DIRECT_URL)`delete from signing_keys`
  await app.database`insert into changes (kind) values ('keys_changed')`
  await until(() => app.keyring.current.jwks.keys.length === 0)

  t.match(await app.inject('/.well-known/jwks.json'), { statusCode: 503, headers: { 'retry-after': '1', 'cache-control': 'no-store' } })
})

/** As of when the keys have to be, as a follower is told next in an event of this name. */
async function nextChange (follower: Awaited<ReturnType<typeof follow>>, name: string): Promise<string> {
  for (;;) {
    const { data: { changes } } = await follower.next(name)
    const change = changes.find(({ kind }) => kind === 'keys_changed')
    if (change) return change.as_of ?? 'nothing'
  }
}

async function ask (app: FastifyInstance, asOf: string) {
  return await app.inject(`/.well-known/jwks.json?as_of=${asOf}`)
}

function kidOf (token: string): string {
  return JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid
}
