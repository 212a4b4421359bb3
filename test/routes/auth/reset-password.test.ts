import { randomUUID } from 'node:crypto'
import t from 'tap'
import { createClock } from '../../../lib/clock.ts'
import { Refusal } from '../../../lib/errors.ts'
import type { Purpose } from '../../../lib/tokens/one-time-token-store.ts'
import { ownRedis } from '../../failure/nodes.ts'
import { createAuthenticator } from '../../support/accounts/authenticator.ts'
import { addTotp, mailedToken } from '../../support/accounts/factors.ts'
import { add, enter, origin } from '../../support/accounts/passkeys.ts'
import { disable } from '../../support/accounts/people.ts'
import { connect } from '../../support/database.ts'
import { cheapHasher, knownTurn } from '../../support/hashers.ts'
import { api, as, deploy, freshAddress, password, post, refresh, signIn, signUp, start } from '../../support/helper.ts'
import { mailJobs, trail } from '../../support/trail/evidence.ts'

const hour = 3_600_000
const newPassword = 'seven quiet herons over reeds'
const anotherPassword = 'nine loud geese under bridges'
const clock = createClock()
const hasher = pausingAtHash()
const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false, hasher, clock })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock })

t.test('a token sets the password, answers with a device token and signs nobody in', async t => {
  const ada = await signUp(app)
  const answer = await reset(await tokenFor(ada.user.id))

  t.equal(answer.statusCode, 200)
  t.same(Object.keys(answer.json()), ['device_token'])
  t.notOk(answer.headers['set-cookie'])
  t.equal((await app.database`select 1 from sessions where user_id = ${ada.user.id}`).length, 0)
  t.match(await post(app, '/auth/login', { email: ada.email, password }), { statusCode: 401 })
  t.match(await post(other, '/auth/login', { email: ada.email, password: newPassword }), { statusCode: 200 }, 'on the other node too')
})

t.test('every session ends, at once here and on the other node after its next read', async t => {
  const ada = await signUp(app)
  const [phone, laptop] = [await signIn(app, ada), await signIn(other, ada)]
  const eve = await signIn(app)
  t.match(await reset(await tokenFor(ada.user.id)), { statusCode: 200 })
  await other.feed.read()

  for (const { access_token: access, refresh_token: token } of [phone, laptop]) {
    for (const node of [app, other]) {
      t.match((await as(node, access, 'GET', '/auth/me')).json(), { status: 401, code: 'session_ended', reason: 'password_changed' })
      t.match((await as(node, access, 'GET', '/auth/check')), { statusCode: 401 })
      t.match((await refresh(node, token)).json(), { status: 401, code: 'session_ended', reason: 'password_changed' })
    }
  }
  t.match(await as(app, eve.access_token, 'GET', '/auth/me'), { statusCode: 200 }, 'nobody else’s')
})

t.test('a browser gets the device token as a cookie, and never in the body', async t => {
  const ada = await signUp(app)
  const page = { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-origin' }
  const token = await tokenFor(ada.user.id)
  for (const headers of [{}, { origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
    t.match((await post(app, '/auth/password/reset', { token, new_password: newPassword, transport: 'cookie' }, headers)).json(), { status: 403, code: 'csrf' })
  }

  const answer = await post(app, '/auth/password/reset', { token, new_password: newPassword, transport: 'cookie' }, page)
  t.equal(answer.statusCode, 200)
  t.same(answer.json(), {})
  const cookies = [answer.headers['set-cookie']].flat().map(String)
  t.equal(cookies.length, 1)
  t.match(cookies[0], /^__Host-device=[\w-]+; Max-Age=31536000; Path=\/; HttpOnly; Secure; SameSite=Strict$/)

  for (let n = 0; n < 5; n++) await post(app, '/auth/login', { email: ada.email, password: 'not the password' })
  t.match(await post(app, '/auth/login', { email: ada.email, password: newPassword, transport: 'cookie' }, { ...page, cookie: cookies[0]?.split(';')[0] ?? '' }), { statusCode: 200 }, 'the account knows it')
})

t.test('of twenty resets at once with different passwords one wins, whichever node it asks', async t => {
  for (let round = 0; round < 3; round++) {
    const ada = await signUp(app)
    const session = await signIn(app, ada)
    const before = await account(ada.user.id)
    const token = await tokenFor(ada.user.id)
    const passwords = Array.from({ length: 20 }, (_, n) => `${newPassword} ${n}`)
    const answers = await Promise.all(passwords.map((attempt, n) => reset(token, attempt, n % 2 ? app : other)))

    t.same(answers.map(({ statusCode }) => statusCode).sort(), [200, ...Array(19).fill(422)])
    t.same(new Set(answers.filter(({ statusCode }) => statusCode === 422).map(answer => answer.json().code)), new Set(['token_invalid']))
    const [winner = -1] = answers.flatMap(({ statusCode }, n) => statusCode === 200 ? [n] : [])
    t.equal(await app.passwords.verify((await account(ada.user.id)).passwordHash, passwords[winner] ?? '', knownTurn), true, 'the hash is the winner’s')

    const after = await account(ada.user.id)
    t.same([after.sessionEpoch - before.sessionEpoch, after.version - before.version], [1, 1], 'the sessions end once')
    t.equal((await mailJobs(app, 'password_changed')).filter(({ userId }) => userId === ada.user.id).length, 1)
    t.equal((await trail(app, ada.user.id)).filter(({ event, outcome }) => event === 'authn_password_change' && outcome === 'success').length, 1)
    t.match(await refresh(app, session.refresh_token), { statusCode: 401 })
  }
})

t.test('wrong, truncated, extended, respelled, spent, expired, superseded and foreign tokens, of another purpose or no user, get one refusal', async t => {
  const ada = await signUp(app)
  const spent = await tokenFor(ada.user.id)
  await reset(spent)
  const eve = await signUp(app)
  const outdone = await tokenFor(eve.user.id)
  const token = await tokenFor(eve.user.id)
  const gone = await signUp(app)
  const ofGone = await tokenFor(gone.user.id)
  await app.database`delete from users where id = ${gone.user.id}`
  const disabled = await signUp(app)
  const ofDisabled = await tokenFor(disabled.user.id)
  await disable(app, disabled.user.id)
  const late = await signUp(app)
  const expired = await tokenFor(late.user.id)
  clock.advance(hour)
  const fresh = await tokenFor(eve.user.id)
  const before = await account(eve.user.id)

  const answers = []
  for (const attempt of [
    spent, outdone, token, ofGone, ofDisabled, expired, fresh.slice(1), fresh.slice(0, -1), `${fresh}A`, `${fresh}=`, ` ${fresh}`, `${fresh} `, fresh.toUpperCase(), fresh.toLowerCase(), `#token=${fresh}`, 'x', '{}', '../../etc/passwd', '’ or 1=1 --',
    app.oneTimeTokens.tokenOf('password_reset', randomUUID()), await tokenFor(eve.user.id, 'email_change', freshAddress()), await tokenFor(eve.user.id, 'email_undo', freshAddress()), ada.deviceToken, (await signIn(app, late)).refresh_token, (await signIn(app, late)).access_token
  ]) answers.push(await reset(attempt))

  t.same(new Set(answers.map(answer => JSON.stringify({ ...answer.json(), request_id: '' }))).size, 1)
  t.match(answers[0]?.json(), { status: 422, code: 'token_invalid' })
  t.equal(new Set(answers.map(({ headers: { date, 'x-request-id': _, ...headers } }) => JSON.stringify(headers))).size, 1)
  t.same(await account(eve.user.id), before)
  t.match(await reset(fresh), { statusCode: 200 })
})

t.test('a token works for an hour', async t => {
  const ada = await signUp(app)
  const token = await tokenFor(ada.user.id)
  clock.advance(hour - 5000)
  t.match(await reset(token), { statusCode: 200 })
})

t.test('a change of the password invalidates all links in the mailbox: resets, invitations, new addresses', async t => {
  const ada = await signUp(app)
  const tokens = await signIn(app, ada)
  const [link, invitation, address, undo] = [await tokenFor(ada.user.id), await tokenFor(ada.user.id, 'invitation'), await tokenFor(ada.user.id, 'email_change', freshAddress()), await tokenFor(ada.user.id, 'email_undo', freshAddress())]
  t.match(await as(app, tokens.access_token, 'POST', '/auth/password/change', { current_password: password, new_password: anotherPassword }), { statusCode: 200 })
  for (const token of [link, invitation]) t.match((await reset(token)).json(), { code: 'token_invalid' })
  await t.rejects(app.oneTimeTokens.find(address, 'email_change'), { code: 'token_invalid' }, 'who was in the session may have asked for it')
  t.ok(await app.oneTimeTokens.find(undo, 'email_undo'), 'the way back stays open')
  t.match(await post(app, '/auth/login', { email: ada.email, password: anotherPassword }), { statusCode: 200 })
})

t.test('a reset invalidates them too', async t => {
  const ada = await signUp(app)
  const [link, invitation, address, undo] = [await tokenFor(ada.user.id), await tokenFor(ada.user.id, 'invitation'), await tokenFor(ada.user.id, 'email_change', freshAddress()), await tokenFor(ada.user.id, 'email_undo', freshAddress())]
  t.match(await reset(link), { statusCode: 200 })
  t.match((await reset(invitation)).json(), { code: 'token_invalid' })
  await t.rejects(app.oneTimeTokens.find(address, 'email_change'), { code: 'token_invalid' })
  t.ok(await app.oneTimeTokens.find(undo, 'email_undo'))
})

t.test('a rejected password spends no token and gets its reasons', async t => {
  const ada = await signUp(app)
  const token = await tokenFor(ada.user.id)
  const local = ada.email.split('@')[0] ?? ''
  for (const [refused, code] of [['short', 'too_short'], ['x'.repeat(129), 'too_long'], ['password', 'blocklisted'], [`${local}1`, 'context_word'], ['ada king', 'context_word'], ['aaaaaaaaaaaa', 'guessable']] as const) {
    const answer = await reset(token, refused)
    t.match(answer.json(), { status: 422, code: 'password_rejected', errors: [{ path: '/new_password' }] }, refused.slice(0, 20))
    t.ok(answer.json().errors.some((error: { code: string }) => error.code === code), `${refused.slice(0, 20)}: ${code}`)
  }
  for (const refused of ['half a \ud83d character', 'a \0 in the middle']) t.match((await reset(token, refused)).json(), { status: 400, code: 'malformed_request' })
  t.match(await post(app, '/auth/login', { email: ada.email, password }), { statusCode: 200 }, 'nothing has changed')
  t.match(await reset(token), { statusCode: 200 })
})

t.test('without a token nobody learns which passwords are accepted', async t => {
  t.match((await reset('x', 'short')).json(), { code: 'token_invalid' })
})

t.test('an invitation sets the first password and verifies the address', async t => {
  const email = freshAddress()
  const id = await invite(email)
  const token = await tokenFor(id, 'invitation')
  clock.advance(6 * 24 * hour)
  t.match(await post(app, '/auth/login', { email, password: newPassword }), { statusCode: 401 })
  const answer = await reset(token)
  t.same(Object.keys(answer.json()), ['device_token'])

  const tokens = await signIn(app, { email, password: newPassword })
  t.match((await as(app, tokens.access_token, 'GET', '/auth/me')).json(), { user: { email_verified: true, must_change_password: false } })
  t.match((await trail(app, id)).find(({ event }) => event === 'authn_password_change'), { outcome: 'success', reason: 'invitation' })
})

t.test('a stranger who registered another person’s address is signed out when its owner resets', async t => {
  const own = await deploy(t, { EMAIL_VERIFICATION: 'optional' })
  const node = await start(t, own, { workers: false, hasher: cheapHasher })
  const email = freshAddress()
  const { user } = (await post(node, '/auth/register', { email, password, full_name: 'Eve' })).json()
  const eve = await signIn(node, { email })
  await post(node, '/auth/password/forgot', { email })
  const [job] = await mailJobs(node, 'password_reset')
  t.match(await reset(node.oneTimeTokens.tokenOf('password_reset', job?.['tokenId'] ?? ''), newPassword, node), { statusCode: 200 })

  t.match((await refresh(node, eve.refresh_token)).json(), { reason: 'password_changed' })
  t.match(await post(node, '/auth/login', { email, password }), { statusCode: 401 })
  t.match(await node.database`select email_verified from users where id = ${user.id}`, [{ emailVerified: true }])
})

t.test('what a stranger has added to a registration of another person’s address is gone when its owner resets', async t => {
  const node = await start(t, await deploy(t, { EMAIL_VERIFICATION: 'optional' }), { workers: false, hasher: cheapHasher })
  const email = freshAddress()
  const { user } = (await post(node, '/auth/register', { email, password, full_name: 'Eve' })).json()
  const eve = await signIn(node, { email })
  const key = createAuthenticator({ origin })
  await add(node, eve, key)
  t.match(await enter(node, { key }), { statusCode: 200 })
  const { answer } = await addTotp(node, (await enter(node, { key })).json().access_token)
  t.match(answer, { statusCode: 200 }, 'from here on the account has two steps')

  t.match(await reset(await mailedToken(node, 'password_reset', user.id), newPassword, node), { statusCode: 200 })
  t.match((await enter(node, { key })).json(), { status: 401, code: 'passkey_unknown' })
  const owner = await signIn(node, { email, password: newPassword })
  t.match((await as(node, owner.access_token, 'GET', '/auth/second-factors')).json(), { two_step: false, totp: null, passkeys: { length: 0 }, recovery_codes: null })
  t.match((await trail(node, user.id)).find(({ event }) => event === 'authn_factor_removed'), { outcome: 'success', reason: 'address_proved', actorId: user.id })
  t.equal((await mailJobs(node, 'second_factor_removed')).length, 1)

  const again = createAuthenticator({ origin })
  await add(node, owner, again)
  t.match(await reset(await mailedToken(node, 'password_reset', user.id), anotherPassword, node), { statusCode: 200 })
  t.match(await enter(node, { key: again }), { statusCode: 200 }, 'the address is the owner’s now, and so are the factors')
})

t.test('an address that is proved while a reset is hashing was its owner’s before, and so are the factors', async t => {
  const pausing = pausingAtHash()
  const own = await deploy(t, { EMAIL_VERIFICATION: 'optional' })
  const node = await start(t, own, { workers: false, hasher: pausing })
  const email = freshAddress()
  const { user } = (await post(node, '/auth/register', { email, password, full_name: 'Ada' })).json()
  const key = createAuthenticator({ origin })
  await add(node, await signIn(node, { email }), key)
  const token = await mailedToken(node, 'password_reset', user.id)

  pausing.meanwhile = async () => { await node.database`update users set email_verified = true where id = ${user.id}` }
  t.match(await reset(token, newPassword, node), { statusCode: 200 })
  t.match(await enter(node, { key }), { statusCode: 200 })
  t.notOk((await trail(node, user.id)).some(({ event }) => event === 'authn_factor_removed'))
})

t.test('a due change of the password is fulfilled by a reset', async t => {
  const ada = await signUp(app)
  await app.database`update users set must_change_password = true where id = ${ada.user.id}`
  await reset(await tokenFor(ada.user.id))
  const tokens = await signIn(app, { email: ada.email, password: newPassword })
  t.match((await as(app, tokens.access_token, 'GET', '/auth/sessions')), { statusCode: 200 })
})

t.test('a user who waits for approval may reset, and still waits', async t => {
  const vendor = await signUp(app, { user_type: 'vendor' })
  t.match(await reset(await tokenFor(vendor.user.id)), { statusCode: 200 })
  t.match((await post(app, '/auth/login', { email: vendor.email, password: newPassword })).json(), { status: 403, code: 'approval_pending' })
})

t.test('devices known before a reset have no more guesses than a stranger, and the new device has its own', async t => {
  const ada = await signUp(app)
  const devices = [ada.deviceToken]
  for (let n = 0; n < 9; n++) devices.push((await signIn(app, ada)).device_token)
  t.equal((await app.database`select 1 from known_devices where user_id = ${ada.user.id}`).length, 10)
  const { device_token: fresh } = (await reset(await tokenFor(ada.user.id))).json()
  t.equal((await app.database`select 1 from known_devices where user_id = ${ada.user.id}`).length, 1)
  t.notOk(devices.includes(fresh))

  const answers = []
  for (const device of devices) answers.push(await post(app, '/auth/login', { email: ada.email, password: 'not the password', device_token: device }))
  t.same(answers.map(({ statusCode }) => statusCode), [...Array(5).fill(401), ...Array(5).fill(429)])
  t.match(await post(app, '/auth/login', { email: ada.email, password: newPassword }), { statusCode: 429 }, 'they share it with everybody')
  t.match(await post(app, '/auth/login', { email: ada.email, password: newPassword, device_token: fresh }), { statusCode: 200 })
})

t.test('the browser that resets is a new device too, so a holder of its old cookie gains nothing', async t => {
  const ada = await signUp(app)
  const page = { origin: 'http://localhost:3000', cookie: `__Host-device=${ada.deviceToken}` }
  const answer = await post(app, '/auth/password/reset', { token: await tokenFor(ada.user.id), new_password: newPassword, transport: 'cookie' }, page)
  t.equal(answer.statusCode, 200)
  t.notOk(String(answer.headers['set-cookie']).includes(ada.deviceToken))
  for (let n = 0; n < 5; n++) await post(app, '/auth/login', { email: ada.email, password: 'not the password' })
  t.match(await post(app, '/auth/login', { email: ada.email, password: newPassword, device_token: ada.deviceToken }), { statusCode: 429 })
})

t.test('a reset unlocks the buckets of strangers and of the previously known devices', async t => {
  const ada = await signUp(app)
  for (const device of [undefined, ada.deviceToken]) {
    for (let n = 0; n < 5; n++) await post(app, '/auth/login', { email: ada.email, password: 'not the password', ...(device && { device_token: device }) })
    t.match(await post(app, '/auth/login', { email: ada.email, password, ...(device && { device_token: device }) }), { statusCode: 429 })
  }
  t.match(await reset(await tokenFor(ada.user.id)), { statusCode: 200 })
  t.match(await post(other, '/auth/login', { email: ada.email, password: newPassword }), { statusCode: 200 })
  t.match(await post(other, '/auth/login', { email: ada.email, password: newPassword, device_token: ada.deviceToken }), { statusCode: 200 })
})

t.test('a GET is refused with 405 and spends no token', async t => {
  const ada = await signUp(app)
  const token = await tokenFor(ada.user.id)
  for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'] as const) {
    const answer = await app.inject({ method, url: api(`/auth/password/reset?token=${token}&new_password=${encodeURIComponent(newPassword)}`) })
    t.equal(answer.statusCode, 405, method)
    t.match(answer.headers['allow'], /POST/)
  }
  t.match(await app.inject({ method: 'POST', url: api(`/auth/password/reset?token=${token}`), payload: { new_password: newPassword } }), { statusCode: 422 }, 'a token in the address counts for nothing')
  t.match(await reset(token), { statusCode: 200 })
})

t.test('an invalid token or password field is refused before any store is asked', async t => {
  const ada = await signUp(app)
  const token = await tokenFor(ada.user.id)
  for (const body of [
    undefined, {}, { token }, { new_password: newPassword }, { token: '', new_password: newPassword }, { token: null, new_password: newPassword }, { token: [token], new_password: newPassword }, { token: 1, new_password: newPassword }, { token: 'x'.repeat(4097), new_password: newPassword },
    { token, new_password: '' }, { token, new_password: null }, { token, new_password: [newPassword] }, { token, new_password: 12345678 }, { token, new_password: 'x'.repeat(1025) },
    { token, new_password: newPassword, email: ada.email }, { token, new_password: newPassword, user_id: ada.user.id }, { token, new_password: newPassword, role: 'admin' }, { token, new_password: newPassword, transport: 'pigeon' }, { token, password: newPassword }
  ]) t.match((await post(app, '/auth/password/reset', body)).json(), { status: 422, code: 'invalid_request' }, JSON.stringify(body)?.slice(0, 60))
  t.match(await reset(token), { statusCode: 200 })
})

t.test('the owner is notified by mail, and the trail says who and from where, without a secret', async t => {
  const ada = await signUp(app)
  const token = await tokenFor(ada.user.id)
  await post(app, '/auth/password/reset', { token, new_password: newPassword }, { 'user-agent': 'Quill/7.1' })
  await reset(token)

  const [row] = await app.database<{ id: number }>`select id from audit_events where subject_id = ${ada.user.id} and event = 'authn_password_change'`
  t.same((await mailJobs(app, 'password_changed')).filter(({ userId }) => userId === ada.user.id), [{ kind: 'password_changed', userId: ada.user.id, how: 'reset', eventId: row?.id }])
  t.match((await trail(app, ada.user.id)).at(-1), { event: 'authn_password_change', outcome: 'success', reason: 'reset', actorId: ada.user.id, read: { ip: '127.0.0.1', user_agent: 'Quill/7.1' } })
  t.match((await trail(app, null)).at(-1), { event: 'authn_password_change_fail', outcome: 'failure', reason: 'token_invalid' })

  const stored = await app.database<{ text: string }>`
    select row_to_json(a)::text as text from audit_events a union all select data::text from jobs union all select row_to_json(o)::text from one_time_tokens o`
  for (const secret of [token, newPassword]) t.notOk(stored.some(({ text }) => text.includes(secret)))
})

t.test('a failure after the token was taken gives it back: nothing has changed, and the owner can try again', async t => {
  const ada = await signUp(app)
  const session = await signIn(app, ada)
  const token = await tokenFor(ada.user.id)
  const before = [await account(ada.user.id), (await mailJobs(app)).length]

  hasher.meanwhile = async () => { throw new Refusal('overloaded', { retryAfter: 1 }) }
  t.match((await reset(token)).json(), { status: 503, code: 'overloaded' })
  hasher.meanwhile = async () => { throw new Error('a bug') }
  t.match((await reset(token)).json(), { status: 500, code: 'internal_error' })

  const owner = connect(t, deployment.DATABASE_DIRECT_URL)
  await owner.unsafe(`
    create function fall () returns trigger language plpgsql as $$ begin raise exception 'down' using errcode = '57P01'; end $$;
    create trigger fall before insert on jobs for each row execute function fall ()`)
  t.match((await reset(token)).json(), { status: 503, code: 'unavailable' })
  await owner.unsafe('drop trigger fall on jobs; drop function fall')

  t.same([await account(ada.user.id), (await mailJobs(app)).length], before)
  t.match(await refresh(app, session.refresh_token), { statusCode: 200 })
  t.equal((await app.database`select 1 from known_devices where user_id = ${ada.user.id}`).length, 2)
  t.match(await reset(token), { statusCode: 200 })
})

t.test('without Redis no token is spent: 503', async t => {
  const server = await ownRedis(t)
  const node = await start(t, await deploy(t, { RATE_LIMITS_ENABLED: 'true', REDIS_URL: server.redisUrl }), { workers: false, hasher: cheapHasher })
  const ada = await signUp(node)
  const id = await node.database.begin(tx => node.oneTimeTokens.issue(tx, { purpose: 'password_reset', userId: ada.user.id }))
  const token = node.oneTimeTokens.tokenOf('password_reset', id)
  await server.kill()
  t.match((await reset(token, newPassword, node)).json(), { status: 503, code: 'unavailable' })
  t.match((await post(node, '/auth/password/forgot', { email: ada.email })).json(), { status: 503, code: 'unavailable' })
  await server.start()
  for (let n = 0; n < 100 && !await node.scripts.ping().then(() => true, () => false); n++) {
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  t.match(await reset(token, newPassword, node), { statusCode: 200 })
})

t.test('a Redis that fails at the last moment does not undo a finished reset', async t => {
  const server = await ownRedis(t)
  const own = pausingAtHash()
  const node = await start(t, await deploy(t, { REDIS_URL: server.redisUrl }), { workers: false, hasher: own })
  const ada = await signUp(node)
  const id = await node.database.begin(tx => node.oneTimeTokens.issue(tx, { purpose: 'password_reset', userId: ada.user.id }))
  own.meanwhile = async () => { await server.kill() }
  const answer = await reset(node.oneTimeTokens.tokenOf('password_reset', id), newPassword, node)
  t.equal(answer.statusCode, 200, 'the password is the new one, and the device that is handed out has a bucket of its own')
  await server.start()
})

t.test('changes during the hashing of the password count', async t => {
  const [disabled, changed, outdone, leaving] = [
    await signUp(app), await signUp(app), await signUp(app), await signUp(app)
  ]

  hasher.meanwhile = async () => { await disable(app, disabled.user.id) }
  t.match((await reset(await tokenFor(disabled.user.id))).json(), { status: 422, code: 'token_invalid' })
  t.match(await app.database`select status, password_hash from users where id = ${disabled.user.id}`, [{ status: 'disabled' }])
  t.match((await post(app, '/auth/login', { email: disabled.email, password: newPassword })).json(), { code: 'invalid_credentials' })

  const session = await signIn(app, changed)
  const token = await tokenFor(changed.user.id)
  hasher.meanwhile = async () => { t.match(await as(other, session.access_token, 'POST', '/auth/password/change', { current_password: password, new_password: anotherPassword }), { statusCode: 200 }) }
  t.match((await reset(token)).json(), { status: 422, code: 'token_invalid' })
  t.match(await post(app, '/auth/login', { email: changed.email, password: anotherPassword }), { statusCode: 200 })

  hasher.meanwhile = async () => { await post(other, '/auth/password/forgot', { email: outdone.email }) }
  t.match(await reset(await tokenFor(outdone.user.id)), { statusCode: 200 }, 'who asks for links does not keep the owner from resetting')

  const tokens = await signIn(app, leaving)
  hasher.meanwhile = async () => { await as(other, tokens.access_token, 'POST', '/auth/logout', { scope: 'everywhere' }) }
  t.match(await reset(await tokenFor(leaving.user.id)), { statusCode: 200 }, 'nor does a sign-out')
})

t.test('no sign-in with the old password survives a reset', async t => {
  for (let round = 0; round < 10; round++) {
    const ada = await signUp(app)
    const token = await tokenFor(ada.user.id)
    const [done, ...logins] = await Promise.all([reset(token), ...Array.from({ length: 6 }, (_, n) => post(n % 2 ? app : other, '/auth/login', { email: ada.email, password }))])
    t.equal(done.statusCode, 200)
    for (const login of logins) {
      t.ok([200, 401].includes(login.statusCode), login.body)
      if (login.statusCode === 200) t.match((await refresh(app, login.json().refresh_token)).json(), { status: 401, reason: 'password_changed' })
    }
  }
})

t.test('after a reset and a change at once, one password works and the link is spent', async t => {
  for (let round = 0; round < 10; round++) {
    const ada = await signUp(app)
    const session = await signIn(app, ada)
    const token = await tokenFor(ada.user.id)
    const [byLink, bySession] = await Promise.all([reset(token), as(other, session.access_token, 'POST', '/auth/password/change', { current_password: password, new_password: anotherPassword })])

    const right = byLink.statusCode === 200 ? newPassword : anotherPassword
    t.match(await post(app, '/auth/login', { email: ada.email, password: right }), { statusCode: 200 }, `${byLink.statusCode} ${bySession.statusCode}`)
    t.match((await reset(token)).json(), { code: 'token_invalid' })
    if (byLink.statusCode === 200 && bySession.statusCode === 200) t.match(await refresh(app, bySession.json().refresh_token), { statusCode: 401 }, 'the change came first and its session is over')
  }
})

t.test('ten tries in a quarter of an hour are allowed from one address, wrong and right ones together', async t => {
  const node = await start(t, await deploy(t, { RATE_LIMITS_ENABLED: 'true' }), { workers: false, hasher: cheapHasher, clock })
  const ada = await signUp(node)
  const id = await node.database.begin(tx => node.oneTimeTokens.issue(tx, { purpose: 'password_reset', userId: ada.user.id }))
  const token = node.oneTimeTokens.tokenOf('password_reset', id)
  for (let n = 0; n < 10; n++) {
    const answer = await reset('x', newPassword, node)
    t.equal(answer.json().code, 'token_invalid')
    t.equal(answer.headers['ratelimit-policy'], '"password-reset";q=10;w=900')
  }
  const refused = await reset(token, newPassword, node)
  t.match(refused.json(), { status: 429, code: 'rate_limited' })
  t.match(refused.headers, { 'retry-after': /^\d+$/ })
  t.match(await post(node, '/auth/login', { email: ada.email, password }), { statusCode: 200 }, 'logins are counted by themselves')
  t.match(await node.inject({ method: 'POST', url: api('/auth/password/reset'), payload: { token, new_password: newPassword }, remoteAddress: '203.0.113.4' }), { statusCode: 200 }, 'the refused one spent nothing')
})

t.test('the holder of a token goes before strangers who wait for a hash', async t => {
  const gate = gatedHasher()
  const own = await deploy(t, { HASH_CONCURRENCY: '1', HASH_QUEUE_MAX: '4' })
  const node = await start(t, own, { workers: false, hasher: gate })
  const ada = await signUp(node)
  const id = await node.database.begin(tx => node.oneTimeTokens.issue(tx, { purpose: 'password_reset', userId: ada.user.id }))
  gate.shut()
  const register = () => post(node, '/auth/register', { email: freshAddress(), password, full_name: 'Ada' })
  const waiting = [register(), register(), register()]
  for (let n = 0; n < 200 && node.passwords.stats().queued.stranger < 2; n++) {
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  t.match((await register()).json(), { status: 503, code: 'overloaded' })

  const asked = reset(node.oneTimeTokens.tokenOf('password_reset', id), newPassword, node)
  for (let n = 0; n < 200 && node.passwords.stats().queued.known < 1; n++) {
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  t.equal(node.passwords.stats().queued.known, 1)
  gate.open()
  t.match(await asked, { statusCode: 200 })
  t.same((await Promise.all(waiting)).map(({ statusCode }) => statusCode), [201, 201, 201])
})

t.test('when the queue for hashes is full, the token is not touched', async t => {
  const gate = gatedHasher()
  const own = await deploy(t, { HASH_CONCURRENCY: '1', HASH_QUEUE_MAX: '1' })
  const node = await start(t, own, { workers: false, hasher: gate })
  const [ada, bob, eve] = [await signUp(node), await signUp(node), await signUp(node)]
  const links = []
  for (const { user } of [ada, bob, eve]) links.push(node.oneTimeTokens.tokenOf('password_reset', await node.database.begin(tx => node.oneTimeTokens.issue(tx, { purpose: 'password_reset', userId: user.id }))))
  gate.shut()
  const [first, second] = [reset(links[0] ?? '', newPassword, node), reset(links[1] ?? '', newPassword, node)]
  for (let n = 0; n < 200 && node.passwords.stats().queued.known < 1; n++) {
    await new Promise(resolve => setTimeout(resolve, 5))
  }

  t.match((await reset(links[2] ?? '', newPassword, node)).json(), { status: 503, code: 'overloaded' })
  t.match(await node.database`select taken_by from one_time_tokens where user_id = ${eve.user.id}`, [{ takenBy: null }])
  gate.open()
  t.match([await first, await second], [{ statusCode: 200 }, { statusCode: 200 }])
  t.match(await reset(links[2] ?? '', newPassword, node), { statusCode: 200 })
})

async function reset (token: string, attempt = newPassword, by = app) {
  return await post(by, '/auth/password/reset', { token, new_password: attempt })
}

/** A token as this user finds it in the mailbox. */
async function tokenFor (userId: string, purpose: Purpose = 'password_reset', email?: string) {
  const about = email === undefined ? {} : { email, emailCanonical: email }
  const id = await app.database.begin(tx => app.oneTimeTokens.issue(tx, { purpose, userId, ...about }))
  return app.oneTimeTokens.tokenOf(purpose, id)
}

/** An account without a password and with an unconfirmed address. */
async function invite (email: string) {
  const id = randomUUID()
  await app.database.begin(async tx => {
    await tx`
      insert into users (id, email, email_canonical, email_verified, password_hash, full_name, locale, role, approval, created_at, updated_at)
      values (${id}, ${email}, ${email}, false, null, 'Ada King', 'en', 'user', 'not_required', now(), now())`
    await app.audit.createSubject(tx, id)
  })
  return id
}

async function account (id: string) {
  const [row] = await app.database<{ passwordHash: string, sessionEpoch: number, version: number, emailVerified: boolean }>`
    select password_hash, session_epoch, version, email_verified from users where id = ${id}`
  if (row === undefined) throw new Error('there is no such account')
  return row
}

/** A hasher that runs one given action once, before a new password is hashed. */
function pausingAtHash () {
  const pausing = {
    meanwhile: async () => {},
    verify: cheapHasher.verify,
    hash: async (...call: Parameters<typeof cheapHasher.hash>) => {
      const { meanwhile } = pausing
      pausing.meanwhile = async () => {}
      await meanwhile()
      return await cheapHasher.hash(...call)
    }
  }
  return pausing
}

/** A hasher whose work can be paused. */
function gatedHasher () {
  let held: Promise<void> | null = null
  let open = () => {}
  return {
    shut () { held = new Promise(resolve => { open = resolve }) },
    open () {
      held = null
      open()
    },
    verify: cheapHasher.verify,
    hash: async (...call: Parameters<typeof cheapHasher.hash>) => {
      await held
      return await cheapHasher.hash(...call)
    }
  }
}
