import t from 'tap'
import { as, build, post, signIn, signUp } from '../../helper.ts'

t.test('signing in', async t => {
  const app = await build(t)
  const ada = await signUp(app)
  const tokens = await signIn(app, ada)
  t.match(await as(app, tokens.access_token, 'GET', '/auth/check'), { statusCode: 204 })
  t.match(await as(app, tokens.access_token, 'GET', '/auth/me'), { statusCode: 200 })
  t.match((await as(app, tokens.access_token, 'GET', '/auth/sessions')).json(), { sessions: [{ current: true }] })
  t.match(await post(app, '/auth/refresh', { refresh_token: tokens.refresh_token }), { statusCode: 200 })
  t.match(await as(app, tokens.access_token, 'POST', '/auth/reauthenticate', { password: ada.password }), { statusCode: 200 })
  t.match(await as(app, tokens.access_token, 'POST', '/auth/logout'), { statusCode: 204 })
  t.match((await as(app, tokens.access_token, 'GET', '/auth/check')).json(), { code: 'session_ended', reason: 'signed_out' })
})
