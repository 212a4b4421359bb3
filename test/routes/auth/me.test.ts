import t from 'tap'
import { as, build, post, signIn } from '../../support/helper.ts'

const app = await build(t)

t.test('me answers with the signed-in user, in the one shape that users have', async t => {
  const ada = await signIn(app)
  const answer = await as(app, ada.access_token, 'GET', '/auth/me')

  t.equal(answer.statusCode, 200)
  t.same(Object.keys(answer.json()), ['user'])
  t.same(Object.keys(answer.json().user).sort(), ['approval', 'created_at', 'email', 'email_verified', 'full_name', 'id', 'last_login_at', 'locale', 'must_change_password', 'role', 'status', 'updated_at', 'user_type', 'vendor_id'])
  t.same(answer.json().user, ada.user)
  t.match(answer.json().user.last_login_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  t.notOk(/argon2|hash|epoch|version/.test(answer.body))
})

t.test('without a token, or after the end of the session, the answer is 401', async t => {
  t.match((await app.inject('/api/v1/auth/me')).json(), { status: 401, code: 'unauthenticated' })
  const ada = await signIn(app)
  await post(app, '/auth/logout', { refresh_token: ada.refresh_token })
  t.match((await as(app, ada.access_token, 'GET', '/auth/me')).json(), { status: 401, code: 'session_ended', reason: 'signed_out' })
})

t.test('me never answers with another user, whatever the path or parameter', async t => {
  const [ada, bob] = [await signIn(app), await signIn(app)]
  for (const path of [`/auth/me/${bob.user.id}`, '/auth/me/../sessions', '/auth/me/%2e%2e/sessions', '/auth//me']) {
    const answer = await as(app, ada.access_token, 'GET', path)
    t.notOk(answer.body.includes(bob.user.id) && answer.statusCode === 200, path)
    t.ok([200, 404].includes(answer.statusCode), `${path} ${answer.statusCode}`)
  }
  t.equal((await as(app, ada.access_token, 'GET', `/auth/me?id=${bob.user.id}`)).json().user?.id ?? ada.user.id, ada.user.id)
})

t.test('a deleted user gets no answer', async t => {
  const ada = await signIn(app)
  await app.database`delete from users where id = ${ada.user.id}`
  const answer = await as(app, ada.access_token, 'GET', '/auth/me')
  t.equal(answer.statusCode, 401)
})
