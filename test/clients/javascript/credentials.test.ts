import t from 'tap'
import { createLatchkey } from '../../../clients/javascript/src/index.ts'
import type { Session } from '../../../clients/javascript/src/index.ts'
import { memory } from '../../../clients/javascript/src/mobile.ts'
import { openBrowser } from '../../support/cookie-jar.ts'
import { password, signUp } from '../../support/helper.ts'
import { openOnce } from '../../support/once.ts'
import { makePhone, openWorld, passForAll, signedInPhone } from './world.ts'

const quarter = 15 * 60_000
const shared = openOnce(() => openWorld(t))

t.test('while a refresh is under way, no request goes out without credentials', async t => {
  const world = await shared()
  const sent: [path: string, authorization: string | null][] = []
  const held = gate()
  const phone = await signedInPhone(t, world, await signUp(world.app), {
    fetch: async (url, init) => {
      const path = String(url).slice(world.baseUrl.length)
      sent.push([path, new Headers(init?.headers).get('authorization')])
      if (path.endsWith('/auth/refresh')) await held.opened
      return await fetch(url, init)
    }
  })
  const old = await phone.client.accessToken()
  sent.length = 0
  passForAll(world.app, phone, quarter)

  const first = phone.client.getMe()
  while (sent.length === 0) await new Promise(resolve => setImmediate(resolve))
  const others = [phone.client.getMe(), phone.client.fetch(`${world.baseUrl}/api/v1/auth/sessions`), phone.client.accessToken()] as const
  t.strictSame(sent.map(([path]) => path), ['/api/v1/auth/refresh'], 'they wait')
  held.open()

  const [, me, , token] = await Promise.all([first, ...others])
  t.hasProp(me, 'user')
  t.not(token, old)
  t.strictSame(sent.slice(1).map(([path]) => path).sort(), ['/api/v1/auth/me', '/api/v1/auth/me', '/api/v1/auth/sessions'])
  t.ok(sent.slice(1).every(([, authorization]) => authorization === `Bearer ${token}`))
})

t.test('a sign-out while new tokens are being stored brings nobody back', async t => {
  const world = await shared()
  const [storing, held] = [gate(), gate()]
  const kept = memory()
  let isSlow = false
  const storage = {
    ...kept,
    set: async (key: string, value: string) => {
      if (isSlow) {
        storing.open()
        await held.opened
      }
      await kept.set(key, value)
    }
  }
  const { client } = await signedInPhone(t, world, await signUp(world.app), { storage })
  isSlow = true

  const refreshing = client.refresh()
  await storing.opened
  const signingOut = client.signOut()
  await new Promise(resolve => setImmediate(resolve))
  held.open()
  await Promise.all([refreshing, signingOut])

  t.strictSame(client.session, { status: 'signed_out', reason: 'signed_out' })
  t.notMatch(await kept.get('latchkey.session'), /refreshToken|"user"/)
  t.equal(await client.accessToken(), null)
})

t.test('until the storage has answered nothing is known, and no listener hears of a user who is signed out', async t => {
  const world = await shared()
  const { storage } = await signedInPhone(t, world, await signUp(world.app))
  const held = gate()
  const slow = { ...memory(), get: async (key: string) => { await held.opened; return await storage.get(key) } }
  const phone = makePhone(t, world, { storage: slow })
  phone.network.isOn = false

  const starting = phone.client.start()
  t.strictSame(phone.client.session, { status: 'unknown' })
  t.equal(phone.client.isSignedIn(), false)
  t.strictSame(world.traffic.calls(), [])
  held.open()

  t.match(await starting, { status: 'signed_in', isConfirmed: false }, 'without a network')
  t.strictSame(phone.sessions.map(({ status }: Session) => status), ['signed_in'])
  t.strictSame(phone.errors, [])
})

t.test('a browser that drops the access cookie is not asked to refresh again and again', async t => {
  const { app, baseUrl } = await shared()
  const { email } = await signUp(app)
  const calls: string[] = []
  const browser = openBrowser(app, { origin: baseUrl })
  const client = createLatchkey({
    baseUrl,
    fetch: async (url, { method = 'GET', body } = {}) => {
      const path = String(url).slice(`${baseUrl}/api/v1`.length)
      const answer = await browser.send(method as 'GET', path, body == null ? undefined : JSON.parse(String(body)))
      for (const name of [...browser.cookies.keys()].filter(name => name.endsWith('access'))) browser.cookies.delete(name)
      calls.push(`${method} ${path} ${answer.statusCode}`)
      return new Response(answer.statusCode === 204 ? null : answer.body, { status: answer.statusCode })
    }
  })
  t.teardown(client.dispose)
  await client.signIn({ email, password })

  for (let request = 0; request < 3; request++) await t.rejects(client.getMe(), { code: 'unauthenticated', operation: 'getMe' })

  t.strictSame(calls, [
    'POST /auth/login 200',
    'GET /auth/me 401', 'POST /auth/refresh 200', 'GET /auth/me 401',
    'GET /auth/me 401',
    'GET /auth/me 401'
  ])
  t.ok(client.isSignedIn(), 'it is no end of the session')
})

t.test('with cookies, a service on another host that refuses a user who is signed in is reported once, with the way out', async t => {
  const world = await shared()
  const { email } = await signUp(world.app)
  const browser = openBrowser(world.app, { origin: world.baseUrl })
  const errors: unknown[] = []
  const client = createLatchkey({
    baseUrl: world.baseUrl,
    origins: ['https://api.example.com', 'http://localhost:1'],
    onError: error => errors.push(error),
    fetch: async (url, { method = 'GET', body } = {}) => {
      if (!String(url).startsWith(world.baseUrl)) return Response.json({ message: 'who are you?' }, { status: 401 })
      const path = String(url).slice(`${world.baseUrl}/api/v1`.length)
      const answer = await browser.send(method as 'GET', path, body == null ? undefined : JSON.parse(String(body)))
      return new Response(answer.statusCode === 204 ? null : answer.body, { status: answer.statusCode })
    }
  })
  t.teardown(client.dispose)
  const ask = async (origin: string) => (await client.fetch(`${origin}/orders`)).status

  t.equal(await ask('https://api.example.com'), 401)
  t.strictSame(errors, [], 'nobody is signed in')
  await client.signIn({ email, password })
  t.equal(await ask('http://localhost:1'), 401)
  t.strictSame(errors, [], 'cookies go to every port of their host')
  t.equal(await ask('https://api.example.com'), 401, 'the answer is the caller’s in any case')
  t.equal(await ask('https://api.example.com'), 401)
  t.match(errors, [{ message: /^api\.example\.com got no cookie: .*COOKIE_DOMAIN.*bearer/ }])
  t.equal(errors.length, 1)
})

t.test('with bearer tokens such a refusal is the service’s own affair', async t => {
  const world = await shared()
  const phone = await signedInPhone(t, world, await signUp(world.app), {
    origins: ['https://api.example.com'],
    fetch: async (url, init) => String(url).startsWith('https:') ? Response.json({}, { status: 401 }) : await fetch(url, init)
  })

  t.equal((await phone.client.fetch('https://api.example.com/orders')).status, 401)
  t.strictSame(phone.errors, [])
})

/** Something to wait for until it is opened. */
function gate () {
  let open = () => {}
  const opened = new Promise<void>(resolve => { open = resolve })
  return { opened, open: () => open() }
}
