import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { connect, createServer as listenTo } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import type { FastifyInstance, InjectOptions, RouteOptions } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import latchkey from '../app.ts'
import { createClock } from '../lib/clock.ts'
import { loadConfig } from '../lib/config/config.ts'
import { unavailable } from '../lib/errors.ts'
import { createServer } from '../plugins/http/server.ts'
import { cookieHeader, maxAgeOf, openBrowser, sameOrigin, setCookies } from './support/cookie-jar.ts'
import { compilersFactory } from './support/documents/compilers.ts'
import { cheapHasher, countingHasher } from './support/hashers.ts'
import { api, as, codeOf, deploy, freshAddress, password, post, refresh, signIn, signUp, start } from './support/helper.ts'
import { trail } from './support/trail/evidence.ts'
import { until } from './support/until.ts'

const minute = 60_000
const day = 24 * 60 * minute
const year = 365 * 24 * 60 * 60
const issuer = 'https://auth.example.com'
const listed = 'https://app.example.com'
const strict = ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Strict']
const tokenNames = ['access_token', 'refresh_token', 'device_token', 'token_type']

const clock = createClock()
const hasher = countingHasher(cheapHasher)
const deployment = await deploy(t, { ISSUER_URL: issuer, ALLOWED_ORIGINS: `${listed},capacitor://localhost` })
const routes: { method: 'POST', url: string }[] = []
const lines: string[] = []
const app = await startListed()
const other = await start(t, deployment, { workers: false, hasher, clock })

t.test('a login sets three cookies with exactly these attributes', async t => {
  const { answer } = await signedIn()
  const body = answer.json()
  const cookies = setCookies(answer)

  t.same(cookies.map(({ name }) => name).sort(), ['__Host-access', '__Host-device', '__Host-refresh'])
  for (const cookie of cookies) t.same(withoutLifetime(cookie), [...strict].sort(), cookie.name)
  t.same(lifetimes(answer), { '__Host-access': body.expires_in, '__Host-refresh': body.refresh_expires_in, '__Host-device': year })
  t.equal(body.expires_in, 900)
  t.ok(body.refresh_expires_in > 7 * 86400 - 5 && body.refresh_expires_in <= 7 * 86400)
  t.same(Object.keys(body).sort(), ['expires_in', 'refresh_expires_in', 'session', 'user'])
  t.equal(answer.headers['cache-control'], 'no-store')
})

t.test('no token is in any JSON, and every cookie fits in 4096 bytes', async t => {
  const { browser, account } = await signedIn({ device_name: 'n'.repeat(200) })
  const answers = {
    login: await login(browser, account),
    refresh: await browser.send('POST', '/auth/refresh'),
    reauthenticate: await browser.send('POST', '/auth/reauthenticate', { password }),
    me: await browser.send('GET', '/auth/me'),
    sessions: await browser.send('GET', '/auth/sessions')
  }
  const secrets = new Set([...Object.values(answers).flatMap(setCookies).map(({ value }) => value)])

  for (const [name, answer] of Object.entries(answers)) {
    t.equal(answer.statusCode, 200, name)
    for (const token of tokenNames) t.notMatch(answer.body, token, `${name} names no ${token}`)
    for (const secret of secrets) t.notOk(answer.body.includes(secret), `${name} holds no cookie`)
    for (const cookie of setCookies(answer)) t.ok(Buffer.byteLength(`${cookie.name}=${cookie.value}`) <= 4096, cookie.name)
  }
  for (const name of ['login', 'refresh', 'reauthenticate'] as const) {
    t.same(Object.keys(answers[name].json()).sort(), ['expires_in', 'refresh_expires_in', 'session', 'user'], name)
    t.same(setCookies(answers[name]).map(cookie => cookie.name).sort(), ['__Host-access', '__Host-device', '__Host-refresh'], name)
    for (const cookie of setCookies(answers[name])) t.same(withoutLifetime(cookie), [...strict].sort(), `${name}: ${cookie.name}`)
  }
  t.match((await browser.send('GET', '/auth/sessions')).json().sessions.find((session: { current: boolean }) => session.current), { transport: 'cookie' })
})

t.test('a confirmed address gives a browser its device as a cookie, and no session', async t => {
  const { id, code } = await registered()
  const answer = await post(app, '/auth/verify-email', { registration_id: id, code, transport: 'cookie' }, sameOrigin)

  t.same(Object.keys(answer.json()), ['user'])
  t.same(setCookies(answer).map(({ name, attributes }) => [name, [...attributes].sort()]), [['__Host-device', [...strict, `Max-Age=${year}`].sort()]])
  t.equal((await app.database`select 1 from sessions where user_id = ${answer.json().user.id}`).length, 0)
})

t.test('a refresh parses its Cookie header once and checks its MAC once', async t => {
  const node = await startWith(t, { RATE_LIMITS_ENABLED: 'true' })
  const { browser } = await signedIn()
  const headers = { ...sameOrigin, cookie: cookieHeader(browser.cookies) }
  const parsed = t.capture(node, 'parseCookie', node.parseCookie)
  const verified = t.capture(crypto, 'timingSafeEqual', crypto.timingSafeEqual)
  t.teardown(syncBuiltinESMExports)
  syncBuiltinESMExports()
  const answer = await post(node, '/auth/refresh', undefined, headers)

  t.match(answer, { statusCode: 200 })
  t.same(parsed.args().map(([pair]) => String(pair).trim()), headers.cookie.split('; '), 'each pair once')
  t.equal(verified().length, 1, 'one comparison of a MAC')
})

t.test('a refresh needs no body, and rotates both cookies', async t => {
  const { browser, sessionId } = await signedIn()
  const before = new Map(browser.cookies)
  const answer = await browser.send('POST', '/auth/refresh')

  t.match(answer, { statusCode: 200 })
  t.equal(answer.json().session.id, sessionId)
  for (const name of ['__Host-access', '__Host-refresh']) t.not(browser.cookies.get(name), before.get(name), name)
  t.match(await browser.send('GET', '/auth/me'), { statusCode: 200 })
  t.match(await browser.send('POST', '/auth/refresh', undefined, { headers: { 'content-type': 'application/json' } }), { statusCode: 200 }, 'an empty one is none either')
})

t.test('refresh and sign-out take an empty body of any type, and `{}`', async t => {
  const bodies: { headers?: Record<string, string>, payload?: object }[] = [
    { headers: { 'content-type': 'text/plain;charset=UTF-8', 'content-length': '0' } },
    { headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '0' } },
    { payload: {} }
  ]
  for (const { headers = {}, payload } of bodies) {
    const { browser } = await signedIn()
    t.match(await browser.send('POST', '/auth/refresh', payload, { headers }), { statusCode: 200 })
    t.match(await browser.send('POST', '/auth/logout', payload, { headers }), { statusCode: 204, headers: { 'clear-site-data': '"cache", "storage"' } })
    t.equal(browser.cookies.has('__Host-refresh'), false, 'the session is over')
  }
  t.match((await post(app, '/auth/refresh', {}, sameOrigin)).json(), { status: 422, errors: [{ path: '/refresh_token', code: 'required' }] }, 'without a cookie a field is missing')
})

t.test('two tabs that refresh at once both keep the session', async t => {
  const { browser, sessionId } = await signedIn()
  const cookie = cookieHeader(browser.cookies)
  const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => post(n % 2 ? app : other, '/auth/refresh', undefined, { ...sameOrigin, cookie })))

  t.same(new Set(answers.map(({ statusCode }) => statusCode)), new Set([200]))
  t.equal(new Set(answers.flatMap(setCookies).filter(({ name }) => name === '__Host-refresh').map(({ value }) => value)).size, 1, 'one successor')
  for (const answer of answers) browser.keep(answer)
  t.equal((await browser.send('POST', '/auth/refresh')).json().session.id, sessionId)
})

t.test('no cookie outlives the absolute end of the session', async t => {
  const { browser, answer: opened } = await signedIn()
  const end = Date.parse(opened.json().session.expires_at)
  let answer = opened

  for (const days of [6, 6, 6, 6, 5.75]) {
    clock.advance(days * day)
    const asked = clock.now()
    answer = await browser.send('POST', '/auth/refresh')
    t.match(answer, { statusCode: 200 })
    const body = answer.json()
    t.same(lifetimes(answer), { '__Host-access': body.expires_in, '__Host-refresh': body.refresh_expires_in, '__Host-device': year })
    t.ok(asked + body.refresh_expires_in * 1000 <= end, `${body.refresh_expires_in} s`)
  }
  t.ok(answer.json().refresh_expires_in <= 0.25 * 86400)
  clock.advance(0.25 * day - 10 * minute)
  answer = await browser.send('POST', '/auth/refresh')
  t.ok(Number(lifetimes(answer)['__Host-access']) <= 600, 'the access cookie neither')
  t.ok(Number(lifetimes(answer)['__Host-refresh']) <= 600)
  clock.advance(10 * minute + 1)
  t.match((await browser.send('POST', '/auth/refresh')).json(), { code: 'session_ended', reason: 'expired' })
})

t.test('names and attributes follow the settings', async t => {
  for (const domain of [undefined, 'example.com']) {
    for (const [sameSite, secure, partitioned] of [['strict', true, false], ['lax', true, true], ['none', true, true], ['lax', false, false]] as const) {
      const title = `domain ${domain ?? 'none'}, SameSite ${sameSite}, ${secure ? 'secure' : 'plain'}${partitioned ? ', partitioned' : ''}`
      await t.test(title, async t => {
        const node = await startWith(t, {
          COOKIE_SAMESITE: sameSite,
          COOKIE_SECURE: String(secure),
          COOKIE_PARTITIONED: String(partitioned),
          ...(domain && { COOKIE_DOMAIN: domain })
        })
        const prefix = !secure ? '' : domain === undefined ? '__Host-' : '__Secure-'
        const expected = [
          'Path=/', 'HttpOnly', `SameSite=${{ strict: 'Strict', lax: 'Lax', none: 'None' }[sameSite]}`,
          ...(secure ? ['Secure'] : []), ...(partitioned ? ['Partitioned'] : []), ...(domain ? [`Domain=${domain}`] : [])
        ].sort()
        const browser = openBrowser(node)
        const account = await signUp(node)
        const answers = [await login(browser, account, node), await browser.send('POST', '/auth/refresh'), await browser.send('POST', '/auth/logout')]

        for (const [place, answer] of answers.entries()) {
          const names = place < 2 ? ['access', 'device', 'refresh'] : ['access', 'refresh']
          t.ok(answer.statusCode < 300)
          t.same(setCookies(answer).map(({ name }) => name).sort(), names.map(name => `${prefix}${name}`))
          for (const cookie of setCookies(answer)) t.same(withoutLifetime(cookie), expected, cookie.name)
        }
        t.same([...browser.cookies.keys()], [`${prefix}device`], 'and the device stays')
      })
    }
  }
})

t.test('cookies are read under the current names only', async t => {
  const { browser } = await signedIn()
  for (const name of ['access', '__Secure-access', '__host-access', '__Host-Access', '__Host-access2', '\u00a0__Host-access', '\u00a0\u00a0__Host-access', '\u000b__Host-access', '__Host-access\u00a0', '=__Host-access']) {
    t.match(await app.inject({ url: api('/auth/me'), headers: { cookie: `${name}=${browser.cookies.get('__Host-access')}` } }), { statusCode: 401 }, name)
  }
  t.match(await app.inject({ url: api('/auth/me'), headers: { cookie: `__Host-refresh=${browser.cookies.get('__Host-access')}` } }), { statusCode: 401 }, 'each in its own place')
  t.match(await app.inject({ url: api('/auth/me'), headers: { cookie: `__Host-access=${browser.cookies.get('__Host-refresh')}` } }), { statusCode: 401 })
})

t.test('a refresh with a cookie and a token in the body is refused, and neither is rotated', async t => {
  const { browser } = await signedIn()
  const phone = await signIn(app)
  const before = new Map(browser.cookies)
  const answer = await browser.send('POST', '/auth/refresh', { refresh_token: phone.refresh_token })

  t.match(answer.json(), { status: 400, code: 'malformed_request' })
  t.notOk(answer.headers['set-cookie'])
  t.same(browser.cookies, before)
  clock.advance(2 * minute)
  t.match(await browser.send('POST', '/auth/refresh'), { statusCode: 200 })
  t.match(await refresh(app, phone.refresh_token), { statusCode: 200 })
})

t.test('two cookies with the same name are refused, and both expire', async t => {
  for (const [name, method, path] of [['access', 'GET', '/auth/me'], ['access', 'POST', '/auth/reauthenticate'], ['refresh', 'POST', '/auth/refresh'], ['refresh', 'POST', '/auth/logout'], ['device', 'POST', '/auth/login']] as const) {
    for (const first of [true, false]) {
      const { browser, account } = await signedIn()
      const own = cookieHeader(browser.cookies)
      const cookie = first ? `${own}; __Host-${name}=foreign` : `__Host-${name}=foreign; ${own}`
      const payload = { '/auth/login': { email: account.email, password, transport: 'cookie' }, '/auth/reauthenticate': { password } }[path as string]
      const answer = await app.inject({
        method,
        url: api(path),
        headers: { ...sameOrigin, cookie },
        ...(payload && { payload })
      })

      t.match(answer.json(), { status: 400, code: 'malformed_request' }, `${name} at ${path}`)
      t.same(new Set(setCookies(answer).map(cookie => cookie.name)), new Set([`__Host-${name}`]), 'those expire, and no other')
      t.same(new Set(setCookies(answer).map(({ attributes }) => attributes.includes('Partitioned'))), new Set([true, false]), 'in either partition')
      for (const cookie of setCookies(answer)) {
        t.match(cookie, { value: '' })
        t.equal(maxAgeOf(cookie), 0)
        t.ok(strict.every(attribute => cookie.attributes.includes(attribute)))
      }
      if (path === '/auth/refresh') clock.advance(2 * minute)
      t.match(await browser.send('POST', '/auth/refresh'), { statusCode: 200 }, 'the session lives and nothing was rotated')
    }
  }
  t.match(await app.inject({ url: api('/auth/me'), headers: { cookie: '__Host-access=a; __Host-access=a' } }), { statusCode: 400 }, 'also the same one twice')
  t.match(await app.inject({ url: api('/auth/me'), headers: { cookie: 'theme=a; theme=b' } }), { statusCode: 401 }, 'other cookies do not matter')
})

t.test('a header full of forged access cookies is refused before a signature is verified', async t => {
  const node = await startWith(t, { COOKIE_DOMAIN: 'example.com' })
  const [header] = (await signIn(node)).access_token.split('.')
  const forged = Array.from({ length: 74 }, () => `__Secure-access=${header}.e30.${crypto.randomBytes(64).toString('base64url')}`)
  const verified = t.capture(node.tokens, 'readExpired', node.tokens.readExpired)
  const answer = await node.inject({ url: api('/auth/me'), headers: { cookie: forged.join('; ') } })

  t.match(answer.json(), { status: 400, code: 'malformed_request' })
  t.equal(verified().length, 0)
  t.ok(setCookies(answer).length > 0 && setCookies(answer).every(cookie => maxAgeOf(cookie) === 0), 'all expire')
})

t.test('with a cookie domain, the older copies of every scope expire', async t => {
  const node = await startWith(t, { COOKIE_DOMAIN: 'example.com' })
  const answer = await post(node, '/auth/refresh', undefined, { ...sameOrigin, cookie: '__Secure-refresh=a; __Secure-refresh=b' })
  const scopes = setCookies(answer).filter(({ name, value }) => name === '__Secure-refresh' && value === '').map(({ attributes }) => attributes.some(attribute => attribute.startsWith('Domain=')))

  t.match(answer, { statusCode: 400 })
  t.same(new Set(scopes), new Set([true, false]), 'the one of the domain and the one of this host')
})

t.test('a token of one transport is refused over the other, and nothing is rotated', async t => {
  const phone = await signIn(app)
  const { browser, sessionId } = await signedIn()
  const cookieToken = browser.cookies.get('__Host-refresh') ?? ''

  const throughCookie = await post(app, '/auth/refresh', undefined, { ...sameOrigin, cookie: `__Host-refresh=${phone.refresh_token}` })
  t.match(throughCookie.json(), { status: 401, code: 'invalid_token' })
  t.match(throughCookie.headers['www-authenticate'], /^Bearer/)
  t.match((await refresh(app, cookieToken)).json(), { status: 401, code: 'invalid_token' })
  t.match(await post(app, '/auth/logout', {}, { ...sameOrigin, cookie: `__Host-refresh=${phone.refresh_token}` }), { statusCode: 204 })
  t.match(await post(app, '/auth/logout', { refresh_token: cookieToken }), { statusCode: 204 })

  clock.advance(2 * minute)
  t.equal((await browser.send('POST', '/auth/refresh')).json().session.id, sessionId, 'the very token is still the current one')
  t.match(await refresh(app, phone.refresh_token), { statusCode: 200 })
})

t.test('a refresh without any token is refused', async t => {
  for (const headers of [{}, sameOrigin, { ...sameOrigin, cookie: 'theme=dark' }]) {
    const answer = await post(app, '/auth/refresh', undefined, headers)
    t.match(answer.json(), { status: 401 })
    t.notOk(answer.headers['set-cookie'])
  }
  t.match(await post(app, '/auth/refresh', undefined, { ...sameOrigin, cookie: '__Host-refresh=' }), { statusCode: 401 })
  const { browser } = await signedIn()
  t.match(await post(app, '/auth/refresh', undefined, { ...sameOrigin, cookie: `__Host-access=${browser.cookies.get('__Host-access')}` }), { statusCode: 401 }, 'an access token is none')
  t.match(await post(app, '/auth/refresh', undefined, { ...sameOrigin, cookie: `__Host-refresh=${browser.cookies.get('__Host-access')}` }), { statusCode: 401 })
})

t.test('beside an access cookie, the Authorization header alone is judged', async t => {
  const { browser, account } = await signedIn()
  const phone = await signIn(app)
  const me = (authorization: string) => browser.send('GET', '/auth/me', undefined, { headers: { authorization } })

  t.equal((await me(`Bearer ${phone.access_token}`)).json().user.id, phone.user.id)
  for (const authorization of ['Bearer x', 'Bearer', 'Basic YTpi', '']) t.match(await me(authorization), { statusCode: 401 }, `"${authorization}" does not fall back to the cookie`)
  t.equal((await browser.send('GET', '/auth/me')).json().user.id, account.user.id)
  t.match(await browser.send('POST', '/auth/reauthenticate', { password }, { headers: { authorization: 'Bearer x' } }), { statusCode: 401 })
})

t.test('an access token in a cookie is accepted wherever one in the header is, with the same answer', async t => {
  const { browser, account, sessionId } = await signedIn()
  const check = await browser.send('GET', '/auth/check')
  t.match(check, { statusCode: 204, headers: { 'x-auth-user': account.user.id, 'x-auth-session': sessionId } })
  t.match(await browser.send('PATCH', '/auth/me', { full_name: 'Ada Lovelace' }), { statusCode: 200 })
  t.match(await browser.send('GET', '/auth/me', undefined, { node: other }), { statusCode: 200 }, 'on every node')
  t.match(await browser.send('POST', '/auth/refresh', undefined, { node: other }), { statusCode: 200 })

  clock.advance(16 * minute)
  const late = await browser.send('GET', '/auth/me')
  t.match(late.json(), { status: 401, code: 'invalid_token' })
  t.match(late.headers['www-authenticate'], /^Bearer .*invalid_token/)
  t.notOk(late.headers['set-cookie'], 'an expired access token is the sign to refresh')
})

t.test('a login never adopts a session that it is given, and replaces the one of its browser', async t => {
  const { browser, account, sessionId } = await signedIn()
  const before = new Map(browser.cookies)
  const answer = await login(browser, account)

  t.not(answer.json().session.id, sessionId)
  for (const name of ['__Host-access', '__Host-refresh']) t.not(browser.cookies.get(name), before.get(name))
  t.match((await replay(before)).json(), { code: 'session_ended', reason: 'signed_out' })
  t.match((await app.inject({ url: api('/auth/me'), headers: { cookie: cookieHeader(before) } })).json(), { code: 'session_ended', reason: 'signed_out' })
  t.match(await browser.send('POST', '/auth/refresh'), { statusCode: 200 })
  t.match((await trail(app, account.user.id)).filter(({ sessionId: id, event }) => id === sessionId && event === 'session_ended'), [{ outcome: 'success', reason: 'replaced', actorId: account.user.id }])

  const bob = await signUp(app)
  const second = new Map(browser.cookies)
  t.equal((await login(browser, bob)).json().user.id, bob.user.id)
  t.match((await replay(second)).json(), { code: 'session_ended', reason: 'signed_out' }, 'whatever account it belongs to')
})

t.test('a session whose access cookie has expired is replaced all the same', async t => {
  for (const gone of [true, false]) {
    const { browser, account } = await signedIn()
    const before = new Map(browser.cookies)
    clock.advance(16 * minute)
    if (gone) browser.cookies.delete('__Host-access')
    t.match(await login(browser, account), { statusCode: 200 })
    t.match((await replay(before)).json(), { code: 'session_ended', reason: 'signed_out' }, gone ? 'the browser has dropped it' : 'it is still sent')
  }
})

t.test('a failed login leaves the session of its browser alone', async t => {
  const { browser, account } = await signedIn()
  const answer = await browser.send('POST', '/auth/login', { email: account.email, password: 'not the password', transport: 'cookie' })
  t.match(answer, { statusCode: 401 })
  t.notOk(answer.headers['set-cookie'])
  t.match(await browser.send('GET', '/auth/check'), { statusCode: 204 })
})

t.test('invented and foreign session cookies neither hinder a login nor have an effect', async t => {
  const elsewhere = await start(t, await deploy(t, { ISSUER_URL: issuer }), { workers: false, hasher })
  const { browser: foreign } = await signedInAt(elsewhere)
  const account = await signUp(app)

  for (const cookie of [cookieHeader(foreign.cookies), '__Host-access=invented; __Host-refresh=invented', '__Host-access=; __Host-refresh=', `__Host-refresh=${'x'.repeat(4000)}`]) {
    const answer = await post(app, '/auth/login', { email: account.email, password, transport: 'cookie' }, { ...sameOrigin, cookie })
    t.match(answer, { statusCode: 200 })
    for (const { name, value } of setCookies(answer)) t.notOk(cookie.includes(`${name}=${value}`), name)
    t.match(await post(app, '/auth/refresh', undefined, { ...sameOrigin, cookie }), { statusCode: 401 }, 'it is not valid afterwards either')
  }
  t.match(await foreign.send('GET', '/auth/check'), { statusCode: 204 })
})

t.test('a logout ends the session, expires its cookies and keeps the device', async t => {
  const { browser } = await signedIn()
  const before = new Map(browser.cookies)
  const answer = await browser.send('POST', '/auth/logout')

  t.match(answer, { statusCode: 204, body: '' })
  t.equal(answer.headers['clear-site-data'], '"cache", "storage"')
  t.same(setCookies(answer).map(({ name, value }) => [name, value]).sort(), [['__Host-access', ''], ['__Host-refresh', '']])
  for (const cookie of setCookies(answer)) {
    t.equal(maxAgeOf(cookie), 0)
    t.same(withoutLifetime(cookie), [...strict].sort())
  }
  t.same([...browser.cookies.keys()], ['__Host-device'])
  t.match((await replay(before)).json(), { code: 'session_ended', reason: 'signed_out' })
  const access = { cookie: cookieHeader(before) }
  t.match((await app.inject({ url: api('/auth/me'), headers: access })).json(), { reason: 'signed_out' })
  await until(async () => (await other.inject({ url: api('/auth/me'), headers: access })).statusCode === 401)
  t.match(await browser.send('POST', '/auth/logout'), { statusCode: 204 }, 'again')
  t.match(await openBrowser(app).send('POST', '/auth/logout'), { statusCode: 204 }, 'and without any cookie')
})

t.test('a logout works with an expired access cookie, and with either cookie alone', async t => {
  const cases: Record<string, (cookies: Map<string, string>) => void> = {
    'an expired access cookie': () => { clock.advance(16 * minute) },
    'an expired access cookie alone': cookies => { clock.advance(16 * minute); cookies.delete('__Host-refresh') },
    'the access cookie alone': cookies => { cookies.delete('__Host-refresh') },
    'the refresh cookie alone': cookies => { cookies.delete('__Host-access') },
    'an access cookie that is broken': cookies => { cookies.set('__Host-access', 'broken') }
  }
  for (const [what, change] of Object.entries(cases)) {
    const { browser } = await signedIn()
    const before = new Map(browser.cookies)
    change(browser.cookies)
    t.match(await browser.send('POST', '/auth/logout', {}), { statusCode: 204 }, what)
    t.same([...browser.cookies.keys()], ['__Host-device'])
    t.match((await replay(before)).json(), { reason: 'signed_out' }, what)
  }
})

t.test('a browser signs out the other sessions, or all of them', async t => {
  for (const scope of ['others', 'everywhere']) {
    const { browser, account } = await signedIn()
    const phone = await signIn(app, account)
    t.match(await browser.send('POST', '/auth/logout', { scope }), { statusCode: 204 })
    t.match((await refresh(app, phone.refresh_token)).json(), { reason: 'revoked_by_user' })
    t.equal(browser.cookies.has('__Host-refresh'), scope === 'others', 'its own cookies stay where its session does')
    t.equal((await browser.send('POST', '/auth/refresh')).statusCode, scope === 'others' ? 200 : 401)
  }
})

t.test('Clear-Site-Data is sent only when the session has ended', async t => {
  const { browser } = await signedIn()
  t.notOk((await browser.send('POST', '/auth/logout', { scope: 'others' })).headers['clear-site-data'])

  const late = await signedIn()
  clock.advance(16 * minute)
  late.browser.cookies.delete('__Host-refresh')
  const answer = await late.browser.send('POST', '/auth/logout', { scope: 'others' })
  t.match(answer, { statusCode: 204, headers: { 'clear-site-data': '"cache", "storage"' } }, 'an expired access token ends its own')
  t.same([...late.browser.cookies.keys()], ['__Host-device'])
})

t.test('a logout with a cookie and a token in the body is refused, and neither session ends', async t => {
  const { browser } = await signedIn()
  const phone = await signIn(app)
  const answer = await browser.send('POST', '/auth/logout', { refresh_token: phone.refresh_token })

  t.match(answer.json(), { status: 400, code: 'malformed_request' })
  t.notOk(answer.headers['set-cookie'])
  t.match(await browser.send('POST', '/auth/refresh'), { statusCode: 200 })
  t.match(await refresh(app, phone.refresh_token), { statusCode: 200 })
})

t.test('a bearer login or confirmation does not reveal the device cookie to a script', async t => {
  const { browser, account } = await signedIn()
  const device = await deviceOf(account)
  const { id, code } = await registered()

  const answer = await browser.send('POST', '/auth/login', { email: account.email, password })
  t.match(answer, { statusCode: 200 })
  t.not(await deviceOf(account), device, 'the device it names is another')
  t.match(await browser.send('POST', '/auth/refresh'), { statusCode: 200 }, 'and the session of the browser stays')
  const confirmed = await browser.send('POST', '/auth/verify-email', { registration_id: id, code })
  t.match(confirmed, { statusCode: 200 })
  const [row] = await app.database<{ deviceId: string }>`select device_id from known_devices where user_id = ${confirmed.json().user.id}`
  t.ok(row && row.deviceId !== device)
})

t.test('a logout without a cookie and without an own-page header expires no cookie', async t => {
  for (const headers of [{}, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }]) {
    const answer = await post(app, '/auth/logout', undefined, headers as Record<string, string>)
    t.match(answer, { statusCode: 204 })
    t.notOk(answer.headers['set-cookie'], 'SameSite may have held them back from a foreign page')
  }
})

t.test('a refused refresh touches no cookie: its answer may arrive after a login', async t => {
  const ends: Record<string, (account: Awaited<ReturnType<typeof signUp>>, browser: Browser) => Promise<unknown>> = {
    'replaced by a login': async (account, browser) => await openBrowserWith(browser).send('POST', '/auth/login', { email: account.email, password, transport: 'cookie' }),
    'ended elsewhere': async account => { const phone = await signIn(app, account); await as(app, phone.access_token, 'POST', '/auth/logout', { scope: 'others' }) },
    idle: async () => { clock.advance(8 * day) },
    unreadable: async (_, browser) => { browser.cookies.set('__Host-refresh', 'x') }
  }
  for (const [what, end] of Object.entries(ends)) {
    const { browser, account } = await signedIn()
    await end(account, browser)
    const answer = await browser.send('POST', '/auth/refresh')
    t.match(answer, { statusCode: 401 }, what)
    t.notOk(answer.headers['set-cookie'], what)
    t.match(await login(browser, account), { statusCode: 200 }, 'and dead cookies hinder no login')
  }
})

t.test('every unsafe route refuses cookies that come without an own-page header', async t => {
  const { browser } = await signedIn()
  const cookie = cookieHeader(browser.cookies)
  t.ok(routes.length >= 10)

  for (const { method, url } of routes) {
    for (const [what, headers] of Object.entries(refused)) {
      for (const carried of [cookie, `__Host-refresh=${browser.cookies.get('__Host-refresh')}`, `__Host-device=${browser.cookies.get('__Host-device')}`]) {
        const answer = await knock({ method, url: fill(url), headers: { ...headers, cookie: carried } })
        t.match(answer, { statusCode: 403 }, `${method} ${url}, ${what}`)
        t.match(answer.json(), csrfRefusal(url))
        t.notOk(answer.headers['set-cookie'])
        t.notOk(answer.headers['clear-site-data'])
      }
    }
    for (const [what, headers] of Object.entries(accepted)) {
      const answer = await knock({ method, url: fill(url), headers: { ...headers, cookie: '__Host-access=x; __Host-refresh=x; __Host-device=x' } })
      t.not(answer.statusCode, 403, `${method} ${url}, ${what}`)
    }
  }
  clock.advance(2 * minute)
  t.match(await browser.send('GET', '/auth/check'), { statusCode: 204 }, 'the session lives')
  t.match(await browser.send('POST', '/auth/refresh'), { statusCode: 200 }, 'and its token was not consumed')
})

/** The refusal in the form of the route: OAuth has error codes of its own. */
function csrfRefusal (url: string) {
  return /\/(introspect|revoke)$/.test(url) ? { error: 'invalid_request' } : { status: 403, code: 'csrf' }
}

t.test('every unsafe route refuses a foreign origin even without cookies', async t => {
  const phone = await signIn(app)
  for (const { method, url } of routes) {
    for (const origin of foreignOrigins) {
      for (const headers of origin.length > 4 && origin !== 'https://evil.com' ? [{}] : [{}, sameOrigin, { authorization: `Bearer ${phone.access_token}` }]) {
        const answer = await knock({ method, url: fill(url), headers: { ...headers, origin } })
        t.match(answer, { statusCode: 403 }, `${method} ${url} from ${origin}`)
        t.match(answer.json(), csrfRefusal(url))
        t.notOk(answer.headers['set-cookie'])
      }
    }
    t.not((await knock({ method, url: fill(url) })).statusCode, 403, 'apps send none')
  }
  t.match(await knock({ url: api('/auth/me'), headers: { authorization: `Bearer ${phone.access_token}`, origin: 'https://evil.com' } }), { statusCode: 200 }, 'a GET changes nothing')
  t.match(await as(app, phone.access_token, 'GET', '/auth/check'), { statusCode: 204 })
})

t.test('a refused request is refused before any store is asked', async t => {
  const { browser, account } = await signedIn()
  const before = (await trail(app, account.user.id)).length
  hasher.take()

  for (const path of ['/auth/refresh', '/auth/logout']) {
    for (const [payload, headers] of [[undefined, {}], [undefined, { 'content-type': 'text/plain' }], ['{}', { 'content-type': 'application/json' }], ['a=b', { 'content-type': 'application/x-www-form-urlencoded' }]] as const) {
      const answer = await app.inject({ method: 'POST', url: api(path), headers: { ...headers, cookie: cookieHeader(browser.cookies), origin: 'https://evil.com', 'sec-fetch-site': 'cross-site' }, ...(payload && { payload }) })
      t.match(answer, { statusCode: 403 }, path)
    }
  }
  for (let n = 0; n < 10; n++) {
    const answer = await browser.send('POST', '/auth/login', { email: account.email, password: `guess ${n}`, transport: 'cookie' }, { headers: { 'sec-fetch-site': 'cross-site' } })
    t.match(answer.json(), { status: 403, code: 'csrf' })
  }
  t.same(hasher.take(), { hashes: 0, verifications: 0 })
  t.equal((await trail(app, account.user.id)).length, before)
  t.match(await login(browser, account), { statusCode: 200 }, 'it locked no bucket')
})

t.test('a login that asks for cookies is judged as if it carried them', async t => {
  const account = await signUp(app)
  const body = { email: account.email, password, transport: 'cookie' }
  hasher.take()

  for (const [what, headers] of Object.entries(refused)) {
    const answer = await post(app, '/auth/login', body, headers)
    t.match(answer.json(), { status: 403, code: 'csrf' }, what)
    t.notOk(answer.headers['set-cookie'])
  }
  t.equal(hasher.take().verifications, 0)
  t.equal((await app.database`select 1 from sessions where user_id = ${account.user.id}`).length, 0)
  for (const [what, headers] of Object.entries(accepted)) t.match(await post(app, '/auth/login', body, headers), { statusCode: 200 }, what)
  t.match(await post(app, '/auth/login', { ...body, transport: 'bearer' }), { statusCode: 200 }, 'one that does not is not')
})

t.test('a confirmation that asks for cookies is judged likewise, and the code is not spent', async t => {
  const { id, code } = await registered()
  for (let n = 0; n < 8; n++) {
    const answer = await post(app, '/auth/verify-email', { registration_id: id, code: n === 0 ? code : '000000', transport: 'cookie' })
    t.match(answer.json(), { status: 403, code: 'csrf' })
    t.notOk(answer.headers['set-cookie'])
  }
  t.match(await post(app, '/auth/verify-email', { registration_id: id, code, transport: 'cookie' }, { origin: listed }), { statusCode: 200 })
})

t.test('another application’s cookies on the same host do not make an app’s request refused', async t => {
  const phone = await signIn(app)
  const answer = await post(app, '/auth/refresh', { refresh_token: phone.refresh_token }, { cookie: 'AWSALB=affinity; theme=dark' })
  t.match(answer, { statusCode: 200 })
  t.notOk(answer.headers['set-cookie'])
})

t.test('listed origins get CORS headers, all others get none', async t => {
  const { browser } = await signedIn()
  for (const origin of [listed, 'capacitor://localhost']) {
    for (const { method, url } of routes) {
      const preflight = await knock({ method: 'OPTIONS', url: fill(url), headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': 'content-type' } })
      t.match(preflight, { statusCode: 204, headers: { 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true', vary: /Origin/ } }, `${method} ${url}`)
      t.match(preflight.headers['access-control-allow-methods'], new RegExp(`\\b${method}\\b`))
      t.notOk(preflight.headers['set-cookie'])
    }
    const answer = await browser.send('POST', '/auth/refresh', undefined, { headers: { origin, 'sec-fetch-site': 'cross-site' } })
    t.match(answer, {
      statusCode: 200,
      headers: { 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true', 'access-control-expose-headers': 'ETag, X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, WWW-Authenticate', vary: /Origin/ }
    })
  }
  for (const origin of foreignOrigins) {
    for (const method of ['GET', 'POST', 'OPTIONS'] as const) {
      const answer = await browser.send(method as 'GET', method === 'GET' ? '/auth/me' : '/auth/refresh', undefined, { headers: { origin, 'access-control-request-method': 'POST' } })
      t.same(Object.keys(answer.headers).filter(name => name.startsWith('access-control')), [], `${method} from ${origin}`)
      t.match(answer.headers['vary'], /Origin/)
    }
  }
  t.match((await app.inject(api('/auth/me'))).headers['vary'], /Origin/, 'also where none was asked from')
})

t.test('one device identifies one browser to two accounts', async t => {
  const { browser, account: ada } = await signedIn()
  const device = await deviceOf(ada)
  const bob = await signUp(app)
  await login(browser, bob)
  t.equal(await deviceOf(bob), device)

  for (const account of [ada, bob]) {
    for (let n = 0; n < 5; n++) t.match(await post(app, '/auth/login', { email: account.email, password: `guess ${n}` }), { statusCode: 401 })
    t.match(await openBrowser(app).send('POST', '/auth/login', { email: account.email, password, transport: 'cookie' }), { statusCode: 429 }, 'strangers are shut out')
    t.match(await login(browser, account), { statusCode: 200 }, 'it is not')
    t.match(await browser.send('POST', '/auth/logout'), { statusCode: 204 })
  }
  for (let n = 0; n < 5; n++) await browser.send('POST', '/auth/login', { email: ada.email, password: 'not it', transport: 'cookie' }, { node: n % 2 ? app : other })
  const shut = await login(browser, ada, other)
  t.match(shut.json(), { status: 429, code: 'too_many_attempts' }, 'it has a bucket of its own, on every node')
  t.notOk(shut.headers['set-cookie'], 'a locked bucket clears no cookie')
  t.match(await login(browser, bob, other), { statusCode: 200 }, 'for each account')
})

t.test('an invented device cookie is never adopted', async t => {
  const elsewhere = await start(t, await deploy(t, { ISSUER_URL: issuer }), { workers: false, hasher })
  const { browser: foreign } = await signedInAt(elsewhere)
  const account = await signUp(app)
  const { deviceToken } = account
  const invented = ['x', '', 'a'.repeat(43), deviceToken.slice(0, -6), `${deviceToken.slice(0, 20)}${deviceToken[20] === 'A' ? 'B' : 'A'}${deviceToken.slice(21)}`, '00000000-0000-4000-8000-000000000000', String(foreign.cookies.get('__Host-device'))]
  const devices = new Set<string>()

  for (const value of invented) {
    const answer = await post(app, '/auth/login', { email: account.email, password, transport: 'cookie' }, { ...sameOrigin, cookie: `__Host-device=${value}` })
    const given = setCookies(answer).find(({ name }) => name === '__Host-device')?.value
    t.match(answer, { statusCode: 200 })
    t.ok(given && given !== value)
    devices.add(String(given))
  }
  t.equal(devices.size, invented.length, 'each is given a device of its own')
  for (let n = 0; n < 5; n++) await post(other, '/auth/login', { email: account.email, password: 'not it' })
  for (const value of invented) {
    t.match(await post(app, '/auth/login', { email: account.email, password, transport: 'cookie' }, { ...sameOrigin, cookie: `__Host-device=${value}` }), { statusCode: 429 }, 'it is a stranger')
  }
})

t.test('a store that does not answer clears no cookie', async t => {
  const { browser, account } = await signedIn()
  const wire = await wireTo(t, deployment.DATABASE_URL)
  const withoutPostgres = await startWith(t, { DATABASE_URL: wire.url, DB_CONNECT_TIMEOUT: '1s' })
  const withoutRedis = await startWith(t, {})
  wire.cut()
  withoutRedis.redis.disconnect()

  for (const node of [withoutPostgres, withoutRedis]) {
    for (const answer of [await browser.send('POST', '/auth/refresh', undefined, { node }), await login(browser, account, node)]) {
      t.match(answer.json(), { status: 503 })
      t.ok(answer.headers['retry-after'])
      t.notOk(answer.headers['set-cookie'])
    }
  }
  const answer = await browser.send('POST', '/auth/logout', undefined, { node: withoutPostgres })
  t.match(answer, { statusCode: 503 }, 'a logout that did not come to pass says so')
  t.notOk(answer.headers['set-cookie'])
  t.notOk(answer.headers['clear-site-data'])
  t.match(await browser.send('POST', '/auth/refresh'), { statusCode: 200 }, 'the session goes on')
})

t.test('cookies of one name that a node cannot date now are left alone', async t => {
  const { browser } = await signedIn()
  const node = await startWith(t, {})
  const own = cookieHeader(browser.cookies)
  const { current } = node.keyring
  Object.defineProperty(node.keyring, 'current', { get () { throw unavailable(new Error('not read')) }, configurable: true })
  const answer = await post(node, '/auth/refresh', undefined, { ...sameOrigin, cookie: `${own}; ${own}` })
  Object.defineProperty(node.keyring, 'current', { get: () => current })

  t.match(answer.json(), { status: 503, code: 'unavailable' })
  t.notOk(answer.headers['set-cookie'])
  t.match(await browser.send('POST', '/auth/refresh'), { statusCode: 200 }, 'the session goes on')
})

t.test('a rate limit clears no cookie', async t => {
  const node = await startWith(t, { RATE_LIMITS_ENABLED: 'true', RATE_LIMIT_REFRESH: '2/15m', RATE_LIMIT_LOGIN: '3/15m' })
  const { browser, account } = await signedIn()
  let answer = await browser.send('POST', '/auth/refresh', undefined, { node })
  for (let n = 0; n < 2; n++) answer = await browser.send('POST', '/auth/refresh', undefined, { node })
  t.match(answer.json(), { status: 429, code: 'rate_limited' })
  t.notOk(answer.headers['set-cookie'])
  for (let n = 0; n < 4; n++) answer = await login(browser, account, node)
  t.match(answer.json(), { status: 429, code: 'rate_limited' })
  t.notOk(answer.headers['set-cookie'])
})

t.test('no cookie is ever logged', async t => {
  const { browser, account } = await signedIn()
  const seen = new Set(browser.cookies.values())
  for (const [method, path, payload] of [['POST', '/auth/refresh'], ['GET', '/auth/me'], ['POST', '/auth/reauthenticate', { password }], ['POST', '/auth/login', { email: account.email, password, transport: 'cookie' }], ['POST', '/auth/refresh', { refresh_token: 'x' }], ['POST', '/auth/logout']] as const) {
    await browser.send(method, path, payload)
    for (const value of browser.cookies.values()) seen.add(value)
  }
  await browser.send('POST', '/auth/refresh', undefined, { headers: { origin: 'https://evil.com' } })
  await app.inject({ url: api('/auth/me'), headers: { cookie: '__Host-access=canary-one; __Host-access=canary-two' } })

  t.ok(lines.length > 10)
  t.notMatch(lines.join(''), /canary/)
  for (const value of seen) t.notOk(lines.join('').includes(value))
})

type Browser = ReturnType<typeof openBrowser>

/** Headers that an unsafe request with cookies must not have. */
const refused: Record<string, Record<string, string>> = {
  'no sign at all': {},
  'a page of a sibling host': { 'sec-fetch-site': 'same-site' },
  'a page of another site': { 'sec-fetch-site': 'cross-site' },
  'a sign that means nothing': { 'sec-fetch-site': 'same-origin, none' },
  'a sign in another spelling': { 'sec-fetch-site': 'Same-Origin' },
  'an empty sign': { 'sec-fetch-site': '' },
  'the origin of Host': { origin: 'https://localhost:80' },
  'the origin of Host over http': { origin: 'http://localhost:80' },
  'a foreign origin': { origin: 'https://evil.com', 'sec-fetch-site': 'cross-site' },
  'a foreign origin that calls itself the same': { origin: 'https://evil.com', 'sec-fetch-site': 'same-origin' },
  'an opaque origin': { origin: 'null' },
  'a referrer only': { referer: `${issuer}/` }
}

const accepted: Record<string, Record<string, string>> = {
  'a page of this origin': { 'sec-fetch-site': 'same-origin' },
  'the address bar': { 'sec-fetch-site': 'none' },
  'its own origin': { origin: issuer },
  'its own origin, and the sign of it': { origin: issuer, 'sec-fetch-site': 'same-origin' },
  'a listed origin': { origin: listed },
  'a listed origin of the same site': { origin: listed, 'sec-fetch-site': 'same-site' },
  'a listed origin of another site': { origin: listed, 'sec-fetch-site': 'cross-site' },
  "a listed app's web view": { origin: 'capacitor://localhost', 'sec-fetch-site': 'cross-site' }
}

const foreignOrigins = [
  'https://evil.com', 'null', '', 'http://auth.example.com', 'http://app.example.com', 'https://example.com', 'https://app.example.com.evil.com', 'https://evilapp.example.com', 'https://app.example.com:8443',
  'https://app.example.com/', 'https://app.example.com.', 'https://APP.example.com', 'https://app.example.com@evil.com', 'https://app.example.com https://evil.com', 'https://app.example.com, https://evil.com', 'capacitor://localhost:1', 'ionic://localhost', 'https://localhost', '*'
]

/**
 * A request without a socket gives the event loop no turn; without one now and then a node takes its stores for silent.
 */
async function knock (request: InjectOptions) {
  await turn()
  return await app.inject(request)
}

async function signedIn (fields: Record<string, unknown> = {}) {
  return await signedInAt(app, fields)
}

async function signedInAt (node: FastifyInstance, fields: Record<string, unknown> = {}) {
  const account = await signUp(node)
  const browser = openBrowser(node)
  const answer = await browser.send('POST', '/auth/login', { email: account.email, password, transport: 'cookie', ...fields })
  if (answer.statusCode !== 200) throw new Error(`login answered ${answer.statusCode}: ${answer.body}`)
  return { account, browser, answer, sessionId: answer.json().session.id as string }
}

async function login (browser: Browser, { email }: { email: string }, node = app) {
  return await browser.send('POST', '/auth/login', { email, password, transport: 'cookie' }, { node })
}

/** The answer to a refresh with exactly these cookies. */
const replay = (cookies: Map<string, string>) => post(app, '/auth/refresh', undefined, { ...sameOrigin, cookie: cookieHeader(cookies) })

/** Another tab of a browser: it sends the same cookies; the first tab does not see the cookies it gets. */
function openBrowserWith ({ cookies }: Browser) {
  const tab = openBrowser(app)
  for (const [name, value] of cookies) tab.cookies.set(name, value)
  return tab
}

async function registered () {
  const answer = await post(app, '/auth/register', { email: freshAddress(), password, full_name: 'Ada King' })
  const id: string = answer.json().registration_id
  return { id, code: await codeOf(app, id) }
}

async function deviceOf ({ user }: { user: { id: string } }) {
  const [row] = await app.database<{ deviceId: string }>`select device_id from sessions where user_id = ${user.id} order by created_at desc limit 1`
  return row?.deviceId
}

const withoutLifetime = ({ attributes }: { attributes: string[] }) => attributes.filter(attribute => !/^(Max-Age|Expires)=/.test(attribute)).sort()

const lifetimes = (answer: { headers: Record<string, unknown> }) =>
  Object.fromEntries(setCookies(answer).map(cookie => [cookie.name, maxAgeOf(cookie)]))

const fill = (url: string) => url.replace(/:\w+/g, 'b4a1b0f6-6e9f-4f65-8c7c-5b1d7a3f5a10')

/** A node of this deployment with other settings. */
async function startWith (t: Pick<Test, 'teardown'>, settings: Record<string, string>) {
  return await start(t, { ...deployment, ...settings }, { workers: false, hasher, clock })
}

/** A connection to a store that can be cut. */
async function wireTo (t: Pick<Test, 'teardown'>, target: string) {
  const url = new URL(target)
  const { hostname, port } = url
  const sockets = new Set<Socket>()
  const server = listenTo(client => {
    const upstream = connect(Number(port), hostname)
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => {}))
    client.pipe(upstream).pipe(client)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  url.hostname = '127.0.0.1'
  url.port = String((server.address() as AddressInfo).port)
  t.teardown(cut)
  return { url: url.href, cut }

  function cut () {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
}

/** A node that logs everything into `lines` and whose unsafe routes are listed in `routes`. */
async function startListed () {
  const config = loadConfig(deployment)
  const stream = new PassThrough().on('data', (chunk: Buffer) => lines.push(chunk.toString()))
  const options = { stream, compilersFactory }
  const node = createServer({ ...config, logger: { level: 'trace', pretty: false } }, options)
  t.teardown(() => node.close())
  node.addHook('onRoute', ({ method, url }: RouteOptions) => {
    // The methods are listed as light-my-request takes them.
    for (const verb of [method].flat()) if (/^(POST|PUT|PATCH|DELETE)$/.test(verb)) routes.push({ method: verb as 'POST', url })
  })
  await node.register(latchkey, { config, clock, workers: false, hasher })
  await node.ready()
  return node
}
