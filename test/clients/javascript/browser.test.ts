import { buildSync } from 'esbuild'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Page } from 'playwright-core'
import { ask, launchChromium, openTab, withoutChromium } from '../../browser/chromium.ts'
import { servePages } from '../../browser/pages.ts'
import { openRelay } from '../../browser/relay.ts'
import { watchTraffic } from '../../browser/traffic.ts'
import { deploy, password, signUp, start } from '../../support/helper.ts'
import { openOnce } from '../../support/once.ts'
import { mailJobs } from '../../support/trail/evidence.ts'
import { until } from '../../support/until.ts'

const options = { skip: withoutChromium }
const sharedBrowser = openOnce(() => launchChromium(t))
const sharedWorld = openOnce(openWorld)
const quarter = 15 * 60_000

t.test('a page signs in and holds no token', options, async t => {
  const { tab, context } = await signedIn(t)

  t.match(await ask(tab, 'latchkey.listSessions()'), { value: { sessions: [{ transport: 'cookie', current: true }] } })
  t.notMatch(await tab.evaluate('JSON.stringify({ ...localStorage, ...sessionStorage, session: latchkey.session })'), /eyJ|token/i)
  t.strictSame((await context.cookies()).map(({ name }) => name).sort(), ['__Host-access', '__Host-device', '__Host-refresh'])
  t.equal(await tab.evaluate('latchkey.accessToken()'), null)
})

t.test('what tabs tell each other holds no token, whatever the transport', options, async t => {
  const { tab, context, openAnother, email } = await signedIn(t)
  const second = await openAnother()
  await second.evaluate(`{
    window.heard = []
    new BroadcastChannel('latchkey ' + root).onmessage = ({ data }) => heard.push(data)
    const { BroadcastChannel: real } = window
    window.BroadcastChannel = class extends real {
      postMessage (message) { heard.push(message) }
    }
  }`)

  await context.clearCookies({ name: '__Host-access' })
  await tab.evaluate('latchkey.refresh()')
  await tab.evaluate('latchkey.updateMe({ full_name: "Ada Lovelace" })')
  await tab.evaluate('latchkey.signOut()')
  await signInOn(tab, email)
  await second.waitForFunction('heard.length >= 4 && heard.at(-1).kept.user')
  t.ok(await second.evaluate(`(async () => {
    const phone = client.createLatchkey({ baseUrl: root.replace('/api/v1', ''), transport: client.bearer({ storage: client.memory() }) })
    await phone.signIn(${JSON.stringify({ email, password })})
    await phone.refresh()
    return phone.isSignedIn()
  })()`))

  const heard = await second.evaluate('JSON.stringify(heard)') as string
  t.match(heard, email, 'they tell who is signed in')
  t.notMatch(heard, /eyJ|_token|Token/)
})

t.test('two tabs that find the access token gone refresh once', options, async t => {
  const { context, traffic, tab, openAnother } = await signedIn(t)
  const second = await openAnother()
  await context.clearCookies({ name: '__Host-access' })
  traffic.take()

  const answers = await Promise.all([tab, second].map(each => ask<unknown[]>(each, 'Promise.all(Array.from({ length: 10 }, () => latchkey.getMe()))')))

  t.strictSame(answers.map(({ value }) => value?.length), [10, 10], JSON.stringify(answers))
  t.strictSame(traffic.calls().filter(call => call.startsWith('POST')), ['POST /auth/refresh 200'])
})

t.test('a new page shows the remembered session at once, and asks the server', options, async t => {
  const { traffic, openAnother } = await signedIn(t)
  const second = await openAnother({ starts: false })

  t.match(await ask(second, 'latchkey.start()'), { value: { status: 'signed_in', isConfirmed: false } })
  await second.waitForFunction('latchkey.session.isConfirmed')
  t.strictSame(traffic.calls(), ['GET /auth/me 200'])
})

t.test('a page that remembers nothing asks the server, and a stranger is signed out without a reason', options, async t => {
  const { tab, openAnother } = await signedIn(t)
  await tab.evaluate('localStorage.clear()')
  t.match(await (await openAnother()).evaluate('latchkey.session'), { status: 'signed_in', isConfirmed: true })

  const stranger = await open(t)
  t.strictSame(await stranger.tab.evaluate('latchkey.session'), { status: 'signed_out' })
})

t.test('a sign-out in one tab reaches the other at once, with its reason, and nothing is asked', options, async t => {
  const { traffic, tab, openAnother } = await signedIn(t)
  const second = await openAnother()
  await second.waitForFunction('latchkey.session.isConfirmed')
  traffic.take()

  await tab.evaluate('latchkey.signOut()')
  await second.waitForFunction('latchkey.session.status === "signed_out"')

  t.match(await second.evaluate('endings'), [{ reason: 'signed_out', elsewhere: true }])
  t.match(await tab.evaluate('endings'), [{ reason: 'signed_out', elsewhere: false }])
  t.strictSame(traffic.calls(), ['POST /auth/logout 204'])
})

t.test('a session that another browser has ended is said to have in every tab, once', options, async t => {
  const { tab, openAnother, email } = await signedIn(t)
  const second = await openAnother()
  const other = await signedIn(t, email)
  await other.tab.evaluate('latchkey.signOut({ scope: "others" })')

  t.match(await ask(tab, 'latchkey.getMe()'), { error: { code: 'session_ended', reason: 'revoked_by_user' } })
  await second.waitForFunction('endings.length > 0')

  t.match(await second.evaluate('endings'), [{ reason: 'revoked_by_user', elsewhere: true }])
  t.match(await tab.evaluate('endings'), [{ reason: 'revoked_by_user', elsewhere: false }])
})

t.test('another user in another tab is told as the end of the session before', options, async t => {
  const { app, tab, openAnother } = await signedIn(t)
  const second = await openAnother()
  const { email } = await signUp(app)

  await signInOn(tab, email)
  await second.waitForFunction(`latchkey.session.user.email === ${JSON.stringify(email)}`)

  t.match(await second.evaluate('endings'), [{ reason: 'replaced', elsewhere: true }])
})

t.test('a tab that is closed in the middle of a refresh keeps the new cookie', options, async t => {
  const { app, relay, context, traffic, tab, openAnother, email } = await signedIn(t)
  const cookie = async () => (await context.cookies()).find(({ name }) => name === '__Host-refresh')?.value
  const before = await cookie()
  relay.holds = /^POST \/api\/v1\/auth\/refresh /
  t.teardown(relay.letGo)

  const answered = traffic.next('/auth/refresh')
  await tab.evaluate('void latchkey.refresh()')
  await answered
  await tab.close()
  relay.letGo()
  await until(async () => await cookie() !== before, 10_000)

  app.clock.advance(34_000)
  await context.clearCookies({ name: '__Host-access' })
  t.hasProp((await ask(await openAnother(), 'latchkey.getMe()')).value ?? {}, 'user')
  t.strictSame(await mailJobs(app, 'reuse_detected'), [], email)
})

t.test('a lock that nobody gives back stops no tab', options, async t => {
  const { context, traffic, tab, openAnother } = await signedIn(t)
  const second = await openAnother()
  await second.evaluate(`new Promise(locked => {
    navigator.locks.query().then(() => navigator.locks.request('cookie ' + root, () => { locked(); return new Promise(() => {}) }))
  })`)
  await context.clearCookies({ name: '__Host-access' })
  traffic.take()

  const since = performance.now()
  await tab.evaluate('void latchkey.getMe().then(answer => { window.answer = answer })')
  await tab.waitForFunction('window.answer', undefined, { timeout: 25_000 })
  t.hasProp(await tab.evaluate('answer') as object, 'user')

  t.ok(performance.now() - since > 9000, 'it waits')
  t.strictSame(traffic.calls().filter(call => call.startsWith('POST')), ['POST /auth/refresh 200'])
})

t.test('an answer that is lost on its way ends no session', options, async t => {
  const { relay, context, tab } = await signedIn(t)
  await context.clearCookies({ name: '__Host-access' })
  relay.cuts = /^POST \/api\/v1\/auth\/refresh /
  t.teardown(() => { relay.cuts = undefined })

  t.match(await ask(tab, 'latchkey.getMe()'), { error: { name: 'Unreachable' } })
  t.equal(await tab.evaluate('latchkey.isSignedIn()'), true)
  relay.cuts = undefined
  t.hasProp((await ask(tab, 'latchkey.getMe()')).value ?? {}, 'user')
})

t.test('offline, a page starts signed in; a sign-out holds, and is told before anything else', options, async t => {
  const { traffic, context, tab, openAnother, email } = await signedIn(t)
  const second = await openAnother({ starts: false })
  traffic.take()
  await context.setOffline(true)

  t.match(await ask(second, 'latchkey.start()'), { value: { status: 'signed_in', isConfirmed: false } })
  t.match(await ask(tab, 'latchkey.signOut()'), { value: false })
  await second.waitForFunction('latchkey.session.status === "signed_out"')
  t.strictSame(traffic.calls(), [])

  await tab.close()
  await second.close()
  await context.setOffline(false)
  const third = await openAnother()
  t.match(await third.evaluate('latchkey.session'), { status: 'signed_out' })
  await signInOn(third, email)

  t.strictSame(traffic.calls(), ['POST /auth/logout 204', 'POST /auth/login 200'])
})

t.test('coming back to a page asks nothing unless something is due', options, async t => {
  const { app, traffic, tab } = await signedIn(t)
  await tab.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
  await tab.evaluate('latchkey.wake()')
  t.strictSame(traffic.calls(), [])

  app.clock.advance(quarter)
  await tab.evaluate(`{ moved += ${quarter}; dispatchEvent(new Event('online')) }`)
  await tab.evaluate('latchkey.wake()')
  t.strictSame(traffic.calls().filter(call => call.startsWith('POST')), ['POST /auth/refresh 200'])
})

t.test('a client with bearer tokens sends no cookie and keeps none', options, async t => {
  const { context, traffic, tab, app } = await signedIn(t)
  const cookies = async () => (await context.cookies()).map(({ name, value }) => `${name}=${value}`).sort()
  const before = await cookies()
  const { email } = await signUp(app)

  const { value } = await ask<{ user: { email: string } }>(tab, `(async () => {
    const phone = client.createLatchkey({ baseUrl: root.replace('/api/v1', ''), transport: client.bearer({ storage: client.memory() }) })
    await phone.signIn(${JSON.stringify({ email, password })})
    await phone.refresh()
    return await phone.getMe()
  })()`)

  t.equal(value?.user.email, email)
  t.strictSame(traffic.take().filter(({ method }) => method !== 'OPTIONS').map(({ path, hasSession }) => [path, hasSession]), [
    ['/auth/login', false], ['/auth/refresh', false], ['/auth/me', false]
  ])
  t.strictSame(await cookies(), before)
  t.not((await tab.evaluate('latchkey.session.user.email')), email, 'the page’s own session is another one')
})

/** Pages that have the client, and a node behind a connection that can be cut. */
async function openWorld () {
  const relay = await openRelay(t)
  const root = `${relay.origin}/api/v1`
  const spa = await servePages(t, { '/': page(relay.origin, root) })
  const app = await start(t, await deploy(t, { ISSUER_URL: relay.origin, ALLOWED_ORIGINS: spa.origin }))
  const traffic = watchTraffic(app)
  await app.listen({ host: '127.0.0.1', port: 0 })
  relay.to = (app.server.address() as AddressInfo).port
  return { relay, spa, app, traffic }
}

async function open (test: Pick<typeof t, 'teardown'>) {
  const world = await sharedWorld()
  const context = await (await sharedBrowser()).newContext()
  test.teardown(() => context.close())
  const openAnother = async ({ starts = true } = {}) => {
    const tab = await openTab(context, `${world.spa.origin}/`)
    if (starts) await tab.evaluate('latchkey.start()')
    return tab
  }
  return { ...world, context, openAnother, tab: await openAnother() }
}

async function signedIn (test: Pick<typeof t, 'teardown'>, known?: string) {
  const world = await open(test)
  const email = known ?? (await signUp(world.app)).email
  await signInOn(world.tab, email)
  await world.tab.evaluate('endings.length = 0')
  world.traffic.take()
  return { ...world, email }
}

async function signInOn (tab: Page, email: string) {
  const { error } = await ask(tab, `latchkey.signIn(${JSON.stringify({ email, password })})`)
  if (error) throw new Error(`sign-in failed: ${JSON.stringify(error)}`)
}

function page (baseUrl: string, root: string) {
  const contents = "export * from './clients/javascript/src/index.ts'; export * from './clients/javascript/src/mobile.ts'"
  const { outputFiles: [bundle] } = buildSync({
    stdin: { contents, resolveDir: '.' }, bundle: true, format: 'iife', globalName: 'client', write: false
  })
  return `<!doctype html><title>App</title><link rel="icon" href="data:,"><script>${bundle?.text}
    const root = ${JSON.stringify(root)}
    let moved = 0
    const endings = []
    const latchkey = client.createLatchkey({
      baseUrl: ${JSON.stringify(baseUrl)},
      clock: { monotonic: () => performance.now() + moved, wall: () => Date.now() + moved }
    })
    latchkey.onSessionEnded(ending => endings.push(ending))
  </script>`
}
