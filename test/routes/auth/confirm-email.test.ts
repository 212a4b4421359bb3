import t from 'tap'
import { askForChange, bare, changeAddress, confirmChange, stateOf, undoChange } from '../../support/accounts/email-changes.ts'
import { disable } from '../../support/accounts/people.ts'
import { connect } from '../../support/database.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, build, codeOf, deploy, freshAddress, password, post, refresh, signIn, signUp, start } from '../../support/helper.ts'
import { eventsOf, mailJobs, trail } from '../../support/trail/evidence.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })

const day = 86_400_000

t.test('once confirmed, the new address is the account’s on every node, and the old one is free', async t => {
  const ada = await signIn(app)
  const { to, change } = await askForChange(app, ada)
  const answer = await confirmChange(app, change)

  t.equal(answer.statusCode, 200)
  t.same(answer.json(), { email: to })
  t.notOk(answer.headers['set-cookie'], 'it signs nobody in')
  t.match((await as(app, ada.access_token, 'GET', '/auth/me')).json(), { user: { email: to, email_verified: true } })
  t.match((await as(other, ada.access_token, 'GET', '/auth/me')).json(), { user: { email: to } })
  t.match(await post(other, '/auth/login', { email: to, password }), { statusCode: 200 })
  t.match((await post(app, '/auth/login', { email: ada.user.email, password })).json(), { status: 401, code: 'invalid_credentials' })
  t.match((await register(ada.user.email)).user, { email: ada.user.email }, 'somebody else may have the old one')
})

t.test('sessions, password, name, role and devices stay as they are', async t => {
  const account = await signUp(app)
  const [ada, phone] = [await signIn(app, account, { device_token: account.deviceToken }), await signIn(app, account)]
  const before = await app.database`select password_hash, full_name, locale, role, status, approval, session_epoch, version + 1 as version, must_change_password from users where id = ${ada.user.id}`
  const { to } = await changeAddress(app, ada)

  t.same(await app.database`select password_hash, full_name, locale, role, status, approval, session_epoch, version, must_change_password from users where id = ${ada.user.id}`, before)
  for (const session of [ada, phone]) {
    t.match(await as(other, session.access_token, 'GET', '/auth/check'), { statusCode: 204 })
    t.match(await refresh(app, session.refresh_token), { statusCode: 200 })
  }
  const again = (await post(app, '/auth/login', { email: to, password, device_token: account.deviceToken })).json()
  t.equal(again.device_token, account.deviceToken)
  t.equal((await app.database`select 1 from sessions where user_id = ${ada.user.id} and ended_at is not null`).length, 0)
})

t.test('both addresses are notified once, by id; the trail has before and after', async t => {
  const ada = await signIn(app)
  const { to, change } = await askForChange(app, ada)
  const before = (await mailJobs(app)).length
  await confirmChange(app, change)
  const [event] = await app.database<{ id: number }>`select id from audit_events where subject_id = ${ada.user.id} and event = 'email_changed'`
  const [undo] = await app.database<{ id: string }>`select id from one_time_tokens where user_id = ${ada.user.id}`

  t.strictSame((await mailJobs(app)).slice(before), [
    { kind: 'email_changed', stage: 'confirmed', tokenId: undo?.id, eventId: event?.id },
    { kind: 'email_changed_new', userId: ada.user.id, eventId: event?.id }
  ])
  const row = (await trail(app, ada.user.id)).at(-1)
  t.match(row, { event: 'email_changed', outcome: 'success', actorId: ada.user.id })
  t.match(row?.read, { before: { email: ada.user.email }, after: { email: to } })
  t.notOk(row?.personal?.includes(to))
})

t.test('a token works once, even when twenty requests bring it at once', async t => {
  const ada = await signIn(app)
  const { change, to } = await askForChange(app, ada)
  const answers = await Promise.all(Array.from({ length: 20 }, (_, place) =>
    confirmChange(place % 2 ? app : other, change)))

  t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
  t.same(new Set(answers.filter(({ statusCode }) => statusCode !== 200).map(bare)).size, 1)
  t.match((await confirmChange(app, change)).json(), { status: 422, code: 'token_invalid' })
  t.same((await eventsOf(app, ada.user.id)).filter(event => event === 'email_changed'), ['email_changed'])
  t.match((await as(app, ada.access_token, 'GET', '/auth/me')).json(), { user: { email: to } })
})

t.test('a token works for a day', async t => {
  const [ada, eve] = [await signIn(app), await signIn(app)]
  const [early, late] = [await askForChange(app, ada), await askForChange(app, eve)]
  app.clock.advance(day - 5000)
  t.match(await confirmChange(app, early.change), { statusCode: 200 })
  app.clock.advance(6000)
  t.match((await confirmChange(app, late.change)).json(), { status: 422, code: 'token_invalid' })
})

t.test('the old address may undo for a week after the confirmation', async t => {
  const ada = await signIn(app)
  const { change, undo } = await askForChange(app, ada)
  app.clock.advance(day - 60_000)
  await confirmChange(app, change)
  app.clock.advance(7 * day - 5000)
  t.match((await undoChange(app, undo)).json(), { email: ada.user.email })
})

t.test('tokens of another purpose, broken, spent, expired, superseded and unknown get one answer, and nothing is done', async t => {
  const [ada, eve] = [await signIn(app), await signIn(app)]
  const outdone = await askForChange(app, ada)
  const { change, undo } = await askForChange(app, ada)
  const spent = await changeAddress(app, eve)
  const before = [await stateOf(app, ada.user.id), await stateOf(app, eve.user.id)]
  const id = await app.database.begin(tx => app.oneTimeTokens.issue(tx, { purpose: 'password_reset', userId: ada.user.id }))
  const reset = app.oneTimeTokens.tokenOf('password_reset', id)
  await app.database`delete from one_time_tokens where id = ${id}`

  const wrong = [undo, reset, outdone.change, spent.change, change.slice(0, -1), `${change}A`, `${change}=`, ` ${change}`, change.toUpperCase(), change.toLowerCase(), flip(change, 0), flip(change, 40), flip(change, 71), 'x', '0'.repeat(72), ada.access_token, ada.refresh_token, '../../etc/passwd', `${change}\n`]
  const answers = []
  for (const token of wrong) answers.push(await confirmChange(app, token))

  t.equal(new Set(answers.map(bare)).size, 1)
  t.match(answers[0]?.json(), { status: 422, code: 'token_invalid' })
  t.equal(new Set(answers.map(({ headers: { date, 'x-request-id': _, ...headers } }) => JSON.stringify(headers))).size, 1)
  t.same([await stateOf(app, ada.user.id), await stateOf(app, eve.user.id)], before)
  t.match(await confirmChange(app, change), { statusCode: 200 }, 'and the right one still works')
})

t.test('a request without a well-formed token is invalid', async t => {
  for (const body of [undefined, {}, { token: null }, { token: '' }, { token: 1 }, { token: ['x'] }, { token: 'x', email: freshAddress() }, { token: 'x'.repeat(4097) }]) {
    t.match((await post(app, '/auth/email/confirm', body)).json(), { status: 422, code: 'invalid_request' }, JSON.stringify(body))
  }
})

t.test('a GET spends no token', async t => {
  const { change } = await askForChange(app, await signIn(app))
  t.match(await app.inject({ method: 'GET', url: `/api/v1/auth/email/confirm?token=${change}` }), { statusCode: 405, headers: { allow: 'POST' } })
  t.match(await app.inject({ method: 'HEAD', url: `/api/v1/auth/email/confirm?token=${change}` }), { statusCode: 405 })
  t.match(await confirmChange(app, change), { statusCode: 200 })
})

t.test('a disabled account keeps its address', async t => {
  const ada = await signIn(app)
  const { change } = await askForChange(app, ada)
  await disable(app, ada.user.id)
  t.match((await confirmChange(app, change)).json(), { status: 422, code: 'token_invalid' })
  t.match(await app.database`select email from users where id = ${ada.user.id}`, [{ email: ada.user.email }])
})

t.test('the other links in the old mailbox stop working, except the one that undoes', async t => {
  const ada = await signIn(app)
  const { change } = await askForChange(app, ada)
  for (const purpose of ['password_reset', 'invitation', 'second_factor_reset'] as const) await app.database.begin(tx => app.oneTimeTokens.issue(tx, { purpose, userId: ada.user.id }))
  await confirmChange(app, change)
  t.match(await app.database`select purpose from one_time_tokens where user_id = ${ada.user.id}`, [{ purpose: 'email_undo' }])
})

t.test('a change that was asked for from another address than the present one is refused', async t => {
  const ada = await signIn(app)
  const { change } = await askForChange(app, ada)
  const moved = freshAddress()
  await app.database`update users set email = ${moved}, email_canonical = ${moved} where id = ${ada.user.id}`
  t.match((await confirmChange(app, change)).json(), { status: 422, code: 'token_invalid' })
  t.match(await app.database`select email from users where id = ${ada.user.id}`, [{ email: moved }])
})

t.test('an address that another account has taken meanwhile is a conflict, and nothing changes', async t => {
  const ada = await signIn(app)
  const { to, change } = await askForChange(app, ada)
  const { registration_id: id } = await register(to)
  await post(app, '/auth/verify-email', { registration_id: id, code: await codeOf(app, id) })

  const before = await stateOf(app, ada.user.id)
  const answers = [await confirmChange(app, change), await confirmChange(other, change)]
  for (const answer of answers) t.match(answer.json(), { status: 409, code: 'conflict' })
  t.equal(await stateOf(app, ada.user.id), before)
  t.match(await post(app, '/auth/login', { email: to, password }), { statusCode: 200 }, 'its owner signs in')
  t.same((await eventsOf(app, ada.user.id)).filter(event => event === 'email_changed'), [])
})

t.test('when twenty accounts confirm one address at once, one gets it', async t => {
  const to = freshAddress()
  const asked = []
  for (let n = 0; n < 20; n++) asked.push(await askForChange(app, await signIn(app), n % 2 ? to : to.toUpperCase()))
  const answers = await Promise.all(asked.map(({ change }, place) => confirmChange(place % 2 ? app : other, change)))

  t.same(count(answers), { 200: 1, 409: 19 })
  t.equal((await app.database`select 1 from users where email_canonical = ${to}`).length, 1)
})

t.test('when change, undo and sign-up race for addresses, no two accounts share one and no answer is a 500', async t => {
  for (let round = 0; round < 8; round++) {
    const contested = freshAddress()
    const [ada, eve] = [await signIn(app), await signIn(app)]
    const [first, second] = [await askForChange(app, ada, contested), await askForChange(app, eve, contested)]
    // Another account also wants Ada's old address, which an undo would bring back.
    const third = await askForChange(app, await signIn(app), ada.user.email)
    const signUps = await Promise.all([contested, ada.user.email, contested, ada.user.email].map(register))
    const codes = await Promise.all(signUps.map(({ registration_id: id }) => codeOf(app, id)))

    const answers = await Promise.all([
      confirmChange(app, first.change),
      confirmChange(other, second.change),
      confirmChange(app, third.change),
      undoChange(other, first.undo),
      undoChange(app, second.undo),
      ...signUps.map(({ registration_id: id }, place) => post(place % 2 ? other : app, '/auth/verify-email', { registration_id: id, code: codes[place] }))
    ])
    t.same(answers.filter(({ statusCode }) => ![200, 409, 422].includes(statusCode)).map(answer => answer.body), [])
    for (const address of [contested, ada.user.email, eve.user.email]) t.ok((await app.database`select 1 from users where email_canonical = ${address}`).length <= 1)
    const owners = await app.database<{ email: string }>`select email from users where id = any(${[ada.user.id, eve.user.id]})`
    t.equal(owners.length, 2)
  }
})

t.test('two users who want each other’s address get neither, and neither waits forever', async t => {
  for (let round = 0; round < 10; round++) {
    const [ada, eve] = [await signIn(app), await signIn(app)]
    const [first, second] = [await askForChange(app, ada, eve.user.email), await askForChange(app, eve, ada.user.email)]
    const answers = await Promise.all([confirmChange(app, first.change), confirmChange(other, second.change)])
    t.same(count(answers), { 409: 2 })
  }
})

t.test('twenty accounts in a circle move on or stay, each with an address of its own', async t => {
  const sessions = []
  for (let n = 0; n < 20; n++) sessions.push(await signIn(app))
  const free = freshAddress()
  const asked = []
  for (const [place, session] of sessions.entries()) {
    asked.push(await askForChange(app, session, sessions[place + 1]?.user.email ?? free))
  }

  const answers = await Promise.all(asked.map(({ change }, place) => confirmChange(place % 2 ? app : other, change)))
  t.same(answers.filter(({ statusCode }) => statusCode !== 200 && statusCode !== 409).map(({ body }) => body), [])
  t.equal(answers.at(-1)?.statusCode, 200, 'the last one moves to an address that was nobody’s')
  const rows = await app.database<{ emailCanonical: string }>`select email_canonical from users where id = any(${sessions.map(({ user }) => user.id)})`
  t.equal(new Set(rows.map(({ emailCanonical }) => emailCanonical)).size, 20)
})

t.test('a registration that waits for the same address silently comes to nothing', async t => {
  const to = freshAddress()
  const waiting = await register(to)
  const ada = await signIn(app)
  await changeAddress(app, ada, to)
  t.match((await post(app, '/auth/verify-email', { registration_id: waiting.registration_id, code: await codeOf(app, waiting.registration_id) })).json(), { status: 422, code: 'token_invalid' })
  t.match((await as(app, ada.access_token, 'GET', '/auth/me')).json(), { user: { id: ada.user.id, email: to } })
})

t.test('ending all sessions of a user also ends a change that one of them may have asked for', async t => {
  const [out, others, disabled] = [await signIn(app), await signIn(app), await signIn(app)]
  const [first, second, third] = [
    await askForChange(app, out), await askForChange(app, others), await askForChange(app, disabled)
  ]

  await as(app, out.access_token, 'POST', '/auth/logout', { scope: 'everywhere' })
  await as(app, others.access_token, 'POST', '/auth/logout', { scope: 'others' })
  await disable(app, disabled.user.id)
  await app.database`update users set status = 'active' where id = ${disabled.user.id}`
  for (const { change } of [first, second, third]) t.match((await confirmChange(app, change)).json(), { status: 422, code: 'token_invalid' })
  t.match((await undoChange(app, first.undo)).json(), { email: out.user.email }, 'the way back stays')
})

t.test('a change of the password ends a change of the address that an intruder may have asked for', async t => {
  const ada = await signIn(app)
  const { change } = await askForChange(app, ada)
  const answer = await as(app, ada.access_token, 'POST', '/auth/password/change', { current_password: password, new_password: 'another walk through drier leaves' })
  if (answer.statusCode !== 200) return t.comment(`password/change answers ${answer.statusCode}`)
  t.match((await confirmChange(app, change)).json(), { status: 422, code: 'token_invalid' })
})

t.test('a locked bucket of the old address is left behind; the bucket of the new address counts', async t => {
  const ada = await signIn(app)
  const { to, change } = await askForChange(app, ada)
  for (let n = 0; n < 5; n++) await post(app, '/auth/login', { email: ada.user.email, password: 'wrong wrong wrong' })
  t.match((await post(app, '/auth/login', { email: ada.user.email, password })).json(), { code: 'too_many_attempts' })
  await confirmChange(app, change)
  t.match(await post(app, '/auth/login', { email: to, password }), { statusCode: 200 }, 'a change takes two proofs that no guesser has')
  t.match((await post(app, '/auth/login', { email: ada.user.email, password })).json(), { code: 'too_many_attempts' }, 'whether or not an account has it')
})

t.test('if strangers have locked the new address, its owner signs in from a known device', async t => {
  const account = await signUp(app)
  const ada = await signIn(app, account, { device_token: account.deviceToken })
  const { to, change } = await askForChange(app, ada)
  for (let n = 0; n < 5; n++) await post(app, '/auth/login', { email: to, password: 'wrong wrong wrong' })
  await confirmChange(app, change)
  t.match((await post(app, '/auth/login', { email: to, password })).json(), { code: 'too_many_attempts' })
  t.match(await post(app, '/auth/login', { email: to, password, device_token: account.deviceToken }), { statusCode: 200 })
})

t.test('a failed try with a token is counted by caller and leaves an event', async t => {
  const app = await build(t, { RATE_LIMITS_ENABLED: 'true', RATE_LIMIT_LOGIN: '3/15m' })
  for (let n = 0; n < 3; n++) t.match((await confirmChange(app, 'x')).json(), { code: 'token_invalid' })
  const beyond = await confirmChange(app, 'x')
  t.match(beyond.json(), { status: 429, code: 'rate_limited' })
  t.ok(Number(beyond.headers['retry-after']) > 0)
  t.match(await trail(app, null), [{ event: 'email_change_fail', outcome: 'failure', reason: 'token_invalid' }, {}, {}])
})

t.test('a store that does not answer spends no token', async t => {
  const deployment = await deploy(t, { DB_STATEMENT_TIMEOUT: '1s' })
  const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
  const owner = connect(t, deployment.DATABASE_DIRECT_URL)
  const ada = await signIn(app)
  const { change, to } = await askForChange(app, ada)
  const before = await stateOf(app, ada.user.id)

  await owner.begin(async tx => {
    await tx`lock table jobs in access exclusive mode`
    t.match((await confirmChange(app, change)).json(), { status: 503, code: 'unavailable' })
  })
  t.equal(await stateOf(app, ada.user.id), before)
  t.match((await confirmChange(app, change)).json(), { email: to }, 'it is tried again at once')
})

async function register (email: string): Promise<{ registration_id: string, user: { email: string } }> {
  const answer = await post(app, '/auth/register', { email, password, full_name: 'Grace Hopper' })
  if (answer.statusCode !== 201) throw new Error(answer.body)
  return answer.json()
}

function count (answers: { statusCode: number }[]) {
  const counts: Record<number, number> = {}
  for (const { statusCode } of answers) counts[statusCode] = (counts[statusCode] ?? 0) + 1
  return counts
}

/** The token with one letter changed. */
function flip (token: string, place: number) {
  return `${token.slice(0, place)}${token[place] === 'A' ? 'B' : 'A'}${token.slice(place + 1)}`
}
