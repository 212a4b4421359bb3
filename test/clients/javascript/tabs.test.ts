import t from 'tap'
import type { Test } from 'tap'
import type { Channel } from '../../../clients/javascript/src/host.ts'
import { createLatchkey } from '../../../clients/javascript/src/index.ts'
import type { Ending, Session } from '../../../clients/javascript/src/index.ts'
import { openBrowser } from '../../support/cookie-jar.ts'
import { build, password, signUp } from '../../support/helper.ts'
import { openOnce } from '../../support/once.ts'

const baseUrl = 'https://auth.example.com'
const shared = openOnce(() => build(t, { ISSUER_URL: baseUrl }))

t.test('a tab that was frozen does not bring back a user whom another tab has signed out', async t => {
  const { openTab, stored } = await openPages(t)
  const [tab, frozen] = [await openTab(), await openTab()]
  const held = frozen.hold('PATCH /auth/me')
  const late = frozen.client.updateMe({ full_name: 'Ada Lovelace' })
  await held.reached
  frozen.isFrozen = true

  await tab.client.signOut()
  held.letGo()
  await late
  t.strictSame(tab.client.session, { status: 'signed_out', reason: 'signed_out' })
  t.notMatch(stored(), /"user"/)

  frozen.thaw()
  t.strictSame(frozen.client.session, { status: 'signed_out', reason: 'signed_out' })
  t.equal(frozen.endings.length, 1)
})

t.test('nor does it put its user in the place of the one who has signed in meanwhile', async t => {
  const { app, openTab, stored } = await openPages(t)
  const [tab, frozen] = [await openTab(), await openTab()]
  const held = frozen.hold('PATCH /auth/me')
  const late = frozen.client.updateMe({ full_name: 'Ada Lovelace' })
  await held.reached
  frozen.isFrozen = true

  const grace = await signUp(app)
  await tab.client.signOut()
  await tab.client.signIn({ email: grace.email, password })
  held.letGo()
  await late

  t.match(tab.client.session, { status: 'signed_in', user: { email: grace.email } })
  t.match(stored(), grace.email)
  frozen.thaw()
  t.match(frozen.client.session, { status: 'signed_in', user: { email: grace.email } })
  t.match(frozen.endings, [{ reason: 'replaced', elsewhere: true }])
})

t.test('a tab that has not heard yet reads that another one has refreshed, and does not do it again', async t => {
  const { openTab, calls } = await openPages(t)
  const [tab, frozen] = [await openTab(), await openTab()]
  frozen.isFrozen = true
  calls.length = 0

  await Promise.all([tab, frozen].map(({ client }) => client.refresh()))

  t.strictSame(calls, ['POST /auth/refresh 200'])
})

t.test('a sign-out that the server does not know yet outlives the refresh of a frozen tab', async t => {
  const { openTab, stored, calls } = await openPages(t)
  const [tab, frozen] = [await openTab(), await openTab()]
  const held = frozen.hold('POST /auth/refresh')
  const late = frozen.client.refresh()
  await held.reached
  frozen.isFrozen = true
  tab.isOnline = false

  const signingOut = tab.client.signOut()
  await new Promise(resolve => setImmediate(resolve))
  t.notOk(tab.client.isSignedIn())
  held.letGo()
  await late
  t.equal(await signingOut, false)
  t.match(stored(), /"signOuts":/)
  t.notMatch(stored(), /"user"/)

  calls.length = 0
  tab.isOnline = true
  await t.rejects(tab.client.getMe(), { code: 'unauthenticated' })
  t.strictSame(calls, ['POST /auth/logout 204', 'GET /auth/me 401'])
})

t.test('a sign-out of which no tab has told the server is told by one of them', async t => {
  const { openTab, calls } = await openPages(t)
  const tabs = [await openTab(), await openTab(), await openTab()]
  for (const tab of tabs) tab.isOnline = false
  t.equal(await tabs[0]?.client.signOut(), false)
  for (const tab of tabs) tab.isOnline = true
  calls.length = 0

  await Promise.all(tabs.map(({ client }) => client.wake()))

  t.strictSame(calls, ['POST /auth/logout 204'], 'a second one, on its way for long, would end the next session')
})

t.test('a page that remembers nothing stays signed out, although its first refresh is answered later', async t => {
  const { openTab, values, calls, stored } = await openPages(t)
  await openTab()
  values.clear()
  const tab = await openTab({ starts: false })
  const held = tab.hold('POST /auth/refresh')
  const starting = tab.client.start()
  await held.reached

  const signingOut = tab.client.signOut()
  held.letGo()
  await Promise.all([starting, signingOut])

  t.strictSame(tab.client.session, { status: 'signed_out' })
  t.notMatch(stored(), /"user"|"signOuts"/)
  t.equal(calls.at(-1), 'POST /auth/logout 204')
})

for (const [what, answer] of [
  ['an answer that is lost', () => { throw new TypeError('fetch failed') }],
  ['a busy node', () => busy(503, 'overloaded')],
  ['a limit', () => busy(429, 'rate_limited')]
] as const) {
  t.test(`a first start that meets ${what} shows nobody signed out, and coming back to the page asks again`, async t => {
    const { openTab, values, calls } = await openPages(t)
    values.clear()
    const tab = await openTab({ starts: false })
    const shown: Session[] = []
    tab.client.subscribe(session => shown.push(session))
    tab.answer = answer

    t.strictSame(await tab.client.start(), { status: 'unknown' })
    tab.host.dispatchEvent(new Event('visibilitychange'))
    await tab.client.wake()
    t.strictSame([shown, tab.client.session], [[], { status: 'unknown' }])

    tab.answer = undefined
    tab.pass(8000)
    calls.length = 0
    tab.host.dispatchEvent(new Event('online'))
    await tab.client.wake()
    t.match(tab.client.session, { status: 'signed_in', isConfirmed: true })
    tab.host.dispatchEvent(new Event('online'))
    await tab.client.wake()
    t.strictSame(calls, ['POST /auth/refresh 200'])
  })
}

t.test('nothing is asked before the time that a busy server has named, and its 401 is the last answer', async t => {
  const { openTab, browser, values, calls } = await openPages(t)
  values.clear()
  browser.cookies.clear()
  const tab = await openTab({ starts: false })
  let asked = 0
  tab.answer = () => { asked++; return busy(503, 'overloaded') }
  await tab.client.start()
  for (let wake = 0; wake < 3; wake++) await tab.client.wake()
  t.equal(asked, 1)

  tab.pass(8000)
  tab.answer = undefined
  calls.length = 0
  for (let wake = 0; wake < 3; wake++) await tab.client.wake()
  t.strictSame([tab.client.session, calls], [{ status: 'signed_out' }, ['POST /auth/refresh 401']])
  t.strictSame(tab.endings, [])
})

t.test('a page that remembers a sign-out asks as well, because another site may have signed in since', async t => {
  const { openTab, browser, email } = await openPages(t)
  await (await openTab()).client.signOut()
  await browser.send('POST', '/auth/login', { email, password, transport: 'cookie' })

  const tab = await openTab({ starts: false })
  tab.answer = () => busy(503, 'overloaded')
  t.strictSame(await tab.client.start(), { status: 'unknown' })
  tab.answer = undefined
  tab.pass(8000)
  await tab.client.wake()
  t.match(tab.client.session, { status: 'signed_in', user: { email } })
})

t.test('a tab that could not ask hears it from another one, and shows who signs in', async t => {
  const { openTab, values, calls } = await openPages(t)
  values.clear()
  const [deaf, frozen] = [await openTab({ starts: false }), await openTab({ starts: false })]
  for (const tab of [deaf, frozen]) {
    tab.answer = () => busy(503, 'overloaded')
    t.strictSame(await tab.client.start(), { status: 'unknown' })
    tab.answer = undefined
    tab.pass(8000)
  }
  frozen.isFrozen = true

  const other = await openTab()
  t.match(deaf.client.session, { status: 'signed_in' })
  await other.client.signOut()
  calls.length = 0
  await frozen.client.wake()
  t.strictSame([frozen.client.session, calls], [{ status: 'signed_out' }, []], 'or reads it')
})

t.test('a start during which the page is shown asks the server once', async t => {
  const { openTab, calls } = await openPages(t)
  await openTab()
  const tab = await openTab({ starts: false })
  calls.length = 0

  const starting = tab.client.start()
  tab.host.dispatchEvent(new Event('pageshow'))
  tab.host.dispatchEvent(new Event('visibilitychange'))
  await starting
  await tab.client.wake()

  t.strictSame(calls, ['GET /auth/me 200'])
  t.match(tab.client.session, { status: 'signed_in', isConfirmed: true })
})

t.test('a client that is disposed hears nothing, and a refresh that is answered later does no harm', async t => {
  const { openTab } = await openPages(t)
  const [tab, gone] = [await openTab(), await openTab()]
  const held = gone.hold('POST /auth/refresh')
  const late = gone.client.refresh()
  await held.reached

  gone.client.dispose()
  held.letGo()
  await late
  await tab.client.signOut()

  t.match(gone.client.session, { status: 'signed_in' })
  t.strictSame(gone.endings, [])
})

/** A browser in which a user is signed in, and whose tabs can be frozen: then their messages wait. */
async function openPages (test: Pick<Test, 'teardown'>) {
  const app = await shared()
  const { email } = await signUp(app)
  const browser = openBrowser(app, { origin: baseUrl })
  const values = new Map<string, string>()
  const locked = new Map<string, Promise<unknown>>()
  const calls: string[] = []
  const wires = new Set<{ channels: Set<Channel>, hear: (data: unknown) => void }>()
  const first = makeTab()
  await first.client.signIn({ email, password })
  first.client.dispose()

  return { app, email, browser, values, calls, openTab, stored: () => [...values.values()].join() }

  async function openTab ({ starts = true } = {}) {
    const tab = makeTab()
    if (!starts) return tab
    await tab.client.start()
    await tab.client.wake()
    return tab
  }

  function makeTab () {
    const waiting: (() => void)[] = []
    const holds = new Map<string, () => Promise<void>>()
    const endings: Ending[] = []
    const channels = new Set<Channel>()
    const host = Object.assign(new EventTarget(), {
      document: { visibilityState: 'visible' },
      localStorage: {
        getItem: (key: string) => values.get(key) ?? null,
        setItem: (key: string, value: string) => { values.set(key, value) },
        removeItem: (key: string) => { values.delete(key) }
      },
      navigator: { locks: { request: lock } },
      BroadcastChannel: class {
        onmessage: unknown
        constructor () { channels.add(this) }
        close () { channels.delete(this) }
        postMessage (message: unknown) {
          if (!channels.has(this)) throw new DOMException('closed', 'InvalidStateError')
          for (const wire of wires) if (wire.channels !== channels) wire.hear(structuredClone(message))
        }
      }
    })
    let passed = 0
    const clock = { monotonic: () => performance.now() + passed, wall: () => Date.now() + passed }
    const client = createLatchkey({ baseUrl, host, clock, fetch: send })
    client.onSessionEnded(ending => endings.push(ending))
    test.teardown(client.dispose)
    const tab = {
      client,
      host,
      endings,
      isFrozen: false,
      isOnline: true,
      /** What answers in place of the server. */
      answer: undefined as (() => Response) | undefined,
      hold,
      thaw,
      pass: (ms: number) => { passed += ms }
    }
    wires.add({ channels, hear })
    return tab

    async function send (url: string | URL | Request, { method = 'GET', body }: RequestInit = {}) {
      const path = String(url).slice(`${baseUrl}/api/v1`.length)
      await Promise.resolve()
      if (!tab.isOnline) throw new TypeError('fetch failed')
      if (tab.answer) return tab.answer()
      const answer = await browser.send(method as 'GET', path, body == null ? undefined : JSON.parse(String(body)))
      calls.push(`${method} ${path} ${answer.statusCode}`)
      await holds.get(`${method} ${path}`)?.()
      return new Response(answer.statusCode === 204 ? null : answer.body, { status: answer.statusCode })
    }

    /** Holds back the answer of a request until it is let go. */
    function hold (request: string) {
      let [reach, letGo] = [() => {}, () => {}]
      const reached = new Promise<void>(resolve => { reach = resolve })
      const gone = new Promise<void>(resolve => { letGo = resolve })
      holds.set(request, async () => {
        reach()
        await gone
      })
      return { reached, letGo: () => letGo() }
    }

    function hear (data: unknown) {
      waiting.push(() => {
        for (const { onmessage } of channels) if (typeof onmessage === 'function') onmessage({ data })
      })
      if (!tab.isFrozen) thaw()
    }

    function thaw () {
      tab.isFrozen = false
      for (const tell of waiting.splice(0)) tell()
    }
  }

  /** The locks of the browser: one holder a name, the others in order. */
  async function lock (name: string, _: object, work: () => Promise<unknown>) {
    const before = locked.get(name)
    const mine = Promise.resolve(before).then(work)
    locked.set(name, mine.catch(() => {}))
    return await mine
  }
}

/** The refusal of a server that names the time after which it may be asked again. */
function busy (status: number, code: string) {
  return Response.json({ code, status, request_id: 'x' }, { status, headers: { 'retry-after': '7' } })
}
