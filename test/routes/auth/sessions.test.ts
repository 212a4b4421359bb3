import t from 'tap'
import { signed } from '../../support/accounts/people.ts'
import { api, as, deploy, password, post, received, refresh, signIn, signUp, start } from '../../support/helper.ts'
import type { Tokens } from '../../support/helper.ts'
import { cheapHasher } from '../../support/hashers.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })

t.test('the live sessions are listed, the one used last first, with the details by which a person recognises them', async t => {
  const ada = await signUp(app)
  const laptop = (await post(app, '/auth/login', { email: ada.email, password, device_name: 'Ada’s laptop' }, { 'user-agent': 'Quill/7.1' })).json()
  app.clock.advance(60_000)
  const phone = (await post(app, '/auth/login', { email: ada.email, password })).json()
  const sessions = await list(laptop)

  t.same(sessions.map(({ id }) => id), [phone.session.id, laptop.session.id])
  t.same(sessions.map(({ current }) => current), [false, true])
  t.same(Object.keys(sessions[1] ?? {}).sort(), ['acr', 'amr', 'auth_time', 'created_at', 'current', 'device_name', 'expires_at', 'id', 'ip', 'last_seen_at', 'transport', 'user_agent'])
  t.match(sessions[1], { transport: 'bearer', amr: ['pwd'], acr: 'urn:latchkey:acr:1fa', device_name: 'Ada’s laptop', user_agent: 'Quill/7.1', ip: '127.0.0.1', expires_at: laptop.session.expires_at })
  t.match(sessions[0], { device_name: null })
  t.same(await list(laptop, other), sessions)
})

t.test('ended, idle, expired and other people’s sessions are not listed', async t => {
  const ada = await signUp(app)
  const mine = await signIn(app, ada)
  const gone = await signIn(app, ada)
  await signIn(app)
  await as(app, gone.access_token, 'POST', '/auth/logout')
  t.same((await list(mine)).map(({ id }) => id), [mine.session.id])

  app.clock.advance(8 * 86_400_000)
  const fresh = await signIn(app, ada)
  t.same((await list(fresh)).map(({ id }) => id), [fresh.session.id], 'idle')

  await as(app, fresh.access_token, 'POST', '/auth/logout', { scope: 'everywhere' })
  const last = await signIn(app, ada)
  t.same((await list(last)).map(({ id }) => id), [last.session.id], 'ended by an epoch')
})

t.test('a session that has come to its absolute end is not listed, however lately it was used', async t => {
  const shorter = { ...deployment, SESSION_TTL: '1d' }
  const short = await start(t, shorter, { workers: false, hasher: cheapHasher, clock: app.clock })
  const ada = await signUp(app)
  const over = await signIn(short, ada)
  app.clock.advance(86_400_000 - 60_000)
  const last = await signIn(app, ada)
  t.same((await list(last)).map(({ id }) => id), [last.session.id, over.session.id], 'a minute before')
  app.clock.advance(60_000)
  t.same((await list(last)).map(({ id }) => id), [last.session.id])
})

t.test('of the sessions from before everybody was signed out none is listed', async t => {
  const ada = await signIn(app)
  const chief = await signed(app, 'super_admin')
  t.match(await as(app, chief.access_token, 'POST', '/admin/sign-out-everyone'), { statusCode: 204 })
  const last = await signIn(app, { email: ada.user.email })
  t.same((await list(last)).map(({ id }) => id), [last.session.id])
})

t.test('a session shows when it was last used', async t => {
  const ada = await signIn(app)
  const [before] = await list(ada)
  app.clock.advance(16 * 60_000)
  // A node writes down what it has seen at the latest when it closes.
  const passing = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
  const next = (await refresh(passing, ada.refresh_token)).json()
  await passing.close()
  const [after] = await list(next)
  t.ok(Date.parse(after?.last_seen_at ?? '') - Date.parse(before?.last_seen_at ?? '') >= 16 * 60_000 - 1000)
  t.equal(after?.created_at, before?.created_at)
})

for (const isRefreshing of [true, false]) {
  t.test(`a session that proves the password every ten minutes is written down ${isRefreshing ? 'by its refreshes' : 'without a refresh'}`, async t => {
    const ada = await signIn(app)
    const passing = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
    let newest = ada
    for (let minutes = 10; minutes <= 40; minutes += 10) {
      app.clock.advance(10 * 60_000)
      newest = (await as(passing, newest.access_token, 'POST', '/auth/reauthenticate', { password })).json()
      await received(passing, newest)
      if (isRefreshing) newest = (await refresh(passing, newest.refresh_token)).json()
      if (isRefreshing) await received(passing, newest)
    }
    await passing.close()

    const [shown] = await list(newest)
    t.ok(app.clock.now() - Date.parse(shown?.last_seen_at ?? '') <= 15 * 60_000, `seen at ${shown?.last_seen_at}`)
    await app.redis.unlink(`session:{${ada.session.id}}`)
    t.match((await refresh(app, ada.refresh_token)).json(), { code: 'session_ended', reason: 'reuse_detected' }, 'the floor was raised')
  })
}

t.test('a user agent of any kind is stored within bounds and never causes an error', async t => {
  const ada = await signUp(app)
  for (const agent of ['x'.repeat(2000), '<script>', 'Ünïcode'.normalize('NFC'), '"\\', '\t']) {
    const answer = await app.inject({ method: 'POST', url: api('/auth/login'), headers: { 'user-agent': agent }, payload: { email: ada.email, password } })
    t.equal(answer.statusCode, 200, agent.slice(0, 10))
    t.ok(String((await list(answer.json())).find(({ current }) => current)?.user_agent ?? '').length <= 512)
  }
})

t.test('a caller who is not signed in sees none', async t => {
  t.match((await app.inject(api('/auth/sessions'))).json(), { status: 401, code: 'unauthenticated' })
})

interface Listed { id: string, current: boolean, user_agent: string | null, last_seen_at: string, created_at: string }

async function list ({ access_token: token }: Tokens, node = app): Promise<Listed[]> {
  return (await as(node, token, 'GET', '/auth/sessions')).json().sessions
}
