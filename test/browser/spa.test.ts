import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { BrowserContext, Page } from 'playwright-core'
import { deploy, password, signUp, start } from '../support/helper.ts'
import { openOnce } from '../support/once.ts'
import { mailJobs, trail } from '../support/trail/evidence.ts'
import { until } from '../support/until.ts'
import { ask, launchChromium, openTab, withoutChromium } from './chromium.ts'
import { servePages } from './pages.ts'
import { openRelay } from './relay.ts'
import { spaPages } from './snippet.ts'
import { watchTraffic } from './traffic.ts'

const options = { skip: withoutChromium }
const sharedBrowser = openOnce(() => launchChromium(t))
const sharedWorld = openOnce(() => openWorld())

t.test('the snippet of README.md works as it is pasted', options, async t => {
  const { context, app, traffic } = await openBrowser(t)
  const { email, user } = await signUp(app)
  const { spa } = await openApp(email)
  const problems: Error[] = []
  context.on('weberror', problem => problems.push(problem.error()))

  const tab = await openTab(context, `${spa.origin}/pasted`)
  await tab.waitForFunction('globalThis.signedInAs')

  t.match(await tab.evaluate('signedInAs'), { id: user.id, email })
  t.strictSame(problems, [])
  t.strictSame(traffic.calls(), ['POST /auth/login 200', 'GET /auth/me 200', 'POST /auth/logout 204'])
  t.strictSame(await cookieNames(context), ['__Host-device'], 'the device keeps its name')
})

t.test('a signed-in page holds no token that a script could read', options, async t => {
  const { context, tab, api, answer, spa } = await signedIn(t)

  t.strictSame(Object.keys(answer).sort(), ['expires_in', 'refresh_expires_in', 'session', 'user'])
  t.equal(await tab.evaluate('document.cookie'), '')
  t.notMatch(await tab.evaluate('JSON.stringify({ ...localStorage, ...sessionStorage })'), /eyJ|token/)

  const own = await openTab(context, `${api.origin}/docs`)
  t.equal(await own.evaluate('document.cookie'), '', 'nor on the origin that has set them')

  const cookies = await context.cookies(api.origin)
  t.strictSame(cookies.map(({ name }) => name).sort(), ['__Host-access', '__Host-device', '__Host-refresh'])
  for (const cookie of cookies) t.match(cookie, { domain: 'localhost', path: '/', httpOnly: true, secure: true, sameSite: 'Strict' }, cookie.name)
  t.match(await ask(tab, "call('/auth/sessions')"), { value: { sessions: [{ current: true, transport: 'cookie' }] } })
  t.equal(new URL(tab.url()).origin, spa.origin)
})

t.test('two tabs that refresh at once keep their session', options, async t => {
  const { context, tab, traffic, openAnother } = await signedIn(t)
  const second = await openAnother()
  traffic.take()

  await context.clearCookies({ name: '__Host-access' })
  for (const answer of await Promise.all([tab, second].map(tab => ask(tab, "call('/auth/me')")))) t.hasProp(answer.value ?? {}, 'user')

  const plain = '(async () => (await fetch(api, { method: "POST", credentials: "include" })).status)()'.replace('api', JSON.stringify(await refreshUrl()))
  const statuses = await Promise.all([tab, second, tab, second, tab, second].map(tab => ask(tab, plain)))
  t.strictSame(statuses.map(({ value }) => value), Array(6).fill(200), 'also where nobody waits for the lock')
  t.notMatch(traffic.calls().filter(call => call.includes('refresh')), /[^2]\d\d$/)

  await context.clearCookies({ name: '__Host-access' })
  for (const each of [tab, second]) t.hasProp((await ask(each, "call('/auth/me')")).value ?? {}, 'user', 'what the jar holds in the end is the newest')
})

t.test('many requests that find the access token expired refresh once', options, async t => {
  const { context, tab, traffic } = await signedIn(t)
  await context.clearCookies({ name: '__Host-access' })
  traffic.take()

  const { value } = await ask<unknown[]>(tab, "Promise.all(Array.from({ length: 25 }, () => call('/auth/me')))")

  t.equal(value?.length, 25)
  t.strictSame(traffic.calls().filter(call => call.startsWith('POST')), ['POST /auth/refresh 200'], 'a session may rotate 20 times in a quarter of an hour')
})

t.test('an answer without a body is no error', options, async t => {
  const { tab } = await signedIn(t)

  t.strictSame(await ask(tab, `call('/auth/verify-email/resend', { method: 'POST', body: { registration_id: '${randomUUID()}' } })`), { value: null })
})

t.test('a token that has expired is replaced, and the request is repeated', options, async t => {
  const { tab, app, traffic } = await signedIn(t)
  traffic.take()

  app.clock.advance(16 * 60_000)

  t.match(await ask(tab, "call('/auth/me', { method: 'PATCH', body: { full_name: 'Ada Lovelace' } })"), { value: { user: { full_name: 'Ada Lovelace' } } })
  t.strictSame(traffic.calls(), ['PATCH /auth/me 401', 'POST /auth/refresh 200', 'PATCH /auth/me 200'])
})

t.test('a wrong password is sent once, signed in or not', options, async t => {
  const { tab, traffic, email } = await signedIn(t)
  traffic.take()

  t.match(await ask(tab, signInBy(email, 'another long walk in the rain')), { error: { code: 'invalid_credentials', status: 401 } })

  t.strictSame(traffic.calls(), ['POST /auth/login 401'])
  t.hasProp((await ask(tab, "call('/auth/me')")).value ?? {}, 'user', 'and the session is what it was')
})

t.test('an answer that is lost on its way ends nobody’s session', options, async t => {
  const { context, tab, api, traffic, openAnother, answer } = await signedIn(t)
  const before = await refreshCookie(context)
  traffic.take()

  api.cuts = /^POST \/api\/v1\/auth\/refresh /
  t.teardown(() => { api.cuts = undefined })
  const lost = await ask(tab, 'refresh()')

  t.equal(lost.error?.['name'], 'TypeError')
  t.ok(api.lost > 0)
  t.ok(traffic.calls().includes('POST /auth/refresh 200'), 'the server has rotated')
  t.equal(await refreshCookie(context), before, 'and the browser does not know')

  api.cuts = undefined
  t.strictSame(await ask(tab, 'refresh()'), { value: true })
  t.not(await refreshCookie(context), before)

  await context.clearCookies({ name: '__Host-access' })
  const { value } = await ask<{ sessions: { id: string }[] }>(await openAnother(), "call('/auth/sessions')")
  t.strictSame(value?.sessions.map(({ id }) => id), [answer.session.id], 'it is the same session')
})

t.test('a tab that is closed in the middle of a refresh is still signed in after the grace', options, async t => {
  const { context, tab, api, app, traffic, openAnother, answer, email } = await signedIn(t)
  const before = await refreshCookie(context)
  api.holds = /^POST \/api\/v1\/auth\/refresh /
  t.teardown(api.letGo)
  traffic.take()

  const answered = traffic.next('/auth/refresh')
  await tab.evaluate(`void fetch(${JSON.stringify(await refreshUrl())}, { method: 'POST', credentials: 'include' })`)
  await answered
  await until(() => api.waiting() === 1)
  await tab.close()
  await until(() => api.waiting() === 0)
  t.strictSame(traffic.calls(), ['POST /auth/refresh 200'], 'the server has rotated')
  t.equal(await refreshCookie(context), before, 'and the browser does not know')

  api.letGo()
  app.clock.advance(34_000)
  await context.clearCookies({ name: '__Host-access' })
  const { value } = await ask<{ sessions: { id: string }[] }>(await openAnother(), "call('/auth/sessions')")
  t.strictSame(value?.sessions.map(({ id }) => id), [answer.session.id], 'it is the same session')
  t.match((await trail(app)).filter(({ reason }) => reason === 'resumed'), [{ sessionId: answer.session.id }])
  t.strictSame((await mailJobs(app, 'reuse_detected')), [], email)
})

t.test('a tab that is closed while the snippet refreshes leaves the new cookies behind', options, async t => {
  const { context, tab, api, traffic } = await signedIn(t)
  const before = await refreshCookie(context)
  api.holds = /^POST \/api\/v1\/auth\/refresh /
  t.teardown(api.letGo)

  const answered = traffic.next('/auth/refresh')
  await tab.evaluate('void refresh()')
  await answered
  await tab.close()
  api.letGo()

  await until(async () => await refreshCookie(context) !== before)
})

t.test('a lock that a tab does not give back keeps no other tab from its session', options, async t => {
  const { context, tab, openAnother } = await signedIn(t)
  const stuck = await openAnother()
  await stuck.evaluate("new Promise(locked => { navigator.locks.request('latchkey', () => { locked(); return new Promise(() => {}) }) })")
  await context.clearCookies({ name: '__Host-access' })

  t.hasProp((await ask(tab, "call('/auth/me')")).value ?? {}, 'user')
})

t.test('a refresh that is answered 429 or 503 signs nobody out', options, async t => {
  const { context, tab, spa } = await signedIn(t)
  await context.clearCookies({ name: '__Host-access' })

  for (const status of [429, 503]) {
    await tab.route('**/auth/refresh', async route => await route.fulfill({
      status,
      headers: { 'access-control-allow-origin': spa.origin, 'access-control-allow-credentials': 'true', 'retry-after': '1' }
    }))
    t.match(await ask(tab, "call('/auth/me')"), { error: { name: 'Error', code: undefined } }, `${status} is an error, not a sign-out`)
    await tab.unroute('**/auth/refresh')
  }

  t.hasProp((await ask(tab, "call('/auth/me')")).value ?? {}, 'user')
})

t.test('a page of another origin cannot sign in, refresh or sign out for the user', options, async t => {
  const { context, tab, app, traffic, stranger, api } = await signedIn(t)
  const attacker = await signUp(app)
  const before = await context.cookies(api.origin)
  const sessionsBefore = await countSessions(app)

  for (const origin of [stranger.origin, stranger.otherSite]) {
    const evil = await openTab(context, origin)
    for (const path of ['/auth/login', '/auth/refresh', '/auth/logout']) {
      const url = `${api.origin}/api/v1${path}`
      const body = path === '/auth/login' ? JSON.stringify({ email: attacker.email, password, transport: 'cookie', device_name: '=' }) : ''
      traffic.take()

      t.match(await ask(evil, `fetch(${JSON.stringify(url)}, { method: 'POST', credentials: 'include', headers: { 'content-type': 'application/json' }, body: '{}' })`), { error: { name: 'TypeError' } })
      t.strictSame(traffic.calls(), [], 'a request with JSON is not even sent')

      await ask(evil, `fetch(${JSON.stringify(url)}, { method: 'POST', credentials: 'include', body: ${JSON.stringify(body)} })`)
      await ask(evil, `fetch(${JSON.stringify(url)}, { method: 'POST', credentials: 'include', mode: 'no-cors', body: ${JSON.stringify(body)} })`)
      await ask(evil, `fetch(${JSON.stringify(url)}, { method: 'POST', credentials: 'include', mode: 'no-cors' })`)
      await Promise.all([traffic.next(path), submitForm(evil, url, body, '')])
      await Promise.all([traffic.next(path), submitForm(evil, url, body, 'allow-scripts allow-forms')])
      const refused = traffic.take()

      t.equal(refused.length, 5, `${path} from ${origin}`)
      t.ok(refused.every(({ method, status }) => method === 'POST' && status === 403), JSON.stringify(refused))
      t.ok(refused.some(({ origin }) => origin === 'null'), 'one of them from a sandbox without an origin')
      t.equal(refused.some(({ hasSession }) => hasSession), origin === stranger.origin, 'SameSite keeps other sites out, and only those')
    }
    await evil.close()
  }

  t.strictSame(await context.cookies(api.origin), before, 'no cookie has changed')
  t.equal(await countSessions(app), sessionsBefore, 'nobody was signed in')
  t.hasProp((await ask(tab, "call('/auth/me')")).value ?? {}, 'user', 'the session is alive')
  t.strictSame(await ask(tab, 'refresh()'), { value: true })
})

t.test('a page that navigates to a call of the API changes nothing either', options, async t => {
  const { context, tab, stranger, api, traffic } = await signedIn(t)
  const url = `${api.origin}/api/v1/auth/logout`
  const evil = await openTab(context, stranger.origin)
  traffic.take()

  await evil.evaluate(`{
    const form = Object.assign(document.createElement('form'), { method: 'post', action: '${url}' })
    document.body.append(form)
    form.submit()
  }`)
  await evil.waitForURL(url)
  await openTab(context, url)

  t.strictSame(traffic.calls(), ['POST /auth/logout 403', 'GET /auth/logout 405'])
  t.hasProp((await ask(tab, "call('/auth/me')")).value ?? {}, 'user')
})

t.test('pages of the API’s own origin may make changes', options, async t => {
  const { context, app, api, traffic } = await openBrowser(t)
  const { email } = await signUp(app)
  const own = await openTab(context, `${api.origin}/docs`)
  traffic.take()

  const send = (path: string, body?: object) => ask(own, `fetch('/api/v1${path}', ${JSON.stringify({
    method: 'POST', ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  })}).then(({ status }) => status)`)

  t.strictSame(await send('/auth/login', { email, password, transport: 'cookie' }), { value: 200 })
  t.strictSame(await send('/auth/refresh'), { value: 200 })
  t.strictSame(await send('/auth/logout'), { value: 204 })
  t.ok(traffic.take().every(({ site }) => site === 'same-origin'))
})

t.test('a user who signs out in one tab is signed out in the other at its next request', options, async t => {
  const { context, tab, openAnother } = await signedIn(t)
  const second = await openAnother()
  t.hasProp((await ask(second, "call('/auth/me')")).value ?? {}, 'user')

  t.strictSame(await ask(tab, "call('/auth/logout', { method: 'POST' })"), { value: null })

  t.match(await ask(second, "call('/auth/me')"), { error: { status: 401, code: 'unauthenticated' } })
  t.strictSame(await ask(second, 'refresh()'), { value: false })
  t.strictSame(await cookieNames(context), ['__Host-device'])
})

t.test('a user who signs out everywhere is signed out in another browser, which gets the reason', options, async t => {
  const here = await signedIn(t)
  const there = await signedIn(t, here.email)

  await ask(there.tab, "call('/auth/logout', { method: 'POST', body: { scope: 'everywhere' } })")

  t.match(await ask(here.tab, "call('/auth/me')"), { error: { status: 401, code: 'session_ended', reason: 'revoked_by_user' } })
  t.strictSame(await ask(here.tab, 'refresh()'), { value: false })
})

t.test('an app on another site works with SameSite=None and partitioned cookies', options, async t => {
  const world = await openWorld(t, { COOKIE_SAMESITE: 'none', COOKIE_PARTITIONED: 'true' }, 'otherSite')
  const { context, tab, api } = await signedIn(t, undefined, world)

  t.equal(new URL(tab.url()).hostname, '127.0.0.1')
  t.hasProp((await ask(tab, "call('/auth/me')")).value ?? {}, 'user')
  t.equal(await tab.evaluate('document.cookie'), '')
  t.strictSame(await ask(tab, 'refresh()'), { value: true })
  for (const cookie of await context.cookies(api.origin)) t.match(cookie, { secure: true, sameSite: 'None', partitionKey: String }, cookie.name)

  const elsewhere = await openTab(context, world.stranger.origin)
  world.traffic.take()
  t.match(await ask(elsewhere, `fetch('${api.origin}/api/v1/auth/me', { credentials: 'include', mode: 'no-cors' })`), { error: {} })
  t.match(world.traffic.take(), [{ path: '/auth/me', status: 401, hasSession: false }], 'another site’s pages are another partition')

  t.strictSame(await ask(tab, "call('/auth/logout', { method: 'POST' })"), { value: null })
  t.match(await ask(tab, "call('/auth/me')"), { error: { status: 401 } })
})

t.test('a browser that does not treat localhost as secure gets cookies with plain names', options, async t => {
  const { context, tab } = await signedIn(t, undefined, await openWorld(t, { COOKIE_SECURE: 'false' }))

  t.hasProp((await ask(tab, "call('/auth/me')")).value ?? {}, 'user')
  t.equal(await tab.evaluate('document.cookie'), '')
  for (const cookie of await context.cookies()) t.match(cookie, { name: /^(access|refresh|device)$/, secure: false, httpOnly: true, sameSite: 'Strict' }, cookie.name)

  await context.clearCookies({ name: 'access' })
  t.hasProp((await ask(tab, "call('/auth/me')")).value ?? {}, 'user')
  await ask(tab, "call('/auth/logout', { method: 'POST' })")
  t.strictSame(await cookieNames(context), ['device'])
})

/** An app's pages, a stranger's pages, and a node behind a connection that can be cut. */
async function openWorld (test: Pick<typeof t, 'teardown'> = t, settings: Record<string, string> = {}, place: 'origin' | 'otherSite' = 'origin') {
  const api = await openRelay(test)
  const spa = await servePages(test, spaPages(api.origin, { email: '', password }))
  const stranger = await servePages(test, { '/': '<!doctype html><title>Stranger</title><link rel="icon" href="data:,"><body>' })
  const origin = spa[place]
  const app = await start(test, await deploy(test, { ISSUER_URL: api.origin, ALLOWED_ORIGINS: origin, DOCS_ENABLED: 'true', ...settings }))
  const traffic = watchTraffic(app)
  await app.listen({ host: '127.0.0.1', port: 0 })
  api.to = (app.server.address() as AddressInfo).port

  return { api, app, spa, stranger, traffic, origin }
}

async function openBrowser (test: Pick<typeof t, 'teardown'>, world?: Awaited<ReturnType<typeof openWorld>>) {
  const given = world ?? await sharedWorld()
  const browser = await sharedBrowser()
  const context = await browser.newContext()
  test.teardown(() => context.close())
  return { ...given, context }
}

/** The app, with an account written into the page that runs the snippet. */
async function openApp (email: string) {
  const { api, spa } = await sharedWorld()
  Object.assign(spa.pages, spaPages(api.origin, { email, password }))
  return { spa }
}

async function signedIn (test: Pick<typeof t, 'teardown'>, known?: string, given?: Awaited<ReturnType<typeof openWorld>>) {
  const world = await openBrowser(test, given)
  const email = known ?? (await signUp(world.app)).email
  const openAnother = () => openTab(world.context, `${world.origin}/`)
  const tab = await openAnother()
  const { value, error } = await ask<{ session: { id: string } }>(tab, signInBy(email, password))
  if (!value) throw new Error(`login failed: ${JSON.stringify(error)}`)
  return { ...world, email, tab, openAnother, answer: value }
}

function signInBy (email: string, password: string) {
  return `call('/auth/login', { method: 'POST', body: ${JSON.stringify({ email, password, transport: 'cookie' })} })`
}

async function refreshUrl () {
  return `${(await sharedWorld()).api.origin}/api/v1/auth/refresh`
}

async function cookieNames (context: BrowserContext) {
  return (await context.cookies()).map(({ name }) => name).sort()
}

async function refreshCookie (context: BrowserContext) {
  return (await context.cookies()).find(({ name }) => name === '__Host-refresh')?.value
}

async function countSessions (app: Awaited<ReturnType<typeof start>>) {
  const [row] = await app.database<{ number: number }>`select count(*)::int as number from sessions`
  return row?.number
}

/** Posts text from a form in a frame; the part before the first = of a text is the field's name, the rest its value. */
async function submitForm (tab: Page, url: string, text: string, sandbox: string) {
  const [name = '', value = ''] = text.split(/=(.*)/s)
  const form = `<form method="post" enctype="text/plain" action="${url}"><input name='${name}' value='${value}'></form><script>document.forms[0].submit()</script>`

  await tab.evaluate(`{
    const frame = document.createElement('iframe')
    frame.srcdoc = ${JSON.stringify(form).replaceAll('/', '\\/')}
    ${sandbox === '' ? '' : `frame.sandbox = '${sandbox}'`}
    document.body.append(frame)
  }`)
}
