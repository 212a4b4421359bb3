import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import t from 'tap'
import type { Test } from 'tap'
import { isRefusal } from '../../../clients/javascript/src/index.ts'
import type { Proof, Refusal } from '../../../clients/javascript/src/index.ts'
import { memory, perInstallation } from '../../../clients/javascript/src/mobile.ts'
import { codeAt, fromBase32, guarded } from '../../support/accounts/factors.ts'
import { as, freshAddress, password, signUp } from '../../support/helper.ts'
import { openOnce } from '../../support/once.ts'
import { mailJobs } from '../../support/trail/evidence.ts'
import { ends, sessionsMax } from '../ends.ts'
import { makePhone, openWorld, passForAll, signedInPhone } from './world.ts'
import type { World } from './world.ts'

const quarter = 15 * 60_000
const shared = openOnce(() => openWorld(t, { SESSIONS_MAX: String(sessionsMax) }))

t.test('signs in, knows it, and keeps no access token', async t => {
  const world = await shared()
  const { email, user } = await signUp(world.app)
  const { client, storage, sessions } = makePhone(t, world)
  t.strictSame(client.session, { status: 'unknown' })

  const session = await client.signIn({ email, password })

  t.match(session, { status: 'signed_in', user: { id: user.id, email }, isConfirmed: true, sessionId: /-/ })
  t.equal(client.session, session)
  t.ok(client.isSignedIn())
  t.equal(sessions.at(-1), session)
  t.notMatch(JSON.stringify(session), /eyJ|token/)
  t.notMatch(await storage.get('latchkey.session'), /eyJ/)
  t.match(await client.listSessions(), { sessions: [{ id: session.sessionId, device_name: 'Ada’s phone', current: true }] })
})

t.test('a sign-in with two steps goes on with the second factor', async t => {
  const world = await shared()
  const { email } = await signUp(world.app)
  const { client } = await signedInPhone(t, world, { email })
  const { id, secret } = await client.addTotp()
  const code = codeAt(world.app, { secret: fromBase32(secret) })
  const { status, recovery_codes: codes = [] } = await client.confirmTotp({ id, code })
  t.match([status, codes], ['signed_in', { length: 10 }])
  t.match(await client.getMe(), { user: { email } })

  const other = makePhone(t, world).client
  const due: unknown = await other.signIn({ email, password }).catch((error: unknown) => error)
  if (!isRefusal(due, 'login') || due.mfaToken === undefined) throw new Error('a second factor is due')
  t.match(due, { code: 'mfa_required', methods: ['totp', 'recovery_code'] })
  t.notOk(other.isSignedIn())
  await t.rejects(other.loginSecondFactor({ mfa_token: due.mfaToken, code: '000000' }), { code: 'invalid_credentials' })
  t.match(await other.loginSecondFactor({ mfa_token: due.mfaToken, recovery_code: codes[0] ?? '' }), { status: 'signed_in', user: { email } })
  t.match(await other.getMe(), { user: { email } })
})

t.test('what is stored is small enough for every keychain, with the longest name', async t => {
  const world = await shared()
  const { email } = await signUp(world.app, { full_name: '🦉'.repeat(100) })
  const { storage } = await signedInPhone(t, world, { email })

  t.ok(Buffer.byteLength(await storage.get('latchkey.session') ?? '') < 1800)
})

t.test('asked whether somebody is signed in, it sends nothing', async t => {
  const world = await shared()
  const { client, network } = await signedInPhone(t, world, await signUp(world.app))
  network.isOn = false

  t.equal(client.isSignedIn(), true, 'offline too')
  t.strictSame(world.traffic.calls(), [])
})

t.test('an access token that is due is replaced before the request, once for all requests', async t => {
  const world = await shared()
  const phone = await signedInPhone(t, world, await signUp(world.app))
  passForAll(world.app, phone, quarter)

  await Promise.all(Array.from({ length: 10 }, () => phone.client.getMe()))

  t.equal(world.traffic.calls().filter(call => call === 'POST /auth/refresh 200').length, 1)
})

t.test('an access token that expired in the device’s sleep is not handed out', async t => {
  const world = await shared()
  const phone = await signedInPhone(t, world, await signUp(world.app))
  const before = await phone.client.accessToken()
  world.app.clock.advance(9 * 60 * 60_000)
  phone.pass(9 * 60 * 60_000, { asleep: true })

  const token = await phone.client.accessToken()

  t.not(token, before)
  t.equal((await as(world.app, token ?? '', 'GET', '/auth/check')).statusCode, 204)
})

t.test('an access token that has expired is not handed out while the server is busy', async t => {
  const world = await shared()
  let isBusy = false
  const phone = await signedInPhone(t, world, await signUp(world.app), {
    fetch: async (url, init) => isBusy ? problem(503, 'overloaded', { 'retry-after': '7' }) : await fetch(url, init)
  })
  phone.pass(quarter)
  isBusy = true

  await t.rejects(phone.client.accessToken(), { name: 'Refusal', operation: 'refresh', code: 'overloaded', retryAfter: 7 })
  await t.rejects(phone.client.accessToken(), { code: 'overloaded' }, 'nor while the refresh rests')
  t.ok(phone.client.isSignedIn())

  isBusy = false
  passForAll(world.app, phone, 8000)
  t.match(await phone.client.accessToken(), /^eyJ/)
  await signOutElsewhere(world, phone)
  passForAll(world.app, phone, quarter)
  t.equal(await phone.client.accessToken(), null, 'and none of a session that is over')
})

for (const [when, ms] of [['two days ahead', 2], ['two days behind', -2]] as const) {
  t.test(`a device whose clock is ${when} refreshes no more often`, async t => {
    const world = await shared()
    const { email } = await signUp(world.app)
    const phone = makePhone(t, world)
    phone.time.wall += ms * 24 * 60 * 60_000
    await phone.client.signIn({ email, password })
    world.traffic.take()

    await phone.client.getMe()
    phone.pass(60_000)
    await phone.client.getMe()

    t.strictSame(world.traffic.calls(), ['GET /auth/me 200', 'GET /auth/me 200'])
  })
}

t.test('a request that is refused with an old token is repeated with a new one', async t => {
  const world = await shared()
  const { client } = await signedInPhone(t, world, await signUp(world.app))
  world.app.clock.advance(quarter)

  t.match(await client.updateMe({ full_name: 'Ada Lovelace' }), { user: { full_name: 'Ada Lovelace' } })
  t.strictSame(world.traffic.calls(), ['PATCH /auth/me 401', 'POST /auth/refresh 200', 'PATCH /auth/me 200'])
  t.match(client.session, { user: { full_name: 'Ada Lovelace' } })
})

t.test('the next start is signed in at once, offline too, and confirmed later', async t => {
  const world = await shared()
  const { storage } = await signedInPhone(t, world, await signUp(world.app))
  const phone = makePhone(t, world, { storage })
  phone.network.isOn = false

  t.match(await phone.client.start(), { status: 'signed_in', isConfirmed: false })
  await t.rejects(phone.client.getMe(), { name: 'Unreachable' })
  t.ok(phone.client.isSignedIn())

  phone.network.isOn = true
  await phone.client.wake()
  t.match(phone.client.session, { status: 'signed_in', isConfirmed: true })
  t.strictSame(phone.endings, [])
})

t.test('a lost answer costs no session, and the same token is sent again at once', async t => {
  const world = await openWorld(t)
  const { email } = await signUp(world.app)
  const phone = await signedInPhone(t, world, { email })
  passForAll(world.app, phone, quarter)
  world.relay.cuts = /^POST \/api\/v1\/auth\/refresh /

  await t.rejects(phone.client.getMe(), { name: 'Unreachable' })
  t.ok(phone.client.isSignedIn())
  const tries = world.traffic.calls()
  t.ok(tries.length >= 3, 'it was tried again')
  t.ok(tries.every(call => call === 'POST /auth/refresh 200'), 'and nothing was sent without credentials')

  world.relay.cuts = undefined
  passForAll(world.app, phone, 24 * 60 * 60_000)
  t.hasProp(await phone.client.getMe(), 'user', 'a day later')
  t.strictSame(await mailJobs(world.app, 'reuse_detected'), [], email)
})

t.test('no answer but the refusal of a refresh ends a session', async t => {
  const world = await shared()
  const { email } = await signUp(world.app)
  const html = { 'content-type': 'text/html' }
  const answers: Record<string, () => Response | Promise<Response>> = {
    'a captive portal': () => new Response('<h1>Welcome</h1>', { status: 200, headers: html }),
    'a gateway': () => new Response('<h1>Bad gateway</h1>', { status: 502, headers: html }),
    'a foreign 401': () => new Response('<h1>Sign in to the proxy</h1>', { status: 401, headers: html }),
    'a busy node': () => problem(503, 'overloaded'),
    'a limit': () => problem(429, 'rate_limited'),
    'an aborted request': () => { throw new DOMException('aborted', 'AbortError') }
  }

  for (const [name, answer] of Object.entries(answers)) {
    let isIll = false
    const phone = await signedInPhone(t, world, { email }, {
      fetch: async (url, init) => isIll ? await answer() : await fetch(url, init)
    })
    phone.pass(quarter)
    isIll = true

    await t.rejects(phone.client.getMe(), name)
    t.ok(phone.client.isSignedIn(), name)
    isIll = false
    passForAll(world.app, phone, 2000)
    t.hasProp(await phone.client.getMe(), 'user', name)
    t.strictSame(phone.endings, [], name)
  }
})

t.test('after 429 and 503 no refresh is sent before the time that was named', async t => {
  const world = await shared()
  let sent = 0
  const phone = await signedInPhone(t, world, await signUp(world.app), {
    fetch: async (url, init) => {
      if (!String(url).endsWith('/auth/refresh')) return await fetch(url, init)
      sent++
      return problem(503, 'overloaded', { 'retry-after': '7' })
    }
  })
  phone.pass(quarter)

  for (let call = 0; call < 3; call++) {
    await t.rejects(phone.client.getMe(), { name: 'Refusal', operation: 'getMe', code: 'overloaded', retryAfter: 7 })
  }
  t.equal(sent, 1)
  phone.pass(8000)
  await t.rejects(phone.client.getMe(), { code: 'overloaded' })
  t.equal(sent, 2)
})

for (const [reason, end] of Object.entries(ends)) {
  t.test(`a session that has ended is said to have, once, with its reason: ${reason}`, async t => {
    const world = await shared()
    const { email, user } = await signUp(world.app)
    const { client, endings, storage } = await signedInPhone(t, world, { email })
    const { refreshToken: spentToken } = JSON.parse(await storage.get('latchkey.session') ?? '')
    await client.refresh()
    const { sessionId } = await client.refresh() as { sessionId: string }
    await end(world.app, { email, userId: user.id, sessionId, accessToken: await client.accessToken() ?? '', spentToken })

    await Promise.all([1, 2, 3].map(() => t.rejects(client.getMe(), { status: 401, code: 'session_ended', reason, operation: 'getMe' })))
    t.strictSame(endings, [{ sessionId, reason, elsewhere: false }])
    t.strictSame(client.session, { status: 'signed_out', reason })
    t.notMatch(await storage.get('latchkey.session'), /refreshToken|"user"/)
    t.match(await storage.get('latchkey.session'), /deviceToken/, 'the device keeps its name')
  })
}

t.test('a listener that calls the client, and throws, stops nothing', async t => {
  const world = await shared()
  const { client, errors } = await signedInPhone(t, world, await signUp(world.app))
  let refreshes = 0
  client.subscribe(async () => {
    if (refreshes++ < 2) await client.refresh()
    throw new Error('in a listener')
  })

  await client.updateMe({ full_name: 'Ada Lovelace' })
  await client.refresh()

  t.hasProp(await client.getMe(), 'user')
  t.match(errors, [{ message: 'in a listener' }])
})

t.test('the session stays the same object while nothing in it changes', async t => {
  const world = await shared()
  const { client, sessions } = await signedInPhone(t, world, await signUp(world.app))
  const { session } = client
  sessions.length = 0

  await client.getMe()
  await client.refresh()
  await client.wake()

  t.equal(client.session, session)
  t.strictSame(sessions, [])
  t.strictSame(world.traffic.calls(), ['GET /auth/me 200', 'POST /auth/refresh 200'], 'waking up asks nothing unless something is due')
})

t.test('a storage that cannot be read leaves all as it is', async t => {
  const world = await shared()
  const { storage } = await signedInPhone(t, world, await signUp(world.app))
  const before = await storage.get('latchkey.session')
  let isLocked = true
  const changes: string[] = []
  const locked = {
    get: async (key: string) => { if (isLocked) throw new Error('locked'); return await storage.get(key) },
    set: async (key: string, value: string) => { changes.push('set'); await storage.set(key, value) },
    remove: async () => { changes.push('remove') }
  }
  const phone = makePhone(t, world, { storage: locked })

  t.strictSame(await phone.client.start(), { status: 'unknown' })
  await t.rejects(phone.client.getMe(), { message: 'locked' })
  t.strictSame(changes, [])
  t.strictSame(world.traffic.calls(), [], 'and nothing is sent without credentials')
  t.match(phone.errors, [{ message: 'locked' }])

  isLocked = false
  t.hasProp(await phone.client.getMe(), 'user')
  t.not(await storage.get('latchkey.session'), before, 'it goes on with the stored token')
})

t.test('a storage that cannot be written costs no session', async t => {
  const world = await shared()
  const { email } = await signUp(world.app)
  const broken = { ...memory(), set: async () => { throw new Error('full') } }
  const phone = await signedInPhone(t, world, { email }, { storage: broken })

  t.hasProp(await phone.client.refresh(), 'user')
  t.hasProp(await phone.client.getMe(), 'user')
  t.match(phone.errors, [{ message: 'full' }, { message: 'full' }], 'it is said at each try')
})

t.test('tokens that the storage has refused are stored before they are used, and the next start goes on with them', async t => {
  const world = await shared()
  const { email, user } = await signUp(world.app)
  const { phone, storage, take } = await phoneThatWrites(t, world, email)

  storage.refuses = 1
  await phone.client.refresh()
  await phone.client.getMe()
  await phone.client.getMe()
  t.strictSame(take(), ['/auth/refresh', 'refused', 'written', '/auth/me', '/auth/me'])

  storage.refuses = 1
  await phone.client.refresh()
  await phone.client.accessToken()
  t.strictSame(take(), ['/auth/refresh', 'refused', 'written'], 'nor is a token handed out before')
  t.match(phone.errors, [{ message: 'full' }, { message: 'full' }])

  await phone.client.getMe()
  passForAll(world.app, phone, quarter)
  const next = makePhone(t, world, { storage })
  await next.client.start()
  t.match(await next.client.refresh(), { status: 'signed_in' })
  t.strictSame((await mailJobs(world.app, 'reuse_detected')).filter(({ userId }) => userId === user.id), [])
})

t.test('while the storage goes on to refuse, each request tries once and is sent, and the app is told once a change', async t => {
  const world = await shared()
  const { email } = await signUp(world.app)
  const { phone, storage, take } = await phoneThatWrites(t, world, email)
  storage.refuses = Infinity

  phone.pass(quarter)
  await phone.client.getMe()
  await phone.client.getMe()
  t.strictSame(take(), ['/auth/refresh', 'refused', 'refused', '/auth/me', 'refused', '/auth/me'])
  t.equal(phone.errors.length, 1)
  t.strictSame([phone.client.isSignedIn(), phone.endings], [true, []])

  await phone.client.signOut()
  storage.refuses = 0
  await t.rejects(phone.client.getMe(), { name: 'Refusal', status: 401 })
  t.notMatch(await storage.get('latchkey.session'), /refreshToken|"user"/, 'a sign-out is stored as well')
})

t.test('what cannot be read or belongs to another deployment is signed out without an error', async t => {
  const world = await shared()
  const { email } = await signUp(world.app)
  const { storage: foreign } = await signedInPhone(t, world, { email })
  const strange = [
    '', '{', 'null', '[]', '"text"', '{"version":0}',
    (await foreign.get('latchkey.session') ?? '').replace(world.baseUrl, 'https://auth.example.com'),
    JSON.stringify({ version: 1, owner: `bearer ${world.baseUrl}/api/v1`, user: { id: 'x' }, session: { id: 'y' } })
  ]

  for (const value of strange) {
    const storage = memory()
    await storage.set('latchkey.session', value)
    const { client, errors } = makePhone(t, world, { storage })

    t.strictSame(await client.start(), { status: 'signed_out' }, value)
    t.strictSame(errors, [])
    t.match(await client.signIn({ email, password }), { status: 'signed_in' }, 'and it is overwritten')
  }
})

t.test('an app that is installed again is signed out, although the keychain has kept the session', async t => {
  const world = await shared()
  const { email } = await signUp(world.app)
  const keychain = memory()
  const install = () => {
    const values = new Map<string, string>()
    return {
      getItem: async (key: string) => values.get(key) ?? null,
      setItem: async (key: string, value: string) => { values.set(key, value) }
    }
  }
  const first = install()
  await signedInPhone(t, world, { email }, { storage: perInstallation(keychain, first) })
  t.match(await makePhone(t, world, { storage: perInstallation(keychain, first) }).client.start(), { status: 'signed_in' })

  world.traffic.take()
  const { client, endings } = makePhone(t, world, { storage: perInstallation(keychain, install()) })
  t.strictSame(await client.start(), { status: 'signed_out' })
  t.strictSame([world.traffic.calls(), endings], [[], []])
  t.match(await client.signIn({ email, password }), { status: 'signed_in' })
})

t.test('tokens are stored before they are used, and writes keep their order', async t => {
  const world = await shared()
  const events: string[] = []
  const slow = memory()
  const storage = {
    ...slow,
    set: async (key: string, value: string) => {
      events.push('write')
      await new Promise(resolve => setTimeout(resolve, events.length === 1 ? 50 : 1))
      await slow.set(key, value)
      events.push('written')
    }
  }
  const phone = makePhone(t, world, {
    storage,
    fetch: async (url, init) => {
      events.push(new URL(String(url)).pathname)
      return await fetch(url, init)
    }
  })
  await phone.client.signIn({ email: (await signUp(world.app)).email, password })
  const signingOut = phone.client.signOut()
  t.equal(phone.client.isSignedIn(), true)
  await signingOut

  t.strictSame(events, ['/api/v1/auth/login', 'write', 'written', 'write', 'written', '/api/v1/auth/logout', 'write', 'written'])
  t.notMatch(await slow.get('latchkey.session'), /refreshToken|signOut/)
})

t.test('a sign-out without a network holds, and is the first thing that is sent', async t => {
  const world = await shared()
  const { email } = await signUp(world.app)
  const { client, network, storage, endings } = await signedInPhone(t, world, { email })
  network.isOn = false

  t.equal(await client.signOut(), false, 'the server does not know yet')
  t.strictSame(client.session, { status: 'signed_out', reason: 'signed_out' })
  t.match(endings, [{ reason: 'signed_out' }])

  const next = makePhone(t, world, { storage })
  next.network.isOn = false
  t.match(await next.client.start(), { status: 'signed_out' })
  await t.rejects(next.client.signIn({ email, password }), { name: 'Unreachable' })

  next.network.isOn = true
  world.traffic.take()
  await next.client.signIn({ email, password })
  t.strictSame(world.traffic.calls(), ['POST /auth/logout 204', 'POST /auth/login 200'])
  t.equal((await next.client.listSessions()).sessions.length, 1, 'the first session is over')
})

t.test('a refresh that is overtaken by a sign-out brings nobody back', async t => {
  const world = await openWorld(t)
  const { client, storage } = await signedInPhone(t, world, await signUp(world.app))
  world.relay.holds = /^POST \/api\/v1\/auth\/refresh /

  const arrived = world.traffic.next('/auth/refresh')
  const refreshing = client.refresh()
  await arrived
  const leaving = client.signOut()
  world.relay.letGo()
  await Promise.all([refreshing, leaving])

  t.match(client.session, { status: 'signed_out' })
  t.notMatch(await storage.get('latchkey.session'), /refreshToken|"user"/)
})

t.test('signing out everywhere and elsewhere', async t => {
  const world = await shared()
  const { email } = await signUp(world.app)
  const [here, there] = [await signedInPhone(t, world, { email }), await signedInPhone(t, world, { email })]

  t.equal(await here.client.signOut({ scope: 'others' }), true)
  t.ok(here.client.isSignedIn())
  await t.rejects(there.client.getMe(), { code: 'session_ended', reason: 'revoked_by_user' })

  const third = await signedInPhone(t, world, { email })
  await here.client.signOut({ scope: 'everywhere' })
  await t.rejects(third.client.getMe(), { code: 'session_ended', reason: 'revoked_by_user' })
})

t.test('calls that rotate the tokens leave the client with the newest', async t => {
  const world = await shared()
  const { client } = await signedInPhone(t, world, await signUp(world.app))
  const { sessionId } = await client.reauthenticate({ password })

  const [changed] = await Promise.all([
    client.changePassword({ current_password: password, new_password: 'another walk through the rain' }),
    client.refresh()
  ])

  t.equal(changed.sessionId, sessionId)
  world.app.clock.advance(quarter)
  t.hasProp(await client.getMe(), 'user')
})

t.test('a call that needs a recent sign-in asks for the password and is made again', async t => {
  const world = await shared()
  const asked: unknown[] = []
  const answers = [null, password]
  const { client } = await signedInPhone(t, world, await signUp(world.app), {
    onReauthenticationRequired: async needed => { asked.push(needed); return answers.shift() ?? null }
  })
  world.app.clock.advance(11 * 60_000)

  await t.rejects(client.changeEmail({ new_email: freshAddress() }), { code: 'reauthentication_required', maxAge: 600 })
  await client.changeEmail({ new_email: freshAddress() })

  t.match(asked, [{ maxAge: 600, acrValues: undefined, methods: undefined }, { maxAge: 600 }])
  t.equal(asked.length, 2)
})

t.test('a call that needs two factors asks for one after the other, and a wrong one is refused', async t => {
  const world = await shared()
  const ada = await guarded(world.app)
  const asked: unknown[] = []
  const answers: Proof[] = []
  const { client } = makePhone(t, world, {
    onReauthenticationRequired: async needed => { asked.push(needed); return answers.shift() ?? null }
  })
  const due = await client.signIn({ email: ada.email, password }).catch((error: Refusal) => error)
  t.match(due, { code: 'mfa_required', methods: ['totp', 'recovery_code'], acrValues: 'urn:latchkey:acr:2fa phr' })
  await client.loginSecondFactor({ mfa_token: 'mfaToken' in due ? due.mfaToken ?? '' : '', code: codeAt(world.app, ada) })
  world.app.clock.advance(11 * 60_000)

  const call = () => client.changeEmail({ new_email: freshAddress() })
  answers.push(password, { code: codeAt(world.app, ada) })
  await call()
  t.match(asked, [{ maxAge: 600, methods: undefined }, { methods: ['totp', 'recovery_code'] }])

  world.app.clock.advance(11 * 60_000)
  answers.push({ code: codeAt(world.app, ada) }, { password, recovery_code: ada.recoveryCodes[0] ?? '' })
  await call()
  t.match(asked.slice(2), [{ methods: undefined }, { methods: ['password'] }], 'a code before the password asks for it')

  world.app.clock.advance(11 * 60_000)
  answers.push(password)
  await t.rejects(call(), { code: 'reauthentication_required' }, 'a user who gives up in between')
  answers.push(password, { code: '000000' })
  await t.rejects(call(), { code: 'invalid_credentials' })
})

t.test('fetch asks for a recent sign-in that a service demands, and sends the request again', async t => {
  const world = await shared()
  const asked: unknown[] = []
  const heard: [request: string, token: string | null][] = []
  const demands: Response[] = []
  const { client } = await signedInPhone(t, world, await signUp(world.app), {
    origins: ['https://api.example.com'],
    onReauthenticationRequired: async needed => { asked.push(needed); return password },
    fetch: async (url, init) => {
      if (!String(url).startsWith('https:')) return await fetch(url, init)
      heard.push([`${init?.method} ${init?.body}`, new Headers(init?.headers).get('authorization')])
      return demands.shift() ?? Response.json({ sold: true })
    }
  })
  const sell = async () => await client.fetch('https://api.example.com/sales', { method: 'POST', body: 'one' })
  const challenge = 'Bearer realm="api", error="insufficient_user_authentication", acr_values="urn:latchkey:acr:2fa phr", max_age=300'

  demands.push(problem(401, 'reauthentication_required', {}, { max_age: 600 }))
  t.strictSame(await (await sell()).json(), { sold: true })
  demands.push(new Response('who are you?', { status: 401, headers: { 'www-authenticate': challenge } }))
  t.strictSame(await (await sell()).json(), { sold: true }, 'also for a service that knows nothing of Latchkey')

  t.strictSame(asked, [
    { maxAge: 600, acrValues: undefined, methods: undefined },
    { maxAge: 300, acrValues: 'urn:latchkey:acr:2fa phr', methods: undefined }
  ])
  t.strictSame(world.traffic.calls(), ['POST /auth/reauthenticate 200', 'POST /auth/reauthenticate 200'])
  t.strictSame(heard.map(([request]) => request), Array(4).fill('POST one'))
  t.equal(new Set(heard.map(([, token]) => token)).size, 3, 'each time with the token of the new proof')
})

t.test('fetch passes on a demand that the user does not meet, and asks for nothing that is no demand', async t => {
  const world = await shared()
  let proof: Proof | null = null
  let asked = 0
  const answers: Response[] = []
  const { client } = await signedInPhone(t, world, await signUp(world.app), {
    origins: ['https://api.example.com'],
    onReauthenticationRequired: async () => { asked++; return proof },
    fetch: async (url, init) => String(url).startsWith('https:') ? answers.shift() ?? Response.json({}) : await fetch(url, init)
  })
  const demand = () => problem(401, 'reauthentication_required')
  const send = async (init?: RequestInit) => await client.fetch('https://api.example.com/sales', init)

  answers.push(demand())
  t.match(await (await send()).json(), { code: 'reauthentication_required' }, 'a user who does not want to')
  t.equal(asked, 1)

  proof = 'not the password'
  answers.push(demand())
  await t.rejects(send(), { name: 'Refusal', operation: 'reauthenticate', code: 'invalid_credentials' })
  t.equal(asked, 2)

  proof = password
  answers.push(demand(), demand())
  t.equal((await send()).status, 401, 'a service that is not content')
  t.equal(asked, 3)

  const body = Readable.toWeb(Readable.from(['one'])) as ReadableStream
  const challenged = (status: number, challenge: string) => new Response('', { status, headers: { 'www-authenticate': challenge } })
  for (const [answer, init] of [
    [demand(), { method: 'POST', body, duplex: 'half' } as RequestInit],
    [problem(401, 'mfa_required', { 'www-authenticate': 'Bearer error="insufficient_user_authentication"' }), {}],
    [challenged(401, 'Basic realm="insufficient_user_authentication"'), {}],
    [challenged(403, 'Bearer error="insufficient_user_authentication"'), {}]
  ] as const) {
    answers.push(answer)
    t.equal((await send(init)).status, answer.status)
  }
  t.equal(asked, 3)
})

t.test('an erased account is signed out', async t => {
  const world = await shared()
  const { client, endings } = await signedInPhone(t, world, await signUp(world.app))

  await client.deleteMe()

  t.match(endings, [{ reason: 'account_deleted' }])
})

t.test('fetch sends credentials to the deployment and the listed origins only', async t => {
  const world = await shared()
  const seen: [string, string | null, string | undefined][] = []
  const phone = await signedInPhone(t, world, await signUp(world.app), {
    origins: ['https://api.example.com', 'https://files.example.com/'],
    fetch: async (url, init) => {
      const headers = new Headers(init?.headers)
      seen.push([url instanceof Request ? url.url : String(url), headers.get('authorization')?.slice(0, 6) ?? null, init?.credentials])
      return String(url).startsWith('http://localhost') ? await fetch(url, init) : Response.json({})
    }
  })
  seen.length = 0

  const strangers = ['https://example.com/', 'https://api.example.com.evil.example/', 'https://api.example.com@evil.example/', 'https://api.example.com:444/', 'http://api.example.com/']
  for (const url of strangers) await phone.client.fetch(url)
  t.strictSame(seen.splice(0), strangers.map(url => [url, null, undefined]))

  await phone.client.fetch('https://api.example.com/orders', { method: 'POST', body: '{}' })
  await phone.client.fetch('https://files.example.com/', { method: 'POST', body: '{}' })
  await phone.client.fetch(new Request('https://api.example.com/orders'))
  await phone.client.fetch('https://api.example.com/orders', { headers: { authorization: 'Basic x' } })
  t.strictSame(seen, [
    ['https://api.example.com/orders', 'Bearer', 'omit'],
    ['https://files.example.com/', 'Bearer', 'omit'],
    ['https://api.example.com/orders', 'Bearer', 'omit'],
    ['https://api.example.com/orders', 'Basic ', undefined]
  ])
})

t.test('a service’s 401 is refreshed once, and one that stays is not asked about again', async t => {
  const world = await shared()
  let refreshes = 0
  const phone = await signedInPhone(t, world, await signUp(world.app), {
    origins: ['https://api.example.com'],
    fetch: async (url, init) => {
      if (String(url).endsWith('/auth/refresh')) refreshes++
      return String(url).startsWith('https:') ? problem(401, 'invalid_token') : await fetch(url, init)
    }
  })

  for (let request = 0; request < 3; request++) t.equal((await phone.client.fetch('https://api.example.com/orders')).status, 401)
  t.equal(refreshes, 1)
  t.ok(phone.client.isSignedIn())
})

t.test('a service that goes on refusing takes the refresh away from nobody else', async t => {
  const world = await shared()
  const { phone, ask, take, revoke } = await phoneAmongServices(t, world, ['https://api.example.com'])

  for (let request = 0; request < 3; request++) t.equal(await ask('https://api.example.com'), 401)
  t.equal(take(), 1)

  for (const other of ['https://files.example.com', world.baseUrl]) {
    await revoke()
    t.equal(await ask(other), 200, other)
    t.equal(take(), 1)
  }
  await revoke()
  t.match(await phone.client.getMe(), { user: {} })
  t.equal(take(), 1)
})

t.test('several services that go on refusing refresh no more often than one', async t => {
  const origins = ['https://api.example.com', 'https://files.example.com', 'https://mail.example.com']
  const { phone, ask, take } = await phoneAmongServices(t, await shared(), origins)

  for (const origin of [...origins, ...origins, ...origins]) t.equal(await ask(origin), 401)
  t.equal(take(), 3, 'one each, although each brings new tokens')

  for (let minute = 0; minute < 6; minute++) {
    phone.pass(60_000)
    for (const origin of [...origins, ...origins]) t.equal(await ask(origin), 401)
  }
  t.equal(take(), 6, 'then one a minute')
})

t.test('no redirect leads a token or a password to another server', async t => {
  const world = await shared()
  const { email } = await signUp(world.app)
  const heard: string[] = []
  const stranger = createServer((request, response) => {
    heard.push(`${request.method} ${request.url}`)
    response.end('{}')
  })
  const target = await listen(t, stranger)
  const portal = await listen(t, createServer((request, response) => {
    response.writeHead(307, { location: `${target}${request.url}` }).end()
  }))
  let isAway = false
  const phone = await signedInPhone(t, world, { email }, {
    fetch: async (url, init) => await fetch(isAway ? String(url).replace(world.baseUrl, portal) : url, init)
  })
  isAway = true

  await t.rejects(phone.client.signIn({ email, password }), { name: 'Unreachable' })
  await t.rejects(phone.client.getMe(), { name: 'Unreachable' })
  await t.rejects(phone.client.refresh(), { name: 'Unreachable' })
  t.equal(await phone.client.signOut(), false)
  t.strictSame(heard, [])
})

t.test('somebody else’s 401 is passed on', async t => {
  const world = await shared()
  const phone = await signedInPhone(t, world, await signUp(world.app), {
    origins: ['https://api.example.com'],
    fetch: async (url, init) => String(url).startsWith('https:') ? Response.json({ code: 'nope' }, { status: 401 }) : await fetch(url, init)
  })

  t.equal((await phone.client.fetch('https://api.example.com/orders')).status, 401)
  t.strictSame(world.traffic.calls(), [])
})

t.test('a body that can be read once is sent once', async t => {
  const world = await shared()
  const phone = await signedInPhone(t, world, await signUp(world.app))
  const stream = () => Readable.toWeb(Readable.from(['{"full_name":"Ada L"}'])) as ReadableStream
  const send = () => phone.client.fetch(`${world.baseUrl}/api/v1/auth/me`, {
    method: 'PATCH', headers: { 'content-type': 'application/json' }, body: stream(), duplex: 'half'
  } as RequestInit)

  world.app.clock.advance(quarter)
  t.equal((await send()).status, 401, 'its refusal goes through')
  t.strictSame(world.traffic.calls(), ['PATCH /auth/me 401'])

  phone.pass(quarter)
  t.equal((await send()).status, 200)
  t.strictSame(world.traffic.calls(), ['POST /auth/refresh 200', 'PATCH /auth/me 200'], 'when a refresh is due it comes first')
})

t.test('a Request with a body is repeated, and stays the caller’s', async t => {
  const world = await shared()
  const { client } = await signedInPhone(t, world, await signUp(world.app))
  const request = new Request(`${world.baseUrl}/api/v1/auth/me`, {
    method: 'PATCH', headers: { 'content-type': 'application/json' }, body: '{"full_name":"Ada L"}'
  })
  world.app.clock.advance(quarter)

  t.match(await (await client.fetch(request)).json(), { user: { full_name: 'Ada L' } })
  t.strictSame(world.traffic.calls(), ['PATCH /auth/me 401', 'POST /auth/refresh 200', 'PATCH /auth/me 200'])
  t.equal(request.bodyUsed, false)
})

t.test('what never answers, and does not listen to a signal, holds up nobody for longer than the deadline', async t => {
  const world = await shared()
  const silent = new Promise<Response>(() => {})
  const phoneThat = async (path: string) => await signedInPhone(t, world, await signUp(world.app), {
    fetch: async (url, init) => String(url).endsWith(path) ? await silent : await fetch(url, init)
  })
  const [hung, waiting] = [await phoneThat('/auth/refresh'), await phoneThat('/auth/reauthenticate')]
  waiting.client.reauthenticate({ password })
  for (const phone of [hung, waiting]) phone.pass(quarter)

  const [, me] = await Promise.all([
    t.rejects(hung.client.getMe(), { name: 'Unreachable' }, 'a refresh'),
    waiting.client.getMe()
  ])

  t.hasProp(me, 'user', 'a call that a refresh waits for')
  t.ok(hung.client.isSignedIn())
})

t.test('a refusal has its code, and belongs to its operation', async t => {
  const world = await shared()
  const { email } = await signUp(world.app)
  const { client } = makePhone(t, world)
  const error = await client.signIn({ email, password: 'another walk through the rain' }).catch(error => error)

  t.match(error, { name: 'Refusal', operation: 'login', status: 401, code: 'invalid_credentials', requestId: /./ })
  t.ok(isRefusal(error) && isRefusal(error, 'login'))
  t.notOk(isRefusal(error, 'getMe'))
  t.ok(isRefusal({ ...error }), 'also that of another copy of this package')
  t.strictSame(client.session, { status: 'signed_out' })
})

t.test('a value that would lead to another path is not sent', async t => {
  const world = await shared()
  const { client } = await signedInPhone(t, world, await signUp(world.app))

  for (const id of ['', '.', '..']) await t.rejects(client.endSession({ id }), TypeError)
  await t.rejects(client.endSession({ id: '../me' }), { name: 'Refusal' }, 'a slash stays a part of the id')
  t.ok(client.isSignedIn())
})

t.test('no global is touched', async t => {
  const world = await shared()
  const before = [globalThis.fetch, globalThis.Request, globalThis.Headers]
  const { client } = await signedInPhone(t, world, await signUp(world.app))
  await client.getMe()

  t.strictSame([globalThis.fetch, globalThis.Request, globalThis.Headers], before)
})

/** Lets a server listen for one test; its origin. */
async function listen (test: Pick<typeof t, 'teardown'>, server: Server) {
  test.teardown(() => { server.close() })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A signed-in phone whose storage can refuse to write, and what it does in its order: requests and writes. */
async function phoneThatWrites (t: Test, world: World, email: string) {
  const events: string[] = []
  const kept = memory()
  const storage = {
    ...kept,
    refuses: 0,
    set: async (key: string, value: string) => {
      events.push(storage.refuses > 0 ? 'refused' : 'written')
      if (storage.refuses-- > 0) throw new Error('full')
      storage.refuses = 0
      await kept.set(key, value)
    }
  }
  const phone = await signedInPhone(t, world, { email }, {
    storage,
    fetch: async (url, init) => {
      events.push(new URL(String(url)).pathname.replace('/api/v1', ''))
      return await fetch(url, init)
    }
  })
  events.length = 0
  return { phone, storage, take: () => events.splice(0) }
}

/**
 * A signed-in phone among services, some of which refuse it whatever it brings; `revoke` has its access token refused
 * everywhere. `take` counts the refreshes since.
 */
async function phoneAmongServices (t: Test, world: World, refusing: string[]) {
  let refreshes = 0
  let revoked: string | null = null
  const phone = await signedInPhone(t, world, await signUp(world.app), {
    origins: [...refusing, 'https://files.example.com'],
    fetch: async (url, init) => {
      const { origin, pathname } = new URL(String(url))
      const isRevoked = new Headers(init?.headers).get('authorization') === `Bearer ${revoked}`
      if (pathname.endsWith('/auth/refresh')) refreshes++
      else if (isRevoked || refusing.includes(origin)) return problem(401, 'invalid_token')
      return origin.startsWith('https:') ? Response.json({}) : await fetch(url, init)
    }
  })

  return {
    phone,
    ask: async (origin: string) => (await phone.client.fetch(`${origin}/api/v1/auth/me`)).status,
    revoke: async () => { revoked = await phone.client.accessToken() },
    take () {
      const taken = refreshes
      refreshes = 0
      return taken
    }
  }
}

/** Ends the session of a phone from another one of its user. */
async function signOutElsewhere (world: World, { client }: ReturnType<typeof makePhone>) {
  if (client.session.status !== 'signed_in') throw new Error('nobody is signed in')
  const other = await signedInPhone(t, world, client.session.user)
  await other.client.signOut({ scope: 'others' })
}

function problem (status: number, code: string, headers: Record<string, string> = {}, more: object = {}) {
  const body = { type: `urn:latchkey:problem:${code}`, title: code, status, detail: code, code, request_id: 'x', ...more }
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/problem+json', ...headers } })
}
