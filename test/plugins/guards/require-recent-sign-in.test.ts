import t from 'tap'
import type { Clock } from '../../../lib/clock.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, freshAddress, password, post, refresh, signIn, start } from '../../support/helper.ts'

const deployment = await deploy(t, { ACCESS_TOKEN_TTL: '1h' })
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })

const minute = 60_000

t.test('the password must have been checked within ten minutes', async t => {
  // On a busy machine more than the seconds between the two answers could pass.
  const clock = standingClock()
  const node = await start(t, deployment, { workers: false, clock })
  const ada = await signIn(node)
  t.match(await act(ada, node), { statusCode: 202 })
  clock.advance(10 * minute)
  t.match(await act(ada, node), { statusCode: 202 })
  clock.advance(1000)
  t.match(await act(ada, node), { statusCode: 401 })
})

t.test('the refusal says how recent the check must be, in the body and in the challenge', async t => {
  const ada = await signIn(app)
  app.clock.advance(11 * minute)
  const refused = await act(ada)
  t.match(refused.json(), { status: 401, code: 'reauthentication_required', max_age: 600 })
  t.equal(refused.headers['www-authenticate'], 'Bearer error="insufficient_user_authentication", max_age="600"')
  t.notOk(refused.headers['set-cookie'], 'no cookie is cleared: the session lives')
  t.match(await as(app, ada.access_token, 'GET', '/auth/me'), { statusCode: 200 })
})

t.test('a refresh does not count as a sign-in', async t => {
  const ada = await signIn(app)
  app.clock.advance(11 * minute)
  const refreshed = (await refresh(app, ada.refresh_token)).json()
  t.match((await act(refreshed)).json(), { code: 'reauthentication_required' })
})

t.test('entering the password again counts as one, for the tokens that it brings', async t => {
  const ada = await signIn(app)
  app.clock.advance(11 * minute)
  const again = (await as(app, ada.access_token, 'POST', '/auth/reauthenticate', { password })).json()
  t.match(await act(again), { statusCode: 202 })
  t.match((await act(ada)).json(), { code: 'reauthentication_required' }, 'not for the old ones')
  app.clock.advance(11 * minute)
  t.match((await act(again)).json(), { code: 'reauthentication_required' })
})

t.test('a wrong password gives no access', async t => {
  const ada = await signIn(app)
  app.clock.advance(11 * minute)
  t.match(await as(app, ada.access_token, 'POST', '/auth/reauthenticate', { password: 'not the one' }), { statusCode: 401 })
  t.match((await act(ada)).json(), { code: 'reauthentication_required' })
})

t.test('a caller without a session is told that first', async t => {
  t.match((await post(app, '/auth/email/change', { new_email: freshAddress() })).json(), { code: 'unauthenticated' })
  const ada = await signIn(app)
  app.clock.advance(11 * minute)
  await as(app, ada.access_token, 'POST', '/auth/logout')
  t.match((await act(ada)).json(), { code: 'session_ended', reason: 'signed_out' })
})

t.test('the requirement is checked before the body is read', async t => {
  const ada = await signIn(app)
  app.clock.advance(11 * minute)
  t.match((await as(app, ada.access_token, 'POST', '/auth/email/change', { nonsense: true })).json(), { code: 'reauthentication_required' })
})

async function act ({ access_token: token }: { access_token: string }, node = app) {
  return await as(node, token, 'POST', '/auth/email/change', { new_email: freshAddress() })
}

/** A clock that stands still, at a whole second, until it is moved. */
function standingClock (): Clock {
  let time = Math.floor(Date.now() / 1000) * 1000
  return {
    now: () => time,
    monotonic: () => performance.now(),
    get offset () { return time - Date.now() },
    advance (milliseconds) { time += milliseconds }
  }
}
