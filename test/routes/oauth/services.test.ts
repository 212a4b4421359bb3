import { randomBytes, randomUUID } from 'node:crypto'
import t from 'tap'
import { basic, introspect, makeService, operator, revoke, send } from '../../support/accounts/services.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { api, deploy, password, post, signIn, start } from '../../support/helper.ts'
import { sendRaw } from '../../support/http.ts'
import { secondsLeft } from '../../support/rate-limits.ts'
import { tapWires } from '../../support/statements/wiretap.ts'
import { trail } from '../../support/trail/evidence.ts'
import { until } from '../../support/until.ts'

const { tap, deployment } = await tapWires(t, await deploy(t, { ALLOWED_ORIGINS: 'https://app.example.com' }))
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
const secretOf = () => randomBytes(32).toString('base64url')

t.test('a secret has 256 bits and is known only to the operator who made it', async t => {
  const { id, secret } = await makeService(app, { name: 'billing' })
  const [row] = await app.database`select * from services where id = ${id}`

  t.match(secret, /^[A-Za-z0-9_-]{43}$/)
  t.match(row, { name: 'billing', mayRevoke: false })
  t.notMatch(JSON.stringify(row), new RegExp(`${secret}|${Buffer.from(secret, 'base64url').toString('hex')}`))
  t.notMatch(JSON.stringify(await app.database`select * from audit_events`), secret)
  t.match((await trail(app, id)).at(-1), { event: 'service_created', outcome: 'success', reason: 'billing', subjectId: id })
})

t.test('a name consists of small letters, digits and hyphens', async t => {
  for (const name of ['', 'Billing', '1st', '-x', 'a b', 'é', 'a'.repeat(64), 'x\n', "x'; drop table services", 'a_b']) {
    await t.rejects(makeService(app, { name }), { code: 'invalid_request', details: { errors: [{ path: '/name' }] } }, name)
  }
  await t.resolves(makeService(app, { name: 'a'.repeat(63) }))
})

t.test('missing, wrong and other people’s credentials get one answer', async t => {
  const { id, secret } = await makeService(app)
  const { access_token: token } = await signIn(app)
  const wrong: Record<string, string> = {
    'a wrong secret': basic({ id, secret: secretOf() }),
    'no such credential': basic({ id: randomUUID(), secret: secretOf() }),
    'somebody else’s secret': basic({ id: (await makeService(app)).id, secret }),
    'the name for the id': basic({ id: 'billing', secret }),
    'no secret': basic({ id, secret: '' }),
    'a secret in another spelling': basic({ id, secret: `${secret}=` }),
    'an access token': `Bearer ${token}`,
    'an id in capitals': basic({ id: id.toUpperCase(), secret }),
    'no base64': `Basic ${id}:${secret}`,
    'an endless secret': basic({ id, secret: 'x'.repeat(9000) })
  }
  const bodies = new Set<string>()

  for (const path of ['introspect', 'revoke']) {
    for (const [what, authorization] of Object.entries({ ...wrong, nothing: '' })) {
      const { statusCode, headers, body } = await send(app, path, { token }, authorization ? { authorization } : {})
      t.equal(statusCode, 401, `${path} with ${what}`)
      t.match(headers, { 'www-authenticate': /^Basic realm="/, 'content-type': /^application\/json/, 'cache-control': 'no-store' })
      bodies.add(body)
    }
  }
  t.equal(bodies.size, 1)
  t.match(JSON.parse([...bodies].join()), { error: 'invalid_client', error_description: /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/ })
  t.match(await introspect(app, { id, secret }, token), { statusCode: 200, payload: /"active":true/ }, 'and it was nothing else')
})

t.test('credentials are accepted in the header and nowhere else', async t => {
  const { id, secret } = await makeService(app)
  const { access_token: token } = await signIn(app)

  t.match(await send(app, 'introspect', { token, client_id: id, client_secret: secret }), { statusCode: 401 })
  t.match(await send(app, `introspect?client_id=${id}&client_secret=${secret}`, { token }), { statusCode: 401 })
  t.match(await app.inject({ method: 'POST', url: api('/auth/introspect'), headers: { authorization: [basic({ id, secret }), basic({ id, secret })] as unknown as string } }), { statusCode: /^40[01]$/ })
  const twice = await sendRaw(app, `POST /api/v1/auth/introspect HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic({ id, secret })}\r\nAuthorization: ${basic({ id, secret })}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\nConnection: close\r\n\r\ntoken=x`)
  t.match(twice, /^HTTP\/1.1 400 [^]*{"error":"invalid_request"/)
})

t.test('an OAuth client escapes both halves', async t => {
  const service = await makeService(app)
  const escape = (text: string) => text.replaceAll(/[-_]/g, character => `%${character.charCodeAt(0).toString(16)}`)
  const authorization = `Basic ${btoa(`${escape(service.id)}:${escape(service.secret)}`)}`

  t.match(await send(app, 'introspect', { token: 'x' }, { authorization }), { statusCode: 200 })
  t.match(await send(app, 'introspect', { token: 'x' }, { authorization: authorization.replace('Basic', 'basic') }), { statusCode: 200 })
})

t.test('two credentials of a service work side by side until one is revoked, on every node at once', async t => {
  const first = await makeService(app, { name: 'orders' })
  const second = await makeService(other, { name: 'orders', mayRevoke: true })
  t.equal(second.credentials, 2)
  for (const node of [app, other]) for (const service of [first, second]) await until(async () => (await introspect(node, service, 'x')).statusCode === 200)

  t.match(await app.services.revoke({ name: 'orders', id: first.id }, operator), { revoked: [first.id], credentials: 1 })
  for (const node of [other, app]) {
    t.match(await introspect(node, first, 'x'), { statusCode: 401 })
    t.match(await introspect(node, second, 'x'), { statusCode: 200 })
  }
  t.match((await trail(app, first.id)).at(-1), { event: 'service_revoked', reason: 'orders' })
  t.match(await revoke(app, second, 'x'), { statusCode: 200 }, 'each credential has its own rights')
})

t.test('a service without a credential is refused', async t => {
  const services = [await makeService(app, { name: 'gone' }), await makeService(app, { name: 'gone' })]
  const { revoked } = await app.services.revoke({ name: 'gone' }, operator)

  t.strictSame(revoked.sort(), services.map(({ id }) => id).sort())
  for (const service of services) t.match(await introspect(other, service, 'x'), { statusCode: 401 })
  for (const id of [null, services[0]?.id ?? '', 'no-id', randomUUID()]) await t.rejects(app.services.revoke({ name: 'gone', id }, operator), { code: 'not_found' })
  await t.rejects(app.services.revoke({ name: 'never-was' }, operator), { code: 'not_found' })
})

t.test('a credential of another service cannot be revoked by its id', async t => {
  const [mine, theirs] = [await makeService(app, { name: 'mine' }), await makeService(app, { name: 'theirs' })]
  await t.rejects(app.services.revoke({ name: 'mine', id: theirs.id }, operator), { code: 'not_found' })
  for (const service of [mine, theirs]) t.match(await introspect(app, service, 'x'), { statusCode: 200 })
})

t.test('twenty revocations at once revoke once', async t => {
  const { id } = await makeService(app, { name: 'raced' })
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, place) => (place % 2 ? app : other).services.revoke({ name: 'raced' }, operator)))

  t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  t.equal((await trail(app, id)).filter(({ event }) => event === 'service_revoked').length, 1)
})

t.test('a right secret costs one read; wrong ones cost Postgres at most one read a second', async t => {
  const service = await makeService(app)
  await introspect(app, service, 'x')
  tap.take()
  await introspect(app, service, 'x')
  t.match(tap.take(), { statements: [/^select id, name, may_revoke, may_follow from services where id = \$1$/], commands: { length: 0 } })

  const strangers = Array.from({ length: 50 }, () => introspect(app, { id: service.id, secret: secretOf() }, 'x'))
  t.same(new Set((await Promise.all(strangers)).map(({ statusCode }) => statusCode)), new Set([401]))
  const { statements, commands } = tap.take()
  t.ok(statements.filter(text => / from services/.test(text)).length <= 2, 'one, or two around the turn of a second')
  t.same(commands, [])
})

t.test('the first requests of a new node share one read, and none is refused', async t => {
  const service = await makeService(app)
  const fresh = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
  tap.take()
  const answers = await Promise.all(Array.from({ length: 20 }, () => introspect(fresh, service, 'x')))

  t.same(new Set(answers.map(({ statusCode }) => statusCode)), new Set([200]))
  t.equal(tap.take().statements.filter(text => /^select id, secret_hash/.test(text)).length, 1)
})

t.test('failures are in the audit trail, without the secret', async t => {
  const { id } = await makeService(app)
  const secret = secretOf()
  await introspect(app, { id, secret }, 'x')
  const [known] = (await trail(app, null)).slice(-1)
  t.match(known, { event: 'authn_service_fail', outcome: 'failure', read: { ip: '127.0.0.1', credential: id } })
  t.notMatch(JSON.stringify(known), secret)

  await introspect(app, { id: secret, secret: 'x' }, 'x')
  t.match((await trail(app, null)).at(-1), { event: 'authn_service_fail', read: { credential: null } }, 'what stands in the place of an id may be a secret')
})

t.test('a guesser is slowed down; the service at the same address is not locked out', async t => {
  const limited = await start(t, Object.assign({}, deployment, { RATE_LIMITS_ENABLED: 'true', TRUST_PROXY: '127.0.0.1' }), { workers: false, hasher: cheapHasher, clock: app.clock })
  const service = await makeService(limited)
  const guess = (ip: string) => send(limited, 'introspect', { token: 'x' }, { authorization: basic({ id: service.id, secret: secretOf() }), 'x-forwarded-for': ip })
  const began = performance.now()
  const statuses = (await Promise.all(Array.from({ length: 40 }, () => guess('198.51.100.1')))).map(({ statusCode }) => statusCode)

  t.equal(statuses.filter(status => status === 401).length, 30)
  t.equal(statuses.filter(status => status === 429).length, 10)
  const refused = await guess('198.51.100.1')
  const left = secondsLeft(t, refused, began)
  t.match(refused.headers, { 'retry-after': `${left}`, ratelimit: `"service";r=0;t=${left}` })
  t.match(refused.headers, { 'content-type': /^application\/json/ })
  t.match(refused.json(), { error: 'temporarily_unavailable' })
  t.equal((await trail(app, null)).filter(({ read }) => read?.['ip'] === '198.51.100.1').length, 30, 'and the trail is not flooded')

  for (let n = 0; n < 50; n++) t.match(await send(limited, 'introspect', { token: 'x' }, { authorization: basic(service), 'x-forwarded-for': '198.51.100.1' }), { statusCode: 200 })
  t.match(await guess('198.51.100.2'), { statusCode: 401 }, 'others have their own')
  app.clock.advance(900_001)
  t.match(await guess('198.51.100.1'), { statusCode: 401 })
})

t.test('a service may ask more often than other callers', async t => {
  const limited = await start(t, Object.assign({}, deployment, { RATE_LIMITS_ENABLED: 'true', RATE_LIMIT_GLOBAL: '5/15m' }), { workers: false, hasher: cheapHasher, clock: app.clock })
  const service = await makeService(limited)
  for (let n = 0; n < 20; n++) t.match(await introspect(limited, service, 'x'), { statusCode: 200, headers: { ratelimit: undefined } })
})

t.test('these two routes take forms, all others JSON', async t => {
  const service = await makeService(app, { mayRevoke: true })
  const headers = { authorization: basic(service) }
  const form = new URLSearchParams({ email: 'ada@example.com', password }).toString()

  t.match((await send(app, 'login', form)).json(), { status: 415, code: 'unsupported_media_type' })
  for (const path of ['introspect', 'revoke']) {
    t.match(await post(app, `/auth/${path}`, { token: 'x' }, headers), { statusCode: 415, payload: /^{"error":"invalid_request","error_description":"[^"]+"}$/ })
    for (const type of ['text/plain', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded; charset=latin1', 'application/x-www-form-urlencoded;x', 'application/x-www-form-urlencodedx']) {
      t.match(await send(app, path, { token: 'x' }, { ...headers, 'content-type': type }), { statusCode: 415 }, type)
    }
    t.match(await send(app, path, { token: 'x' }, { ...headers, 'content-encoding': 'gzip' }), { statusCode: 415 })
    for (const charset of ['UTF-8', 'utf8']) t.match(await send(app, path, { token: 'x' }, { ...headers, 'content-type': `application/x-www-form-urlencoded; charset=${charset}` }), { statusCode: 200 })
  }
})

t.test('an invalid request is answered 400, in the terms of OAuth', async t => {
  const headers = { authorization: basic(await makeService(app, { mayRevoke: true })) }
  for (const path of ['introspect', 'revoke']) {
    for (const form of ['', 'token=', 'token', 'token_type_hint=access_token', 'token=a&token=b', 'token=a&token=a', 'token=a&x=1&x=2', 'token=%zz', 'token=é']) {
      const { statusCode, headers: answered, body } = await send(app, path, form, headers)
      t.equal(statusCode, 400, `${path} ${form}`)
      t.match(JSON.parse(body), { error: 'invalid_request', error_description: String })
      t.match(answered, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', 'www-authenticate': undefined })
    }
    t.match(await app.inject({ method: 'POST', url: api(`/auth/${path}`), headers }), { statusCode: 400 }, 'without a body')
    t.match(await app.inject({ method: 'POST', url: api(`/auth/${path}?token=x`), headers }), { statusCode: 400 }, 'a token in the URL is none')
    t.match(await send(app, path, { token: 'x'.repeat(40_000) }, headers), { statusCode: 413, payload: /^{"error":"invalid_request"/ })
    t.match(await send(app, path, { token: 'x', token_type_hint: 'nonsense', resource: 'y', __proto__x: 'z' }, headers), { statusCode: 200 }, 'what is not known is ignored')
    t.match(await send(app, path, 'token=x&__proto__=y&constructor=z', headers), { statusCode: 200 })
  }
})

t.test('other methods and other origins are refused', async t => {
  const authorization = basic(await makeService(app, { mayRevoke: true }))
  for (const path of ['introspect', 'revoke']) {
    for (const method of ['GET', 'PUT', 'DELETE'] as const) t.match(await app.inject({ method, url: api(`/auth/${path}?token=x`), headers: { authorization } }), { statusCode: 405, headers: { allow: 'POST' } })
    t.match(await send(app, path, { token: 'x' }, { authorization, origin: 'https://evil.example' }), { statusCode: 403, payload: /^{"error":"invalid_request"/ })
  }
})

t.test('no answer reveals internals, and every answer has its headers', async t => {
  const service = await makeService(app)
  for (const answer of [await introspect(app, service, 'x'), await send(app, 'introspect', '', { authorization: basic(service) }), await send(app, 'introspect', {})]) {
    t.match(answer.headers, { 'x-content-type-options': 'nosniff', 'strict-transport-security': String, 'x-request-id': String, 'content-security-policy': /default-src 'none'/ })
    t.equal(answer.headers['set-cookie'], undefined)
  }
})
