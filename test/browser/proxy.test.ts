import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { freePort } from '../../dev/services/ports.ts'
import { unavailable } from '../../lib/errors.ts'
import { createAuthority } from '../stores/certificates.ts'
import { deploy, password, signUp, start } from '../support/helper.ts'
import { openOnce } from '../support/once.ts'
import { until } from '../support/until.ts'
import { ask, launchChromium, openTab, withoutChromium } from './chromium.ts'
import { exchange } from './exchange.ts'
import { startNginx, withoutNginx } from './nginx.ts'
import { servePages } from './pages.ts'
import { openRelay } from './relay.ts'
import { spaPages } from './snippet.ts'
import { watchTraffic } from './traffic.ts'

interface Sessions { sessions: { id: string, ip: string, current: boolean }[] }

/** The address of the browser's connections, as nginx sees it. */
const home = '127.0.0.7'
/** Headers by which a client may claim an address, host or scheme. */
const forged = {
  'x-forwarded-for': '203.0.113.9',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'evil.example',
  'x-real-ip': '203.0.113.9',
  forwarded: 'for=203.0.113.9;proto=https'
}
const options = { skip: withoutNginx }
const sharedWorld = openOnce(openWorld)

t.test('an app behind TLS signs in, refreshes in two tabs, loses an answer and signs out', { skip: withoutNginx || withoutChromium }, async t => {
  const { app, origin, entrance, accessLog, spa, stranger, traffic } = await sharedWorld()
  const browser = await launchChromium(t, ['--host-resolver-rules=MAP *.example.com 127.0.0.1'])
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  const { email, user } = await signUp(app)
  const page = `https://app.example.com:${spa.port}/`
  const [tab, second] = [await openTab(context, page), await openTab(context, page)]

  const { value: granted, error } = await ask(tab, `call('/auth/login', { method: 'POST', body: ${JSON.stringify({ email, password, transport: 'cookie' })} })`)
  t.equal(error, undefined)
  t.strictSame(Object.keys(granted ?? {}).sort(), ['expires_in', 'refresh_expires_in', 'session', 'user'])
  t.equal(await tab.evaluate('document.cookie'), '')

  const cookies = await context.cookies()
  t.strictSame(cookies.map(({ name }) => name).sort(), ['__Host-access', '__Host-device', '__Host-refresh'])
  for (const cookie of cookies) t.match(cookie, { domain: 'auth.example.com', path: '/', httpOnly: true, secure: true, sameSite: 'Strict' }, cookie.name)

  const { value: list } = await ask<Sessions>(second, "call('/auth/sessions')")
  t.match(list?.sessions, [{ current: true, ip: home }], 'the session is known by the address that nginx has seen')

  await context.clearCookies({ name: '__Host-access' })
  for (const { value } of await Promise.all([tab, second].map(tab => ask(tab, "call('/auth/me')")))) t.match(value, { user: { id: user.id } })
  t.strictSame(await ask(second, 'refresh()'), { value: true })

  const before = await context.cookies()
  traffic.take()
  entrance.cuts = /^/
  t.match((await Promise.all([ask(tab, 'refresh()'), traffic.next('/auth/refresh')]))[0], { error: { name: 'TypeError' } })
  entrance.cuts = undefined
  t.match(traffic.calls(), ['POST /auth/refresh 200'], 'the server has rotated')
  t.strictSame(await context.cookies(), before, 'and the browser does not know')
  t.strictSame(await ask(tab, 'refresh()'), { value: true })

  const evil = await openTab(context, `https://evil.example.com:${stranger.port}/`)
  traffic.take()
  for (const path of ['/auth/login', '/auth/refresh', '/auth/logout']) {
    const body = path === '/auth/login' ? JSON.stringify({ email, password, transport: 'cookie' }) : ''
    await ask(evil, `fetch('${origin}/api/v1${path}', { method: 'POST', credentials: 'include', mode: 'no-cors', body: ${JSON.stringify(body)} })`)
  }
  for (const seen of traffic.take()) t.match(seen, { status: 403, site: 'same-site', hasSession: true }, `${seen.path} from another host of the same site`)
  t.match(await ask(tab, "call('/auth/me')"), { value: { user: { id: user.id } } })

  await evil.evaluate("for (const name of ['access', 'refresh', 'device']) document.cookie = '__Host-' + name + '=evil; Domain=example.com; Path=/; Secure'")
  t.match(await ask(tab, "call('/auth/me')"), { value: { user: { id: user.id } } }, 'no other host can set a cookie of these names')

  const reports = await openTab(context, `${origin}/reports/`)
  t.match(JSON.parse(await reports.innerText('body')), { 'x-auth-user': user.id, 'x-auth-role': 'user', cookie: undefined }, 'forward authentication takes the cookie')

  t.strictSame(await ask(tab, "call('/auth/logout', { method: 'POST' })"), { value: null })
  t.match(await ask(second, "call('/auth/me')"), { error: { status: 401 } })
  t.equal((await reports.reload())?.status(), 401)
  t.strictSame((await context.cookies()).map(({ name }) => name), ['__Host-device'])
  t.match(accessLog(), /^HTTP\/2\.0 POST \/api\/v1\/auth\/refresh 200$/m, 'all of it over HTTP/2')
})

t.test('another origin is refused through the proxy as well', options, async t => {
  const { send, allowed } = await sharedWorld()
  const { cookie } = await signedIn()

  for (const path of ['/auth/login', '/auth/refresh', '/auth/logout']) {
    for (const origin of ['https://evil.example', 'null', 'http://app.example.com', 'https://auth.example.com']) {
      t.match(await send({ path, method: 'POST', headers: { origin, cookie, ...forged } }), { status: 403, body: { code: 'csrf' } }, `${path} from ${origin}`)
    }
    t.match(await send({ path, method: 'POST', headers: { cookie, host: 'evil.example' } }), { status: 403, body: { code: 'csrf' } }, 'nor without a word of where from')
  }
  t.match(await send({ path: '/auth/me', headers: { cookie } }), { status: 200 })
  t.match(await send({ path: '/auth/refresh', method: 'POST', headers: { cookie, origin: allowed } }), { status: 200 })
})

t.test('cookies are set for this host only', options, async t => {
  const { answer } = await signedIn()
  const lines = answer.headers['set-cookie'] ?? []

  t.equal(lines.length, 3)
  for (const line of lines) {
    t.match(line, /^__Host-(access|refresh|device)=[^;]+; /)
    t.strictSame(line.split('; ').slice(1).filter(part => !part.startsWith('Max-Age=')).sort(), ['HttpOnly', 'Path=/', 'SameSite=Strict', 'Secure'])
  }
})

t.test('the proxy’s headers about the client count, the client’s own do not', options, async t => {
  const { send, app, direct } = await sharedWorld()

  t.equal(await addressOf(await signedIn({ localAddress: '127.0.0.8' })), '127.0.0.8')
  t.equal(await addressOf(await signedIn({ localAddress: '127.0.0.8', headers: forged })), '127.0.0.8')
  t.equal(await addressOf(await signedIn({ port: direct, ca: '', localAddress: '127.0.0.9', headers: forged })), '127.0.0.9', 'nor past the proxy')

  const tries = await Promise.all(Array.from({ length: 12 }, (_, n) => send({
    path: '/auth/login',
    localAddress: '127.0.0.10',
    headers: { ...forged, 'x-forwarded-for': `203.0.113.${n}`, 'x-real-ip': `203.0.113.${n}` },
    body: { email: `nobody-${randomUUID()}@example.com`, password }
  })))
  t.strictSame(tries.map(({ status }) => status).sort(), [...Array(10).fill(401), 429, 429], 'it is counted as one client')
  t.match(await send({ path: '/auth/login', localAddress: '127.0.0.11', body: { email: `nobody-${randomUUID()}@example.com`, password } }), { status: 401 }, 'and its neighbour as another')

  async function addressOf ({ id }: { id: string }) {
    const [session] = await app.database<{ ip: string }>`select host(ip) as ip from sessions where id = ${id}`
    return session?.ip
  }
})

t.test('plain http is refused, not redirected, whatever the client says', options, async t => {
  const { send, http } = await sharedWorld()
  const plain = { port: http, ca: '' }
  const login = { path: '/auth/login', body: { email: 'ada@example.com', password } }

  for (const headers of [{}, forged]) {
    const answer = await send({ ...plain, ...login, headers })
    t.match(answer, { status: 403, headers: { location: undefined, 'set-cookie': undefined }, body: { code: 'https_required' } })
    t.match(await send({ ...plain, path: '/auth/me', headers }), { status: 403, body: { code: 'https_required' } })
  }
  t.match(await send({ ...plain, path: '/health/live', prefix: '' }), { status: 200 }, 'probes are served')
  t.match(await send(login), { status: 401, headers: { 'strict-transport-security': String } })
})

t.test('forward authentication lets signed-in users through and passes on who they are', options, async t => {
  const { send } = await sharedWorld()
  const { cookie, user, id } = await signedIn()
  const reports = { path: '/reports/', prefix: '', localAddress: '127.0.0.12' }
  const pretended = { ...forged, 'x-auth-user': randomUUID(), 'x-auth-role': 'super_admin', 'x-auth-session': randomUUID() }

  t.match(await send({ ...reports, headers: pretended }), { status: 401 })
  const { status, body } = await send({ ...reports, headers: { ...pretended, cookie } })
  t.equal(status, 200)
  t.match(body, { 'x-auth-user': user.id, 'x-auth-role': 'user', 'x-auth-session': id })
  t.match(body, { 'x-forwarded-for': '127.0.0.12', 'x-real-ip': '127.0.0.12', 'x-forwarded-host': 'auth.example.com', forwarded: undefined }, 'and where they are, by what nginx has seen')
  t.notMatch(JSON.stringify(body), /cookie|authorization/, 'the service gets no token')
  t.match(await send({ ...reports, body: { a: 'report' }, headers: { cookie } }), { status: 200 }, 'a body is not waited for')
  t.match(await send({ path: '/_check', prefix: '', headers: { cookie } }), { status: 404 }, 'nobody asks for the check itself')
})

t.test('while no node answers, nginx says so as Latchkey would, and only then', options, async t => {
  const { direct } = await sharedWorld()
  const [first, second] = [await freePort(), await freePort()]
  const { http } = await startNginx(t, { latchkey: [first, second], reports: await freePort(), certified: createAuthority('Latchkey test').issue('auth.example.com') })
  const ask = async (path: string, body?: object) => await exchange({ port: http, path, ...(body && { body }) })
  const away = {
    status: 503,
    headers: { 'retry-after': '1', 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    body: { type: 'urn:latchkey:problem:unavailable', title: 'Unavailable', status: 503, detail: unavailable().message, code: 'unavailable', request_id: /^[0-9a-f]{32}$/ }
  }

  for (let attempt = 0; attempt < 3; attempt++) t.match(await ask('/api/v1/auth/check'), away)
  t.match(await ask('/api/v1/auth/login', { email: 'ada@example.com', password }), away)
  t.match(await ask('/reports/'), away, 'also where the check of forward authentication is missing')

  await listen(t, second, client => { client.pipe(connect(direct, '127.0.0.1').on('error', () => client.destroy())).pipe(client) })
  const waited = await until(async () => (await ask('/health/live')).status === 200, 5000)
  t.ok(waited < 2500, `a node that is back gets requests again within a second or two (${waited} ms)`)
})

t.test('a node that hangs does not take the requests of the other', options, async t => {
  const { direct } = await sharedWorld()
  const hanging = await freePort()
  let given = 0
  await listen(t, hanging, () => { given++ })
  const { http } = await startNginx(t, { latchkey: [hanging, direct], reports: await freePort(), certified: createAuthority('Latchkey test').issue('auth.example.com') })
  const ask = async () => await exchange({ port: http, path: '/health/live', signal: AbortSignal.timeout(4000) }).catch(() => null)

  const first = Promise.all(Array.from({ length: 6 }, ask))
  await until(() => given > 0)
  const passed = performance.now()
  for (let number = 0; number < 20; number++) t.match(await ask(), { status: 200 })
  t.ok(performance.now() - passed < 5000)
  t.comment(`${(await first).filter(answer => answer === null).length} of 6 were given to the node that hangs`)
})

t.test('a body beyond the limit is refused with a problem document', options, async t => {
  const { send } = await sharedWorld()

  t.match(await send({ path: '/auth/login', body: { email: 'x'.repeat(40_000), password } }), { status: 413, body: { code: 'body_too_large' } })
})

/**
 * A production node behind nginx, an app on another host of the same site, and a service that asks for the signed-in
 * user.
 */
async function openWorld () {
  const authority = createAuthority('Latchkey test')
  const entrance = await openRelay(t, { from: home })
  const origin = `https://auth.example.com:${entrance.port}`
  const spa = await servePages(t, spaPages(origin, { email: '', password }), authority.issue('app.example.com'))
  const stranger = await servePages(t, { '/': '<!doctype html><title>Stranger</title><link rel="icon" href="data:,">' }, authority.issue('evil.example.com'))
  const reports = await servePages(t, { '/reports/': ({ headers }) => JSON.stringify(headers) })
  const allowed = `https://app.example.com:${spa.port}`
  const app = await start(t, await deploy(t, {
    NODE_ENV: 'production',
    LOG_LEVEL: 'silent',
    RATE_LIMITS_ENABLED: 'true',
    RATE_LIMIT_REGISTER: '100/1h',
    ISSUER_URL: origin,
    ALLOWED_ORIGINS: allowed,
    TRUST_PROXY: '127.0.0.1'
  }), { workers: false })
  const traffic = watchTraffic(app)
  await app.listen({ host: '127.0.0.1', port: 0 })

  const direct = (app.server.address() as AddressInfo).port
  const { http, https, accessLog } = await startNginx(t, { latchkey: direct, reports: reports.port, certified: authority.issue('auth.example.com') })
  entrance.to = https
  return { app, origin, entrance, allowed, spa, stranger, traffic, direct, http, accessLog, send }

  /** A request to nginx over TLS, unless another port is given; with an empty authority it is plain. */
  async function send ({ path, prefix = '/api/v1', ca = authority.cert, ...request }: Parameters<typeof exchange>[0] & { path: string, prefix?: string }) {
    return await exchange({ port: https, ...request, path: prefix + path, ...(ca && { ca }) })
  }
}

/** A server of raw connections. */
async function listen (t: Pick<Test, 'teardown'>, port: number, connected: (client: Socket) => void) {
  const clients = new Set<Socket>()
  const server = createServer(client => {
    clients.add(client.on('error', () => {}))
    connected(client)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const client of clients) client.destroy()
    server.close()
  })
}

/** A session with cookies, opened by a request with these properties. */
async function signedIn (request: Omit<Parameters<typeof exchange>[0], 'path'> = {}) {
  const { app, send, allowed } = await sharedWorld()
  const { email, user } = await signUp(app)
  const answer = await send({ localAddress: '127.0.0.6', ...request, path: '/auth/login', headers: { origin: allowed, ...request.headers as object }, body: { email, password, transport: 'cookie' } })
  if (answer.status !== 200) throw new Error(`login answered ${answer.status}: ${JSON.stringify(answer.body)}`)

  const cookie = (answer.headers['set-cookie'] ?? []).map(line => line.split(';')[0]).join('; ')
  const { session } = answer.body as { session: { id: string } }
  return { answer, cookie, user, id: session.id }
}
