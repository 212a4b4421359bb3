import t from 'tap'
import type { Test } from 'tap'
import { createClock } from '../../../lib/clock.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, password, received, refresh, signIn, start } from '../../support/helper.ts'
import type { Tokens } from '../../support/helper.ts'
import { tapWires } from '../../support/statements/wiretap.ts'
import { mailJobs, trail } from '../../support/trail/evidence.ts'
import { until } from '../../support/until.ts'

const day = 86_400_000
const { app, other, deployment } = await openTwo(t)

t.test('an answer that was lost is missed a day later: the session goes on, and no mail is sent', async t => {
  const ada = await signIn(app)
  await refresh(app, ada.refresh_token)
  app.clock.advance(day)

  const next = await tokensOf(refresh(other, ada.refresh_token))
  t.match(await as(app, next.access_token, 'GET', '/auth/check'), { statusCode: 204 })
  t.same(next.session, ada.session)
  t.match((await trail(app, ada.user.id)).at(-1), {
    event: 'authn_token_anomaly',
    outcome: 'success',
    reason: 'resumed',
    sessionId: ada.session.id
  })
  t.same(await reuseMails(ada), [])
  t.match(await refresh(app, next.refresh_token), { statusCode: 200 }, 'and on')
})

t.test('answers may be lost without end', async t => {
  const ada = await signIn(app)
  for (let times = 0; times < 10; times++) {
    t.match(await refresh(times % 2 ? app : other, ada.refresh_token), { statusCode: 200 })
    app.clock.advance(11 * 60_000)
  }
  await keep(await tokensOf(refresh(app, ada.refresh_token)))
  t.same(await reuseMails(ada), [])
})

t.test('a resumption counts as a rotation, and is refused beyond the limit without being used up', async t => {
  const limited = await open(t, { RATE_LIMITS_ENABLED: 'true', RATE_LIMIT_REFRESH: '2/15m' })
  const ada = await signIn(limited)
  t.match(await refresh(limited, ada.refresh_token), { statusCode: 200 })
  limited.clock.advance(60_000)
  t.match(await refresh(limited, ada.refresh_token), { statusCode: 200 }, 'resumed')
  limited.clock.advance(60_000)

  t.match((await refresh(limited, ada.refresh_token)).json(), { code: 'rate_limited' })
  t.equal((await trail(limited, ada.user.id)).filter(({ reason }) => reason === 'resumed').length, 1)
  limited.clock.advance(15 * 60_000)
  t.match(await refresh(limited, ada.refresh_token), { statusCode: 200 }, 'it is still the token that resumes')
})

t.test('retries of a token that has resumed its session get its one answer again', async t => {
  const ada = await signIn(app)
  await refresh(app, ada.refresh_token)
  app.clock.advance(day)

  const answers = await Promise.all(Array.from({ length: 20 }, (_, place) =>
    tokensOf(refresh(place % 2 ? app : other, ada.refresh_token))))
  const [newest] = new Set(answers.map(answer => answer.refresh_token))
  t.equal(new Set(answers.map(answer => answer.refresh_token)).size, 1)
  t.equal((await trail(app, ada.user.id)).filter(({ reason }) => reason === 'resumed').length, 1)

  await received(app, answers[0] ?? ada)
  t.equal((await tokensOf(refresh(app, ada.refresh_token))).refresh_token, newest, 'also when one has arrived')
  await tokensOf(refresh(app, newest ?? ''))
  t.match(await refresh(app, ada.refresh_token), { statusCode: 200 }, 'and when that was rotated')
})

t.test('an access token that is used once, at another node, shows that the answer has arrived', async t => {
  const ada = await signIn(app)
  const next = await tokensOf(refresh(app, ada.refresh_token))
  await received(other, next)
  app.clock.advance(31_000)

  t.match((await refresh(app, ada.refresh_token)).json(), { code: 'session_ended', reason: 'reuse_detected' })
  t.match((await refresh(app, next.refresh_token)).json(), { reason: 'reuse_detected' })
  t.equal((await reuseMails(ada)).length, 1)
})

t.test('a rotation shows that the answer before it has arrived', async t => {
  const ada = await signIn(app)
  const next = await tokensOf(refresh(app, ada.refresh_token))
  await refresh(app, next.refresh_token)
  app.clock.advance(31_000)
  t.match((await refresh(app, ada.refresh_token)).json(), { reason: 'reuse_detected' })
})

t.test('an expired access token shows it too', async t => {
  const ada = await signIn(app)
  const next = await tokensOf(refresh(app, ada.refresh_token))
  app.clock.advance(20 * 60_000)
  await received(app, next)
  t.match((await refresh(app, ada.refresh_token)).json(), { reason: 'reuse_detected' })
})

t.test('a thief who rotates and is silent is burnt by the owner’s return', async t => {
  const ada = await signIn(app)
  const thief = await tokensOf(refresh(other, ada.refresh_token))
  app.clock.advance(31_000)
  const owner = await tokensOf(refresh(app, ada.refresh_token))

  t.match((await refresh(other, thief.refresh_token)).json(), { reason: 'reuse_detected' }, 'within the grace, too')
  t.match((await refresh(app, owner.refresh_token)).json(), { reason: 'reuse_detected' })
  t.equal((await reuseMails(ada)).length, 1)
})

t.test('what is burnt stays burnt when the session has gone on', async t => {
  for (const rotations of [1, 3]) {
    const ada = await signIn(app)
    const thief = await tokensOf(refresh(other, ada.refresh_token))
    app.clock.advance(31_000)
    let owner = await tokensOf(refresh(app, ada.refresh_token))
    for (let n = 0; n < rotations; n++) owner = await tokensOf(refresh(app, owner.refresh_token))
    t.match((await refresh(other, thief.refresh_token)).json(), { reason: 'reuse_detected' }, `${rotations}`)
  }
})

t.test('a thief who is silent until the owner has returned is found by his access token', async t => {
  const ada = await signIn(app)
  const thief = await tokensOf(refresh(other, ada.refresh_token))
  app.clock.advance(31_000)
  let owner = await tokensOf(refresh(app, ada.refresh_token))
  await received(app, owner)
  app.clock.advance(60_000)
  owner = await tokensOf(refresh(app, owner.refresh_token))
  t.same(await reuseMails(ada), [])

  await received(other, thief)
  for (const token of [thief, owner]) {
    t.match((await as(other, token.access_token, 'GET', '/auth/check')).json(), { reason: 'reuse_detected' })
    t.match((await refresh(other, token.refresh_token)).json(), { reason: 'reuse_detected' })
  }
  t.equal((await reuseMails(ada)).length, 1)
  t.equal((await trail(app, ada.user.id)).filter(({ event }) => event === 'authn_token_reuse').length, 1)
})

t.test('a thief who rotates and uses what he got is found by the owner’s return', async t => {
  const ada = await signIn(app)
  await received(other, await tokensOf(refresh(other, ada.refresh_token)))
  app.clock.advance(31_000)
  t.match((await refresh(app, ada.refresh_token)).json(), { reason: 'reuse_detected' })
  t.equal((await reuseMails(ada)).length, 1)
})

t.test('a session that is resumed twice has one successor', async t => {
  const ada = await signIn(app)
  const lost: Tokens[] = []
  for (let times = 0; times < 3; times++) {
    lost.push(await tokensOf(refresh(app, ada.refresh_token)))
    app.clock.advance(31_000)
  }
  const passedOver = lost[1]?.refresh_token ?? ''
  await keep(lost[2] ?? ada)
  t.match((await refresh(app, passedOver)).json(), { reason: 'reuse_detected' })
})

t.test('the token from before a proof of the password goes on if that answer was lost', async t => {
  const ada = await signIn(app)
  await refresh(app, ada.refresh_token)
  await as(app, ada.access_token, 'POST', '/auth/reauthenticate', { password })
  app.clock.advance(day)
  await keep(await tokensOf(refresh(app, ada.refresh_token)))
  t.same(await reuseMails(ada), [])

  const bob = await signIn(app)
  await app.redis.del(`session:{${bob.session.id}}`)
  await as(app, bob.access_token, 'POST', '/auth/reauthenticate', { password })
  app.clock.advance(day)
  await keep(await tokensOf(refresh(app, bob.refresh_token)))
})

t.test('the floor stays at the token that may resume', async t => {
  const ada = await signIn(app)
  const passing = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
  for (let times = 0; times < 3; times++) {
    app.clock.advance(16 * 60_000)
    await tokensOf(refresh(passing, ada.refresh_token))
  }
  await passing.close()
  const [row] = await app.database<{ floor: number }>`select floor from sessions where id = ${ada.session.id}`
  t.equal(Number(row?.floor), 1)
  await keep(await tokensOf(refresh(app, ada.refresh_token)))
})

t.test('a session without a hot record, or whose confirmation Redis has lost, is resumable once more', async t => {
  const ada = await signIn(app)
  const name = `session:{${ada.session.id}}`
  const next = await tokensOf(refresh(app, ada.refresh_token))
  const unconfirmed = await app.redis.get(name)
  await received(app, next)
  t.not(await app.redis.get(name), unconfirmed)
  await app.redis.set(name, String(unconfirmed))
  app.clock.advance(31_000)

  await tokensOf(refresh(app, ada.refresh_token))
  t.match((await refresh(app, next.refresh_token)).json(), { reason: 'reuse_detected' }, 'and then it is found')
})

t.test('nothing that has ended is resumed', async t => {
  const ada = await signIn(app)
  const next = await tokensOf(refresh(app, ada.refresh_token))
  await as(app, next.access_token, 'POST', '/auth/logout')
  app.clock.advance(day)
  t.match((await refresh(app, ada.refresh_token)).json(), { code: 'session_ended', reason: 'signed_out' })

  const bob = await signIn(app)
  await refresh(app, bob.refresh_token)
  app.clock.advance(7 * day)
  // The record expires with the session; Redis' own clock has not moved.
  await app.redis.del(`session:{${bob.session.id}}`)
  t.match((await refresh(app, bob.refresh_token)).json(), { reason: 'idle' })
})

t.test('a record takes 200 bytes in Redis at most', async t => {
  const ada = await signIn(app)
  const bytes = async () => Number(await app.redis.memory('USAGE', `session:{${ada.session.id}}`))
  const sizes = [await bytes()]
  await tokensOf(refresh(app, ada.refresh_token))
  sizes.push(await bytes())
  app.clock.advance(31_000)
  await tokensOf(refresh(app, ada.refresh_token))
  sizes.push(await bytes())

  t.ok(sizes.every(size => size > 50 && size <= 200), `new, rotated, resumed: ${sizes.join(', ')}`)
  t.comment(`new, rotated, resumed: ${sizes.join(', ')} bytes`)
})

t.test('access tokens carry the generation', async t => {
  const ada = await signIn(app)
  const next = await tokensOf(refresh(app, ada.refresh_token))
  t.same([ada, next].map(({ access_token: token }) => app.tokens.verify(token).gen), [1, 2])
})

t.test('a request tells Redis nothing: the node does, later, once a generation', async t => {
  const { tap, deployment } = await tapWires(t, await deploy(t))
  const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
  const ada = await signIn(app)
  const pairs = [await tokensOf(refresh(app, ada.refresh_token)), await tokensOf(refresh(app, ada.refresh_token))]
  await until(() => app.confirmations.size === 0)
  const before = tap.confirmations
  tap.take()

  for (const { access_token: token } of [...pairs, ...pairs]) await as(app, token, 'GET', '/auth/check')
  t.same(tap.take(), { statements: [], commands: [] }, 'the answers waited for no store')
  await until(() => app.confirmations.size === 0)
  t.equal(tap.confirmations - before, 1)
})

t.test('a node tells Redis what it has seen when it closes', async t => {
  const passing = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
  const ada = await signIn(app)
  const next = await tokensOf(refresh(app, ada.refresh_token))
  await as(passing, next.access_token, 'GET', '/auth/check')
  await passing.close()
  t.notMatch(await app.redis.get(`session:{${ada.session.id}}`), 'u')
})

t.test('with REFRESH_RESUME=false a lost answer that is missed after the grace ends the session', async t => {
  const app = await open(t, { REFRESH_RESUME: 'false' })
  const ada = await signIn(app)
  await refresh(app, ada.refresh_token)
  t.notMatch(await app.redis.get(`session:{${ada.session.id}}`), 'u')
  app.clock.advance(31_000)
  t.match((await refresh(app, ada.refresh_token)).json(), { reason: 'reuse_detected' })
})

t.test('without a grace each of many requests resumes, and only the last answer goes on', async t => {
  const app = await open(t, { REFRESH_GRACE: '0s' })
  const ada = await signIn(app)
  const answers = await Promise.all(Array.from({ length: 10 }, () => tokensOf(refresh(app, ada.refresh_token))))
  t.equal(new Set(answers.map(({ refresh_token: token }) => token)).size, 10)

  const generation = ({ access_token: token }: Tokens) => app.tokens.verify(token).gen ?? 0
  const [before, last] = answers.sort((a, b) => generation(a) - generation(b)).slice(-2)
  t.match(await refresh(app, last?.refresh_token ?? ''), { statusCode: 200 })
  t.match((await refresh(app, before?.refresh_token ?? '')).json(), { reason: 'reuse_detected' })
})

// An owner who has received an answer uses it, and goes on from it.
async function keep (tokens: Tokens) {
  await received(app, tokens)
  app.clock.advance(31_000)
  const { statusCode, body } = await refresh(other, tokens.refresh_token)
  if (statusCode !== 200) throw new Error(`refresh answered ${statusCode}: ${body}`)
}

async function open (t: Test, settings: Record<string, string> = {}) {
  return await start(t, await deploy(t, settings), { workers: false, hasher: cheapHasher })
}

async function openTwo (t: Test) {
  const deployment = await deploy(t)
  const clock = createClock()
  const [app, other] = await Promise.all([1, 2].map(() =>
    start(t, deployment, { workers: false, hasher: cheapHasher, clock })))
  if (!app || !other) throw new Error('two nodes')
  return { app, other, deployment }
}

async function tokensOf (answer: ReturnType<typeof refresh>): Promise<Tokens> {
  const { statusCode, body } = await answer
  if (statusCode !== 200) throw new Error(`refresh answered ${statusCode}: ${body}`)
  return JSON.parse(body)
}

async function reuseMails ({ user }: Tokens) {
  return (await mailJobs(app, 'reuse_detected')).filter(({ userId }) => userId === user.id)
}
