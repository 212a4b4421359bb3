import { randomUUID } from 'node:crypto'
import t from 'tap'
import { cheapHasher } from '../../support/hashers.ts'
import { api, as, deploy, refresh, signIn, signUp, start } from '../../support/helper.ts'
import type { Tokens } from '../../support/helper.ts'
import { trail } from '../../support/trail/evidence.ts'
import { until } from '../../support/until.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })

t.test('a user can end another of their sessions, at once here and on every node', async t => {
  const { mine, phone } = await two()
  const answer = await end(mine, phone.session.id)

  t.equal(answer.statusCode, 204)
  t.match((await as(app, phone.access_token, 'GET', '/auth/check')).json(), { status: 401, code: 'session_ended', reason: 'revoked_by_user' })
  t.match((await refresh(app, phone.refresh_token)).json(), { reason: 'revoked_by_user' })
  await until(async () => (await as(other, phone.access_token, 'GET', '/auth/check')).statusCode === 401)
  t.match(await refresh(app, mine.refresh_token), { statusCode: 200 })
  t.match((await trail(app, mine.user.id)).at(-1), { event: 'session_ended', reason: 'revoked_by_user', sessionId: phone.session.id, actorId: mine.user.id })
})

t.test('a user can end the current session, as by a logout, with any case of its id', async t => {
  for (const written of [(id: string) => id, (id: string) => id.toUpperCase()]) {
    const { mine } = await two()
    t.match(await end(mine, written(mine.session.id)), { statusCode: 204 })
    t.match((await as(app, mine.access_token, 'GET', '/auth/check')).json(), { reason: 'signed_out' })
  }
})

t.test('another user’s session is not found and stays alive', async t => {
  const [{ mine }, { mine: hers }] = [await two(), await two()]
  const [foreign, unknown] = [await end(mine, hers.session.id), await end(mine, randomUUID())]

  t.match(foreign.json(), { status: 404, code: 'not_found' })
  t.same({ ...foreign.json(), request_id: '' }, { ...unknown.json(), request_id: '' })
  t.match(await refresh(app, hers.refresh_token), { statusCode: 200 })
  t.match(await as(app, hers.access_token, 'GET', '/auth/check'), { statusCode: 204 })
})

t.test('another user’s ended session is not found either', async t => {
  const [{ mine }, { mine: hers }] = [await two(), await two()]
  await as(app, hers.access_token, 'POST', '/auth/logout')
  t.match(await end(mine, hers.session.id), { statusCode: 404 })
})

t.test('ending an ended session is no error, and its reason stays', async t => {
  const { mine, phone } = await two()
  await as(app, phone.access_token, 'POST', '/auth/logout')
  t.match(await end(mine, phone.session.id), { statusCode: 204 })
  t.match(await end(mine, phone.session.id), { statusCode: 204 })
  t.match((await refresh(app, phone.refresh_token)).json(), { reason: 'signed_out' })
})

t.test('twenty requests at once on two nodes end it once', async t => {
  const { mine, phone } = await two()
  const answers = await Promise.all(Array.from({ length: 20 }, (_, place) =>
    end(mine, phone.session.id, place % 2 ? app : other)))
  t.same(new Set(answers.map(({ statusCode }) => statusCode)), new Set([204]))
  t.equal((await trail(app, mine.user.id)).filter(row => row.event === 'session_ended').length, 1)
})

t.test('an invalid id is refused; a caller who is not signed in is told so first', async t => {
  const { mine } = await two()
  for (const id of ['x', '1', `${mine.session.id}0`, '%00', '..%2f', '*', `${mine.session.id}%20`, 'null']) {
    const answer = await end(mine, id)
    t.ok([400, 404, 422].includes(answer.statusCode), `${id} ${answer.statusCode}`)
  }
  t.match((await app.inject({ method: 'DELETE', url: api(`/auth/sessions/${mine.session.id}`) })).json(), { status: 401, code: 'unauthenticated' })
  t.match((await app.inject({ method: 'DELETE', url: api('/auth/sessions/x') })).json(), { status: 401 })
  t.match(await as(app, mine.access_token, 'GET', `/auth/sessions/${mine.session.id}`), { statusCode: 405 })
  t.match(await as(app, mine.access_token, 'GET', '/auth/check'), { statusCode: 204 })
})

async function two () {
  const ada = await signUp(app)
  return { mine: await signIn(app, ada), phone: await signIn(app, ada) }
}

async function end ({ access_token: token }: Tokens, id: string, node = app) {
  return await as(node, token, 'DELETE', `/auth/sessions/${id}`)
}
