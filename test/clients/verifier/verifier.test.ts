import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import t from 'tap'
import { defaultDeadline, openProxy } from '../../failure/nodes.ts'
import { addTotp } from '../../support/accounts/factors.ts'
import { enter, person, signed } from '../../support/accounts/people.ts'
import { operator, makeService } from '../../support/accounts/services.ts'
import { follow, listen } from '../../support/event-stream.ts'
import { as, deploy, password, refresh, signIn, start } from '../../support/helper.ts'
import { until } from '../../support/until.ts'
import { makeVerifier, verdict } from './world.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false })
const other = await start(t, deployment, { workers: false })
const verifier = await makeVerifier(t, app)
await verifier.start()

t.test('a valid token tells its user, without a question to Latchkey', async t => {
  const ada = await signIn(app)
  const asked: string[] = []
  const counting = await makeVerifier(t, app, {
    fetch: async (url, init) => { asked.push(String(url)); return await fetch(url, init) }
  })
  await counting.start()
  const before = asked.length
  for (let n = 0; n < 100; n++) {
    t.match(await counting.verify(ada.access_token), { userId: ada.user.id, sessionId: ada.session.id, role: 'user', vendorId: null, amr: ['pwd'] })
  }
  t.equal(asked.length, before)
})

t.test('every token that Latchkey refuses is refused', async t => {
  const ada = await signIn(app)
  const [header = '', payload = '', signature = ''] = ada.access_token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString())
  const key = app.keyring.current.signing?.privateKey
  if (!key) throw new Error('there is no key')
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signWith = (privateKey: typeof key, head: object, body: object) => {
    const input = `${encode(head)}.${encode(body)}`
    return `${input}.${sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }
  const ours = { alg: 'ES256', typ: 'at+jwt', kid }
  const now = Math.floor(Date.now() / 1000)
  t.equal(await verdict(verifier, signWith(key, ours, claims)), 'fine', 'the forger has the key')

  const tokens: Record<string, string> = {
    garbage: 'garbage',
    empty: '',
    endless: 'x'.repeat(20_000),
    'a refresh token': ada.refresh_token,
    'a second spelling': `${ada.access_token}=`,
    'no signature': `${header}.${payload}.`,
    'other claims': `${header}.${encode({ ...claims, role: 'super_admin' })}.${signature}`,
    'no algorithm': `${encode({ ...ours, alg: 'none' })}.${payload}.${signature}`,
    'a public key as a secret': `${encode({ ...ours, alg: 'HS256' })}.${payload}.${createHmac('sha256', 'x').update('x').digest('base64url')}`,
    'a key of its own': signWith(stranger.privateKey, { ...ours, jwk: stranger.publicKey.export({ format: 'jwk' }) }, claims),
    'an unknown key': signWith(stranger.privateKey, { ...ours, kid: 'b4a1b0f6-6e9f-4f65-8c7c-5b1d7a3f5a10' }, claims),
    'the id of a good key': signWith(stranger.privateKey, ours, claims),
    'another type': signWith(key, { ...ours, typ: 'JWT' }, claims),
    'another issuer': signWith(key, ours, { ...claims, iss: 'https://evil.example' }),
    'another audience': signWith(key, ours, { ...claims, aud: 'https://evil.example' }),
    'an OAuth client': signWith(key, ours, { ...claims, client_id: 'shop' }),
    expired: signWith(key, ours, { ...claims, iat: now - 600, exp: now - 1 }),
    'valid later': signWith(key, ours, { ...claims, nbf: now + 60 }),
    'too long a life': signWith(key, ours, { ...claims, exp: now + 100_000 })
  }
  for (const [what, token] of Object.entries(tokens)) t.equal(await verdict(verifier, token), 'invalid_token', what)
  t.equal(await verdict(verifier, ada.access_token), 'fine')
})

t.test('an ended session is refused within a second, with the reason', async t => {
  const [ada, grace] = [await signIn(app), await signIn(app)]
  t.equal(await verdict(verifier, ada.access_token), 'fine')
  await as(other, ada.access_token, 'POST', '/auth/logout')

  await until(async () => await verdict(verifier, ada.access_token) === 'session_ended signed_out')
  t.equal(await verdict(verifier, grace.access_token), 'fine')
})

t.test('what has ended before the verifier began is refused as well', async t => {
  const ada = await signIn(app)
  await as(app, ada.access_token, 'POST', '/auth/logout')
  const late = await makeVerifier(t, other)
  await other.feed.read()
  await late.start()
  t.equal(await verdict(late, ada.access_token), 'session_ended signed_out')
})

t.test('a change of the password ends the other sessions; its own goes on after a refresh', async t => {
  const ada = await signIn(app)
  const phone = await signIn(app, { email: ada.user.email })
  await as(app, phone.access_token, 'POST', '/auth/password/change', { current_password: password, new_password: 'nine lanterns over still water' })

  await until(async () => await verdict(verifier, ada.access_token) === 'session_ended password_changed')
  t.equal(await verdict(verifier, phone.access_token), 'invalid_token')
})

t.test('a new role and a suspended vendor hold at once, and a refresh brings the new role', async t => {
  const [admin, someone] = [await signed(app, 'super_admin'), await person(app, 'vendor')]
  const { vendor } = (await as(app, admin.access_token, 'POST', '/vendors', { name: someone.email })).json()
  await app.database`update users set vendor_id = ${vendor.id} where id = ${someone.id}`
  const seller = await enter(app, someone)
  t.match(await verifier.verify(seller.access_token), { vendorId: vendor.id, role: 'vendor' })

  await as(app, admin.access_token, 'PATCH', `/vendors/${vendor.id}`, { status: 'suspended' })
  await until(async () => await verdict(verifier, seller.access_token) === 'vendor_suspended')
  await as(app, admin.access_token, 'PATCH', `/vendors/${vendor.id}`, { status: 'active' })
  await until(async () => await verdict(verifier, seller.access_token) === 'fine')

  const ada = await signIn(app)
  await as(app, admin.access_token, 'PATCH', `/users/${ada.user.id}`, { role: 'accountant' })
  await until(async () => await verdict(verifier, ada.access_token) === 'invalid_token')
  t.match(await verifier.verify((await refresh(app, ada.refresh_token)).json().access_token), { role: 'accountant' })
})

t.test('a service may demand a role and a recent sign-in', async t => {
  const ada = await signIn(app)
  t.match(await verifier.verify(ada.access_token, { roles: ['admin', 'user'], maxAge: 60 }), { userId: ada.user.id })
  await t.rejects(verifier.verify(ada.access_token, { roles: ['admin'] }), { code: 'forbidden', status: 403 })
  await t.rejects(verifier.verify(ada.access_token, { maxAge: -1 }), { code: 'reauthentication_required', details: { maxAge: -1 } })
})

t.test('a service may demand a strength, and learns how strong a sign-in was', async t => {
  const [ada, plain] = [await signIn(app), await signIn(app)]
  const grace = (await addTotp(app, plain.access_token)).answer.json()
  t.match(await verifier.verify(ada.access_token), { acr: 'urn:latchkey:acr:1fa' })
  t.match(await verifier.verify(grace.access_token, { acr: 'urn:latchkey:acr:2fa' }), { acr: 'urn:latchkey:acr:2fa' })
  await t.rejects(verifier.verify(ada.access_token, { acr: 'urn:latchkey:acr:2fa' }), {
    code: 'reauthentication_required', status: 401, details: { maxAge: undefined, acrValues: 'urn:latchkey:acr:2fa phr' }
  })
  await t.rejects(verifier.verify(grace.access_token, { acr: 'phr', maxAge: 600 }), {
    code: 'reauthentication_required', details: { maxAge: 600, acrValues: 'phr' }
  })

  const asking = await makeVerifier(t, app, { whenStale: 'introspect' })
  t.match(await asking.verify(grace.access_token, { acr: 'urn:latchkey:acr:2fa' }), { acr: 'urn:latchkey:acr:2fa' }, 'also by introspection')
  await t.rejects(asking.verify(ada.access_token, { acr: 'phr' }), { code: 'reauthentication_required' })
})

t.test('a token that is no text is refused like any other', async t => {
  for (const token of [undefined, null, 7, {}, ['a.b.c']]) t.equal(await verdict(verifier, token as never), 'invalid_token')
})

t.test('an issuer or an audience that is not the deployment’s is told once, with the right one', async t => {
  const [ada, grace] = [await signIn(app), await signIn(app)]
  for (const [wrong, message] of [
    [{ issuer: 'https://evil.example' }, /iss http:\/\/localhost:3000 .* not issuer https:\/\/evil\.example/],
    [{ audience: 'https://evil.example' }, /aud http:\/\/localhost:3000:.*audience https:\/\/evil\.example/]
  ] as const) {
    const warnings: unknown[] = []
    const mistaken = await makeVerifier(t, app, { ...wrong, warn: error => warnings.push(error) })
    await mistaken.start()

    t.equal(await verdict(mistaken, 'garbage'), 'invalid_token')
    t.equal(await verdict(mistaken, forged(ada.access_token)), 'invalid_token')
    t.strictSame(warnings, [], 'what a stranger has written says nothing')
    for (const { access_token: token } of [ada, grace, ada]) t.equal(await verdict(mistaken, token), 'invalid_token')
    t.match(warnings, [{ message }])
    t.equal(warnings.length, 1)
  }
})

t.test('a token whose user has to change the password opens nothing', async t => {
  const { user } = await signIn(app)
  await app.database`update users set must_change_password = true where id = ${user.id}`
  t.equal(await verdict(verifier, (await signIn(app, user)).access_token), 'password_change_required')
})

t.test('a token whose user has to add a second factor opens nothing', async t => {
  const { user } = await signIn(app)
  await app.database`insert into roles (name, rank, user_type, second_factor) values ('guarded', 30, 'staff', 'required')`
  await app.database`update users set role = 'guarded' where id = ${user.id}`
  t.equal(await verdict(verifier, (await signIn(app, user)).access_token), 'second_factor_enrollment_required')
})

t.test('a key that was removed is worth nothing as soon as it is told', async t => {
  const { access_token: token } = await signIn(app)
  t.equal(await verdict(verifier, token), 'fine')
  const stolen = app.keyring.current.signing
  await app.signingKeys.replace(operator)
  const { access_token: next } = await signIn(app)

  await until(async () => await verdict(verifier, next) === 'fine')
  t.match(await verdict(verifier, token), /^(invalid_token|session_ended everyone_signed_out)$/)
  const claims = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(next.split('.')[1] ?? '', 'base64url').toString()) })).toString('base64url')
  const input = `${Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: stolen?.kid })).toString('base64url')}.${claims}`
  const forged = `${input}.${sign('sha256', Buffer.from(input), { key: stolen?.privateKey ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  await until(async () => await verdict(verifier, forged) === 'invalid_token')
})

t.test('a node that is cut off, and goes on to publish the keys of before, prolongs no removed key', async t => {
  const proxy = await openProxy(t, deployment.DATABASE_URL)
  const near = await start(t, deployment, { workers: false })
  const behind = { ...deployment, ...defaultDeadline, DATABASE_URL: proxy.url }
  const far = await start(t, behind, { workers: false })
  const farUrl = await listen(far)
  const divided = await makeVerifier(t, near, {
    staleAfter: 3000,
    fetch: async (url, init) => await fetch(String(url).replace(/^.*(?=\/\.well-known\/)/, farUrl), init)
  })
  await divided.start()
  const ada = await signIn(near)
  const { kid, privateKey } = near.keyring.current.signing ?? {}
  if (!privateKey) throw new Error('there is no key')
  const forged = () => {
    const now = Math.floor(Date.now() / 1000)
    const claims = JSON.parse(Buffer.from(ada.access_token.split('.')[1] ?? '', 'base64url').toString())
    const parts = [{ alg: 'ES256', typ: 'at+jwt', kid }, { ...claims, iat: now, exp: now + 900, epoch: [999, 999], ver: 999 }]
    const input = parts.map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    return `${input}.${sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }
  t.equal(await verdict(divided, forged()), 'fine', 'the forger has the key')

  proxy.cut()
  await near.signingKeys.replace(operator)
  await until(async () => await verdict(divided, forged()) === 'unavailable')
  t.match(await far.inject('/.well-known/jwks.json'), { statusCode: 200 })
  t.notOk(divided.isFresh())

  proxy.restore()
  await until(async () => await verdict(divided, forged()) === 'invalid_token')
  t.equal(await verdict(divided, (await signIn(near)).access_token), 'fine')
})

t.test('before it has heard anything, a verifier lets nobody in', async t => {
  const { access_token: token } = await signIn(app)
  const early = await makeVerifier(t, app)
  t.equal(await verdict(early, token), 'unavailable')
  t.notOk(early.isFresh())
})

t.test('a credential that may not follow is an error at the start', async t => {
  const feed = await makeService(app)
  await t.rejects((await makeVerifier(t, app, { feed })).start(), /refused the credential of the feed \(403\)/)
  await t.rejects((await makeVerifier(t, app, { feed: { ...feed, secret: 'x' } })).start(), /\(401\)/)
  await t.rejects(makeVerifier(t, app, { staleAfter: 1000 }), /at least 3000/)
})

t.test('with `introspect`, a verifier that does not know asks Latchkey', async t => {
  const [ada, grace] = [await signIn(app), await signIn(app)]
  let isDown = false
  const deaf: typeof fetch = async (url, init) => {
    if (String(url).endsWith('/revocations')) return await new Promise((_resolve, reject) => { init?.signal?.addEventListener('abort', reject) })
    if (isDown && String(url).endsWith('/introspect')) throw new Error('down')
    return await fetch(url, init)
  }
  const asking = await makeVerifier(t, app, { fetch: deaf, whenStale: 'introspect' })
  await as(app, grace.access_token, 'POST', '/auth/logout')

  t.match(await asking.verify(ada.access_token, { roles: ['user'] }), { userId: ada.user.id, sessionId: ada.session.id, role: 'user', vendorId: null, amr: ['pwd'] })
  t.equal(await verdict(asking, grace.access_token), 'invalid_token')
  isDown = true
  t.equal(await verdict(asking, ada.access_token), 'unavailable')
})

t.test('a wrong wall clock of the service neither prolongs a token nor shortens it', async t => {
  const ada = await signIn(app)
  const now = Date.now
  t.teardown(() => { Date.now = now })
  for (const hours of [-48, 48]) {
    const wrong = () => now() + hours * 3_600_000
    const misled = await makeVerifier(t, app, { clock: { monotonic: () => performance.now(), wall: wrong } })
    await misled.start()
    Date.now = wrong
    t.equal(await verdict(misled, ada.access_token), 'fine')
    Date.now = now
  }
})

t.test('a verifier that closes leaves no stream open', async t => {
  await until(() => other.followers.size === 0)
  const closing = await makeVerifier(t, other)
  await closing.start()
  t.equal(other.followers.size, 1)
  await closing.close()
  await until(() => other.followers.size === 0)
  t.equal((await follow(t, other, await makeService(other, { mayFollow: true }))).answer.status, 200)
})

/** The token with another signature. */
function forged (token: string) {
  return token.replace(/[^.]+$/, 'A'.repeat(86))
}
