import t from 'tap'
import type { Test } from 'tap'
import { createSecrets } from '../../../lib/crypto/secrets.ts'
import { createRefreshTokens } from '../../../lib/sessions/refresh-tokens.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, post, refresh, signIn, signUp, start } from '../../support/helper.ts'
import type { Tokens } from '../../support/helper.ts'
import { tapWires } from '../../support/statements/wiretap.ts'
import { trail } from '../../support/trail/evidence.ts'
import { until } from '../../support/until.ts'

const { tap, deployment } = await tapWires(t, await deploy(t))
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
const account = await signUp(app)

t.test('an access token signs its session out, at once here and on every node', async t => {
  const { mine, others: [phone] } = await signedIn(2)
  const answer = await logout({}, mine.access_token)

  t.equal(answer.statusCode, 204)
  t.equal(answer.body, '')
  t.equal(answer.headers['clear-site-data'], '"cache", "storage"')
  t.match(await stateOf(mine), 'signed_out')
  await until(async () => (await as(other, mine.access_token, 'GET', '/auth/check')).statusCode === 401)
  t.match((await as(other, mine.access_token, 'GET', '/auth/check')).json(), { code: 'session_ended', reason: 'signed_out' })
  t.match((await refresh(other, mine.refresh_token)).json(), { reason: 'signed_out' })
  t.equal(await stateOf(phone), 'alive')
  t.match((await trail(app, mine.user.id)).at(-1), { event: 'session_ended', outcome: 'success', sessionId: mine.session.id, actorId: mine.user.id, read: { ip: '127.0.0.1' } })
})

t.test('the refresh token alone signs out too, even a superseded one', async t => {
  const { mine, others: [phone] } = await signedIn(2)
  t.match(await logout({ refresh_token: mine.refresh_token }), { statusCode: 204 })
  t.equal(await stateOf(mine), 'signed_out')

  await refresh(app, phone?.refresh_token ?? '')
  app.clock.advance(60_000)
  t.match(await logout({ refresh_token: phone?.refresh_token }), { statusCode: 204 })
  t.equal(await stateOf(phone), 'signed_out', 'not reuse_detected')
})

t.test('an expired access token still ends its own session', async t => {
  const { mine, others: [phone] } = await signedIn(2)
  app.clock.advance(20 * 60_000)
  t.match((await as(app, mine.access_token, 'GET', '/auth/check')).json(), { code: 'invalid_token' })
  t.match(await logout({}, mine.access_token), { statusCode: 204 })
  t.match((await refresh(app, mine.refresh_token)).json(), { reason: 'signed_out' })
  t.match(await refresh(app, phone?.refresh_token ?? ''), { statusCode: 200 })
})

t.test('an access token whose key is new to this node ends its session all the same', async t => {
  const { mine } = await signedIn(1)
  t.match(await logout({}, mine.access_token, await startWithoutKeys(t, { isPartial: false })), { statusCode: 204 })
  t.match((await refresh(app, mine.refresh_token)).json(), { code: 'session_ended', reason: 'signed_out' })
})

t.test('a node that may lack the key of an access token does not say that the session is over', async t => {
  const { mine } = await signedIn(1)
  const answer = await logout({}, mine.access_token, await startWithoutKeys(t, { isPartial: true }))
  t.match(answer.json(), { status: 503, code: 'unavailable' })
  t.notOk(answer.headers['clear-site-data'])
  t.equal(await stateOf(mine), 'alive')
})

for (const scope of ['others', 'everywhere'] as const) {
  for (const [what, prove] of Object.entries<(tokens: Tokens) => Promise<{ access?: string, refreshToken?: string }>>({
    'a live access token': async tokens => ({ access: tokens.access_token }),
    'the current refresh token': async tokens => ({ refreshToken: tokens.refresh_token }),
    'an expired access token and the current refresh token': async tokens => { app.clock.advance(20 * 60_000); return { access: tokens.access_token, refreshToken: tokens.refresh_token } }
  })) {
    t.test(`${scope} with ${what} ends the sessions in its scope`, async t => {
      const { mine, others: [phone, tablet], stranger } = await signedIn(3)
      const { access, refreshToken } = await prove(mine)
      t.match(await logout({ scope, ...(refreshToken && { refresh_token: refreshToken }) }, access), {
        statusCode: 204
      })

      for (const tokens of [phone, tablet]) t.match((await refresh(app, tokens?.refresh_token ?? '')).json(), { code: 'session_ended', reason: 'revoked_by_user' })
      t.equal((await refresh(other, mine.refresh_token)).json().reason, scope === 'others' ? undefined : 'signed_out')
      t.match(await refresh(app, stranger.refresh_token), { statusCode: 200 }, 'nobody else')
      t.match(await signIn(app, { email: mine.user.email }), { token_type: 'Bearer' }, 'and one may come back')
    })
  }

  for (const [what, prove] of Object.entries<(tokens: Tokens) => Promise<{ access?: string, refreshToken?: string }>>({
    'an expired access token': async tokens => { app.clock.advance(20 * 60_000); return { access: tokens.access_token } },
    'a superseded refresh token': async tokens => { await refresh(app, tokens.refresh_token); return { refreshToken: tokens.refresh_token } }
  })) {
    t.test(`${scope} with ${what} ends its own session only`, async t => {
      const { mine, others: [phone] } = await signedIn(2)
      const { access, refreshToken } = await prove(mine)
      t.match(await logout({ scope, ...(refreshToken && { refresh_token: refreshToken }) }, access), {
        statusCode: 204
      })

      t.match((await refresh(app, mine.refresh_token)).json(), { reason: 'signed_out' })
      t.match(await refresh(app, phone?.refresh_token ?? ''), { statusCode: 200 })
    })
  }
}

t.test('a refresh token that nobody knows to be the newest ends its own session only', async t => {
  const flush = async (tokens: Tokens) => { await app.redis.unlink(`session:{${tokens.session.id}}`) }
  const rewind = async (tokens: Tokens) => {
    const key = `session:{${tokens.session.id}}`
    await app.redis.set(key, (await app.redis.get(key) ?? '').replace(/^\d+/, '1'))
  }

  for (const [lose, rotations] of [[flush, 2], [flush, 0], [rewind, 2]] as const) {
    const { mine, others: [phone] } = await signedIn(2)
    const tokens = [mine.refresh_token]
    for (let n = 0; n < rotations; n++) tokens.push((await refresh(app, tokens.at(-1) ?? '')).json().refresh_token)
    const [presented] = lose === rewind ? tokens.slice(1) : tokens
    await lose(mine)
    t.match(await logout({ scope: 'everywhere', refresh_token: presented }), { statusCode: 204 })

    t.equal(await stateOf(mine), 'signed_out')
    t.match(await refresh(app, phone?.refresh_token ?? ''), { statusCode: 200 }, `${lose.name} after ${rotations}`)
  }
})

t.test('scope others keeps the own session, whose older access token asks for a refresh', async t => {
  const { mine } = await signedIn(2)
  await logout({ scope: 'others' }, mine.access_token)

  const check = await as(app, mine.access_token, 'GET', '/auth/check')
  t.ok(check.statusCode === 204 || check.json().code === 'invalid_token', 'never session_ended')
  const next = (await refresh(app, mine.refresh_token)).json()
  t.match(await as(app, next.access_token, 'GET', '/auth/check'), { statusCode: 204 })
  t.match((await as(app, next.access_token, 'GET', '/auth/sessions')).json().sessions, [{ id: mine.session.id, current: true }])
})

t.test('an access token from before the last end of all others ends its own session only', async t => {
  const { mine } = await signedIn(2)
  await logout({ scope: 'others' }, mine.access_token)
  const phone = await signIn(app, { email: mine.user.email })

  t.match(await logout({ scope: 'everywhere' }, mine.access_token), { statusCode: 204 })
  t.equal(await stateOf(mine), 'signed_out')
  t.equal(await stateOf(phone), 'alive', 'a thief may hold a token that was good for more once')
})

t.test('scope everywhere ends every access token on both nodes', async t => {
  const { mine, others: [phone] } = await signedIn(2)
  await logout({ scope: 'everywhere' }, mine.access_token)
  t.equal(await stateOf(mine), 'signed_out')
  t.equal(await stateOf(phone), 'revoked_by_user')
  await until(async () => (await as(other, phone?.access_token ?? '', 'GET', '/auth/check')).statusCode === 401)
  t.match((await as(other, mine.access_token, 'GET', '/auth/check')).json(), { reason: 'signed_out' })
})

t.test('a logout is idempotent, in every scope and twenty at once', async t => {
  for (const scope of ['local', 'others', 'everywhere']) {
    const { mine } = await signedIn(2)
    for (let n = 0; n < 2; n++) {
      t.match(await logout({ scope, refresh_token: mine.refresh_token }, mine.access_token), { statusCode: 204 }, scope)
    }
  }
  const { mine } = await signedIn(1)
  const answers = await Promise.all(Array.from({ length: 20 }, (_, place) =>
    logout({}, mine.access_token, place % 2 ? app : other)))
  t.same(new Set(answers.map(({ statusCode }) => statusCode)), new Set([204]))
  t.equal((await trail(app, mine.user.id)).filter(row => row.event === 'session_ended').length, 1, 'one event')
})

t.test('the first cause of an end stays', async t => {
  const { mine, others: [phone] } = await signedIn(2)
  await as(app, phone?.access_token ?? '', 'DELETE', `/auth/sessions/${mine.session.id}`)
  await logout({ scope: 'everywhere', refresh_token: mine.refresh_token }, mine.access_token)
  t.equal(await stateOf(mine), 'revoked_by_user')
  t.equal(await stateOf(phone), 'alive', 'a dead session ends nobody else')
})

t.test('without credentials, or with foreign or broken ones, the answer is 204, and no store is asked', async t => {
  const elsewhere = await start(t, await deploy(t), { workers: false, hasher: cheapHasher })
  const foreign = await signIn(elsewhere)
  const { mine } = await signedIn(1)
  const flip = (token: string) => `${token.slice(0, -6)}${token.at(-6) === 'A' ? 'B' : 'A'}${token.slice(-5)}`
  tap.take()

  for (const scope of ['local', 'others', 'everywhere']) {
    t.match(await logout({ scope }), { statusCode: 204 })
    t.match(await logout({ scope, refresh_token: foreign.refresh_token }), { statusCode: 204 })
    t.match(await logout({ scope, refresh_token: flip(mine.refresh_token) }), { statusCode: 204 })
    t.match(await logout({ scope, refresh_token: mine.access_token }), { statusCode: 204 })
    t.match(await logout({ scope }, flip(mine.access_token)), { statusCode: 204 })
    t.match(await logout({ scope }, mine.refresh_token), { statusCode: 204 })
    t.match(await logout({ scope }, 'x'), { statusCode: 204 })
  }
  t.match(await post(app, '/auth/logout'), { statusCode: 204 })
  t.same(tap.take(), { statements: [], commands: [] })
  // A token with an unknown key may make this node read the ring, at most once a second.
  t.match(await logout({ scope: 'everywhere' }, foreign.access_token), { statusCode: 204 })
  t.equal(await stateOf(mine), 'alive')
})

t.test('a refresh token of the other transport is ignored', async t => {
  const { mine } = await signedIn(1)
  const tokens = createRefreshTokens(createSecrets([Buffer.from(deployment.ENCRYPTION_KEY, 'base64')]).derive(`refresh tokens of ${deployment.ISSUER_URL}`))
  const claims = tokens.read(mine.refresh_token)
  if (!claims) throw new Error('not ours')
  t.match(await logout({ refresh_token: tokens.issue({ ...claims, transport: 'cookie' }) }), { statusCode: 204 })
  t.equal(await stateOf(mine), 'alive')
})

t.test('two users’ tokens in one request end only what each of them proves', async t => {
  const [ada, bob] = [await signedIn(2), await signedIn(2)]
  t.match(await logout({ scope: 'everywhere', refresh_token: bob.mine.refresh_token }, ada.mine.access_token), { statusCode: 204 })
  t.equal(await stateOf(bob.others[0]), 'alive')
  app.clock.advance(20 * 60_000)
  const cleo = await signedIn(2)
  app.clock.advance(20 * 60_000)
  t.match(await logout({ scope: 'everywhere', refresh_token: bob.others[0]?.refresh_token }, cleo.mine.access_token), { statusCode: 204 })
  t.match(await refresh(app, cleo.others[0]?.refresh_token ?? ''), { statusCode: 200 }, 'an expired token of hers with another’s refresh token')
})

t.test('a deleted user’s tokens log out without an error', async t => {
  const { mine } = await signedIn(1)
  await app.database`delete from users where id = ${mine.user.id}`
  for (const scope of ['local', 'others', 'everywhere']) t.match(await logout({ scope, refresh_token: mine.refresh_token }, mine.access_token), { statusCode: 204 })
})

t.test('an unknown scope is refused and ends nothing', async t => {
  const { mine } = await signedIn(1)
  for (const body of [{ scope: 'all' }, { scope: null }, { scope: 1 }, { scope: ['local'] }, { refresh_token: 1 }, { refresh_token: '' }, { session_id: mine.session.id }, { user_id: mine.user.id }]) {
    t.match((await logout(body, mine.access_token)).json(), { status: 422, code: 'invalid_request' }, JSON.stringify(body))
  }
  t.match(await app.inject({ method: 'GET', url: '/api/v1/auth/logout', headers: { authorization: `Bearer ${mine.access_token}` } }), { statusCode: 405 })
  t.equal(await stateOf(mine), 'alive')
})

t.test('a logout that waits while its session is moved to a new epoch still ends it', async t => {
  const { mine } = await signedIn(1)
  let answer: ReturnType<typeof logout> | undefined

  await app.database.begin(async tx => {
    await tx`update users set session_epoch = session_epoch + 1 where id = ${mine.user.id}`
    await tx`update sessions set user_epoch = user_epoch + 1 where id = ${mine.session.id}`
    answer = logout({ refresh_token: mine.refresh_token })
    await until(async () => (await app.database`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).length > 0)
  })
  t.match(await answer, { statusCode: 204 })
  t.match((await refresh(app, mine.refresh_token)).json(), { reason: 'signed_out' })
})

t.test('a refresh that races a logout leaves nothing alive', async t => {
  for (let n = 0; n < 20; n++) {
    const mine = await signIn(app, account)
    const [answer] = await Promise.all([refresh(other, mine.refresh_token), logout({}, mine.access_token)])
    if (answer.statusCode === 200) t.match((await refresh(app, answer.json().refresh_token)).json(), { reason: 'signed_out' })
    else t.match(answer.json(), { reason: 'signed_out' })
  }
})

async function signedIn (count: number) {
  const ada = await signUp(app)
  const mine = await signIn(app, ada)
  const others: Tokens[] = []
  while (others.length < count - 1) others.push(await signIn(app, ada))
  return { mine, others, stranger: await signIn(app, account) }
}

/** A node that knows no key until it looks the keys up: then all of them, or still none if its ring is partial. */
async function startWithoutKeys (t: Pick<Test, 'teardown'>, { isPartial }: { isPartial: boolean }) {
  const node = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
  const { current } = node.keyring
  let ring: typeof current = { ...current, verifying: new Map(), isPartial }
  const lookUp = async () => { if (!isPartial) ring = current }
  Object.defineProperties(node.keyring, { current: { get: () => ring }, lookUp: { value: lookUp } })
  return node
}

async function logout (body: object, access?: string, node = app) {
  return await post(node, '/auth/logout', body, access ? { authorization: `Bearer ${access}` } : {})
}

/** 'alive', or the reason why not, as both kinds of token say it. */
async function stateOf (tokens: Tokens | undefined) {
  const check = await as(app, tokens?.access_token ?? '', 'GET', '/auth/check')
  const next = await refresh(app, tokens?.refresh_token ?? '')
  if (check.statusCode === 204 && next.statusCode === 200) return 'alive'
  return check.json().reason === next.json().reason ? check.json().reason : `${check.body} ${next.body}`
}
