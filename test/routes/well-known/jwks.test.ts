import { createLocalJWKSet, createRemoteJWKSet, jwtVerify } from 'jose'
import t from 'tap'
import { createClock } from '../../../lib/clock.ts'
import { publicationLeadMs, retirementMs } from '../../../lib/keys/rotation.ts'
import { createSigningKeys } from '../../../lib/keys/signing-keys.ts'
import { as, build, deploy, signIn, start } from '../../support/helper.ts'
import { startStopwatch } from '../../support/stopwatch.ts'

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

function kidOf (token: string): string {
  return JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid
}

/** Waits until other nodes have heard of it by themselves, which takes about a second. */
async function until (isSo: () => boolean | Promise<boolean>) {
  for (const passed = startStopwatch(); passed() < 5000;) {
    if (await isSo()) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error('it did not happen')
}
