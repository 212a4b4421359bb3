import { randomUUID } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import { accountOperations } from '../../../clients/javascript/src/generated/operations.ts'
import { password, signUp } from '../../support/helper.ts'
import { openOnce } from '../../support/once.ts'
import { mailJobs } from '../../support/trail/evidence.ts'
import { until } from '../../support/until.ts'
import { makePhone, openWorld, passForAll, signedInPhone } from './world.ts'
import type { World } from './world.ts'

const shared = openOnce(() => openWorld(t))

const { loginSecondFactor, loginWithPasskey, ...others } = accountOperations
const signIns = { login: 'POST /auth/login', loginSecondFactor, loginWithPasskey }
const { changePassword, reauthenticate, removePassword } = others
const { addPasskey, removePasskey, removeTotp, confirmTotp, setTwoStep } = others
const renewals = {
  changePassword, reauthenticate, removePassword, addPasskey, removePasskey, removeTotp, confirmTotp, setTwoStep
}

for (const [operation, route] of Object.entries({ ...signIns, ...renewals }) as ['login', string][]) {
  for (const online of [true, false]) {
    t.test(`a sign-out ${online ? '' : 'without a network '}overtakes ${operation}`, async t => {
      const world = await shared()
      const { client, call, answer, network, storage, userId } = await phoneThatCalls(t, world, operation, route)

      const signingOut = client.signOut()
      network.isOn = online
      answer()
      t.equal(await signingOut, online)
      await call

      t.match(client.session, { status: 'signed_out', reason: 'signed_out' })
      t.notMatch(await storage.get('latchkey.session'), /"refreshToken"|"user"/)
      if (!online) {
        t.match(await storage.get('latchkey.session'), /"refresh_token"/, 'the sign-out is kept')
        network.isOn = true
        const next = makePhone(t, world, { storage })
        await next.client.start()
        await next.client.wake()
      }
      await until(async () => (await livingSessions(world, userId)).length === 0)
      await until(async () => !/"refresh_token"/.test(await storage.get('latchkey.session') ?? ''))
      t.notMatch(await storage.get('latchkey.session'), /"refreshToken"|"refresh_token"/)
    })
  }
}

t.test('a sign-in after a sign-out holds, and the one that the sign-out has overtaken does not', async t => {
  const world = await shared()
  const { client, call, answer, email, userId } = await phoneThatCalls(t, world, 'loginSecondFactor' as 'login', loginSecondFactor)

  const signingOut = client.signOut()
  const signingIn = client.signIn({ email, password })
  answer()
  await Promise.all([signingOut, call, signingIn])

  t.match(await client.getMe(), { user: { email } })
  await until(async () => (await livingSessions(world, userId)).length === 1)
  await client.refresh()
  t.match(await livingSessions(world, userId), [sessionOf({ client })])
})

t.test('a second sign-out without a network does not take the place of the first', async t => {
  const world = await shared()
  const { email, user } = await signUp(world.app)
  const [phone, other] = [await signedInPhone(t, world, { email }), await signedInPhone(t, world, { email })]
  const sessionId = sessionOf(phone)
  phone.network.isOn = false

  t.equal(await phone.client.signOut(), false)
  t.equal(await phone.client.signOut({ scope: 'everywhere' }), false)
  phone.network.isOn = true
  await phone.client.wake()

  t.notOk((await livingSessions(world, user.id)).includes(sessionId))
  await t.rejects(other.client.getMe(), { code: 'session_ended', reason: 'revoked_by_user' })
})

t.test('a sign-out everywhere ends all sessions, whatever the server knows of the refresh token', async t => {
  const world = await openWorld(t)
  const { app, relay } = world
  const losses = {
    'the record of the session': async (phone: Phone) => {
      t.equal(await app.redis.unlink(`session:{${sessionOf(phone)}}`), 1)
    },
    'the answer of the last refresh': async (phone: Phone) => {
      relay.cuts = /^POST \/api\/v1\/auth\/refresh /
      await t.rejects(phone.client.refresh(), { name: 'Unreachable' })
      relay.cuts = undefined
    },
    'the network, until tomorrow': async (phone: Phone) => {
      phone.network.isOn = false
      t.equal(await phone.client.signOut({ scope: 'everywhere' }), false)
      passForAll(app, phone, 24 * 60 * 60_000)
      phone.network.isOn = true
    }
  }

  for (const [what, lose] of Object.entries(losses)) {
    const { email, user } = await signUp(app)
    const [phone, other] = [await signedInPhone(t, world, { email }), await signedInPhone(t, world, { email })]
    const sessionId = sessionOf(phone)
    passForAll(app, phone, 20 * 60_000)
    await lose(phone)

    if (phone.client.isSignedIn()) t.equal(await phone.client.signOut({ scope: 'everywhere' }), true, what)
    else await phone.client.wake()

    t.notOk((await livingSessions(world, user.id)).includes(sessionId), what)
    await t.rejects(other.client.getMe(), { code: 'session_ended', reason: 'revoked_by_user' }, what)
    t.notMatch(await phone.storage.get('latchkey.session'), /"refreshToken"|"refresh_token"/, what)
  }
  t.strictSame(await mailJobs(app, 'reuse_detected'), [])
})

t.test('the new refresh token of a sign-out everywhere is stored before its access token is used', async t => {
  const world = await shared()
  const { email, user } = await signUp(world.app)
  let isBroken = false
  const phone = await signedInPhone(t, world, { email }, {
    fetch: async (url, init) => {
      if (isBroken && String(url).endsWith('/auth/logout')) throw new TypeError('fetch failed')
      return await fetch(url, init)
    }
  })
  const { refreshToken } = JSON.parse(await phone.storage.get('latchkey.session') ?? '')
  isBroken = true

  t.equal(await phone.client.signOut({ scope: 'everywhere' }), false)
  const kept = await phone.storage.get('latchkey.session') ?? ''
  t.match(kept, /"refresh_token"/)
  t.notOk(kept.includes(refreshToken))
  t.notMatch(kept, /eyJ/, 'and the access token is not stored')

  isBroken = false
  const next = makePhone(t, world, { storage: phone.storage })
  await next.client.start()
  await next.client.wake()
  t.strictSame(await livingSessions(world, user.id), [])
})

t.test('a sign-out everywhere of a session that has ended is told to the server, and does not say that all are over', async t => {
  const world = await shared()
  const { email } = await signUp(world.app)
  const [phone, other] = [await signedInPhone(t, world, { email }), await signedInPhone(t, world, { email })]
  await other.client.signOut({ scope: 'others' })
  world.traffic.take()

  t.equal(await phone.client.signOut({ scope: 'everywhere' }), false)
  t.strictSame(world.traffic.calls(), ['POST /auth/refresh 401', 'POST /auth/logout 204'])
  t.hasProp(await other.client.getMe(), 'user')
  t.notMatch(await phone.storage.get('latchkey.session'), /"refresh_token"/, 'and it is not told again')
})

type Phone = Awaited<ReturnType<typeof signedInPhone>>

/**
 * A signed-in phone with a call under way that the server has answered with new tokens: of a new session to a sign-in,
 * and else of the same. The answer is on its way until `answer` is called.
 */
async function phoneThatCalls (t: Test, world: World, operation: 'login', route: string) {
  const { email, user } = await signUp(world.app)
  const input = route.includes('{id}') ? { id: randomUUID() } : {}
  const [method, path] = route.replace('{id}', input.id ?? '').split(' ')
  const [answered, held] = [gate(), gate()]
  const phone = await signedInPhone(t, world, { email })
  const client = makePhone(t, world, {
    storage: phone.storage,
    fetch: async (url, init) => {
      if (!phone.network.isOn) throw new TypeError('fetch failed')
      if (`${init?.method} ${url}` !== `${method} ${world.baseUrl}/api/v1${path}`) return await fetch(url, init)
      const headers = new Headers(init?.headers)
      headers.set('content-type', 'application/json')
      const [real, fields] = operation in signIns ? ['login', { email, password }] : ['reauthenticate', { password }]
      const response = await fetch(`${world.baseUrl}/api/v1/auth/${real}`, { method: 'POST', headers, body: JSON.stringify(fields) })
      answered.open()
      await held.passed
      return response
    }
  }).client
  await client.start()
  await client.getMe()

  const call = client.call(operation, route, input).catch(() => {})
  await Promise.race([answered.passed, call])
  return { ...phone, client, call, answer: held.open, email, userId: user.id }
}

function gate () {
  let open = () => {}
  const passed = new Promise<void>(resolve => { open = resolve })
  return { open, passed }
}

function sessionOf ({ client: { session } }: { client: Pick<Phone['client'], 'session'> }) {
  if (session.status !== 'signed_in') throw new Error('nobody is signed in')
  return session.sessionId
}

/** The sessions of a user that were not ended one by one. */
async function livingSessions ({ app }: World, userId: string) {
  const rows = await app.database<{ id: string }>`select id from sessions where user_id = ${userId} and ended_at is null`
  return rows.map(({ id }) => id)
}
