import t from 'tap'
import { basic, introspect, makeService, operator, revoke, send } from '../../support/accounts/services.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, password, refresh, signIn, signUp, start } from '../../support/helper.ts'
import type { Tokens } from '../../support/helper.ts'
import { mailJobs, trail } from '../../support/trail/evidence.ts'
import { until } from '../../support/until.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
const service = await makeService(app, { mayRevoke: true })

for (const kind of ['access_token', 'refresh_token'] as const) {
  t.test(`revoking an ${kind.replace('_', ' ')} ends its session, at once here and on every node`, async t => {
    const { mine, phone } = await two()
    const answer = await revoke(app, service, mine[kind])

    t.equal(answer.statusCode, 200)
    t.equal(answer.body, '')
    t.match(answer.headers, { 'cache-control': 'no-store' })
    t.match((await as(app, mine.access_token, 'GET', '/auth/check')).json(), { status: 401, code: 'session_ended', reason: 'signed_out' })
    t.match((await refresh(app, mine.refresh_token)).json(), { status: 401, code: 'session_ended', reason: 'signed_out' })
    t.match((await refresh(other, mine.refresh_token)).json(), { reason: 'signed_out' })
    await until(async () => (await as(other, mine.access_token, 'GET', '/auth/check')).statusCode === 401)
    t.equal((await introspect(app, service, mine.access_token)).body, '{"active":false}')

    t.match(await as(app, phone.access_token, 'GET', '/auth/check'), { statusCode: 204 }, 'no other session of the user')
    t.match((await trail(app, mine.user.id)).at(-1), { event: 'session_ended', outcome: 'success', reason: 'signed_out', actorId: service.id, sessionId: mine.session.id })
    t.same(await mailJobs(app, 'reuse_detected'), [])
  })
}

t.test('with a wrong or unknown hint the token is found all the same', async t => {
  for (const [kind, hint] of [['access_token', 'refresh_token'], ['refresh_token', 'access_token'], ['access_token', 'nonsense'], ['refresh_token', '']] as const) {
    const ada = await signIn(app)
    t.match(await send(app, 'revoke', { token: ada[kind], token_type_hint: hint }, { authorization: basic(service) }), { statusCode: 200 })
    t.match((await refresh(app, ada.refresh_token)).json(), { reason: 'signed_out' }, `${kind} as ${hint}`)
  }
})

t.test('an expired access token and a superseded refresh token end their session too', async t => {
  const { mine, phone } = await two()
  const next = (await refresh(app, phone.refresh_token)).json()
  app.clock.advance(20 * 60_000)

  t.match(await revoke(app, service, mine.access_token), { statusCode: 200 })
  t.match((await refresh(app, mine.refresh_token)).json(), { reason: 'signed_out' })
  t.match(await revoke(app, service, phone.refresh_token), { statusCode: 200 })
  t.match((await refresh(app, next.refresh_token)).json(), { reason: 'signed_out' }, 'and it is not taken for a replay')
  t.same(await mailJobs(app, 'reuse_detected'), [])
})

t.test('a token of the cookie transport can be revoked as well', async t => {
  const { email } = await signUp(app)
  const answer = await app.inject({ method: 'POST', url: '/api/v1/auth/login', payload: { email, password, transport: 'cookie' }, headers: { origin: 'http://localhost:3000' } })
  const token = answer.cookies.find(({ name }) => name.endsWith('refresh'))?.value ?? ''

  t.match(await revoke(app, service, token), { statusCode: 200 })
  t.match(await app.database`select ended_reason from sessions where id = ${answer.json().session.id}`, [{ endedReason: 'signed_out' }])
})

t.test('a foreign token gets the same 200, and nothing ends', async t => {
  const elsewhere = await start(t, await deploy(t), { workers: false, hasher: cheapHasher })
  const [ada, stranger] = [await signIn(app), await signIn(elsewhere)]
  const before = (await trail(app)).length
  const answers = []

  for (const token of ['garbage', ' ', '\0', ada.session.id, ada.user.id, ada.device_token, `${ada.access_token}x`, `${ada.refresh_token}=`, `x${ada.refresh_token.slice(1)}`, stranger.access_token, stranger.refresh_token, 'x'.repeat(20_000)]) {
    answers.push(await revoke(app, service, token))
  }
  t.same(new Set(answers.map(({ statusCode, body }) => `${statusCode}${body}`)), new Set(['200']))
  t.match(await as(app, ada.access_token, 'GET', '/auth/check'), { statusCode: 204 })
  t.match(await refresh(app, ada.refresh_token), { statusCode: 200 })
  t.match(await refresh(elsewhere, stranger.refresh_token), { statusCode: 200 })
  t.equal((await trail(app)).length, before, 'and leaves nothing')
})

t.test('revoking again is no error, and the first reason stays', async t => {
  const { mine, phone } = await two()
  await app.accounts.endSession({ userId: phone.user.id, sessionId: phone.session.id }, mine.session.id, operator)
  for (const token of [mine.access_token, mine.refresh_token, mine.refresh_token]) {
    t.match(await revoke(app, service, token), { statusCode: 200 })
  }

  t.match((await refresh(app, mine.refresh_token)).json(), { reason: 'revoked_by_user' })
  t.equal((await trail(app, mine.user.id)).filter(({ event }) => event === 'session_ended').length, 1)
})

t.test('a deleted user’s token ends nothing', async t => {
  const ada = await signIn(app)
  await app.database`delete from users where id = ${ada.user.id}`
  for (const token of [ada.access_token, ada.refresh_token]) {
    t.match(await revoke(app, service, token), { statusCode: 200 })
  }
})

t.test('a service without the permission to revoke is refused, and nothing ends', async t => {
  const reader = await makeService(app)
  const ada = await signIn(app)

  for (const token of [ada.access_token, ada.refresh_token, 'garbage']) {
    const answer = await revoke(app, reader, token)
    t.equal(answer.statusCode, 403, 'the same whatever the token is')
    t.match(answer.json(), { error: 'unauthorized_client', error_description: String })
  }
  t.match(await refresh(app, ada.refresh_token), { statusCode: 200 })
  t.notOk((await trail(app, ada.user.id)).some(({ event }) => event === 'session_ended'))
})

t.test('twenty requests at once on two nodes end it once', async t => {
  const ada = await signIn(app)
  const answers = await Promise.all(Array.from({ length: 20 }, (_, place) =>
    revoke(place % 2 ? app : other, service, place % 3 ? ada.refresh_token : ada.access_token)))

  t.same(new Set(answers.map(({ statusCode }) => statusCode)), new Set([200]))
  t.equal((await trail(app, ada.user.id)).filter(({ event }) => event === 'session_ended').length, 1)
  t.match(await app.database`select count(*)::int from changes where subject_id = ${ada.session.id}`, [{ count: 1 }])
})

t.test('the tokens of a refresh that races a revocation do not work', async t => {
  for (let round = 0; round < 5; round++) {
    const ada = await signIn(app)
    const [answers] = await Promise.all([
      Promise.all(Array.from({ length: 10 }, (_, place) => refresh(place % 2 ? app : other, ada.refresh_token))),
      revoke(app, service, ada.refresh_token)
    ])
    const got = answers.filter(({ statusCode }) => statusCode === 200).map(answer => answer.json() as Tokens)
    for (const refused of answers.filter(({ statusCode }) => statusCode !== 200)) t.match(refused.json(), { code: 'session_ended', reason: 'signed_out' })

    for (const { access_token: token, refresh_token: next } of [ada, ...got]) {
      t.match((await as(app, token, 'GET', '/auth/check')).json(), { code: 'session_ended', reason: 'signed_out' })
      t.match((await refresh(other, next)).json(), { code: 'session_ended', reason: 'signed_out' })
      await until(async () => (await as(other, token, 'GET', '/auth/check')).statusCode === 401)
    }
  }
})

t.test('a token whose key is new to this node is revoked all the same', async t => {
  await app.signingKeys.replace(operator)
  const ada = await signIn(app)
  t.match(await revoke(other, service, ada.access_token), { statusCode: 200 })
  t.match((await refresh(app, ada.refresh_token)).json(), { reason: 'signed_out' })
})

async function two () {
  const account = await signUp(app)
  return { mine: await signIn(app, account), phone: await signIn(app, account) }
}
