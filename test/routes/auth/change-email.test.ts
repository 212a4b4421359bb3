import t from 'tap'
import { askForChange, bare, changeAddress, confirmChange, stateOf } from '../../support/accounts/email-changes.ts'
import { disable } from '../../support/accounts/people.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, build, deploy, freshAddress, password, retryUnavailable, post, refresh, signIn, signUp, start } from '../../support/helper.ts'
import { eventsOf, mailJobs, trail } from '../../support/trail/evidence.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })

const day = 86_400_000

t.test('a change waits for the new address; until then nothing of the account changes', async t => {
  const ada = await signIn(app)
  const before = await app.database`select * from users where id = ${ada.user.id}`
  const to = freshAddress()
  const answer = await ask(ada, to)

  t.equal(answer.statusCode, 202)
  t.match(answer.body, /^(null|\{\})?$/)
  t.notOk(answer.headers['set-cookie'])
  t.same(await app.database`select * from users where id = ${ada.user.id}`, before)
  t.match((await as(other, ada.access_token, 'GET', '/auth/me')).json(), { user: { email: ada.user.email } })
  t.match(await post(app, '/auth/login', { email: ada.user.email, password }), { statusCode: 200 })
  t.match(await post(app, '/auth/login', { email: to, password }), { statusCode: 401 })
  t.match(await refresh(app, ada.refresh_token), { statusCode: 200 }, 'no session ends')
})

t.test('each address gets its own token: the new one valid for a day, the old one for a week', async t => {
  const ada = await signIn(app)
  const asked = await askForChange(app, ada)
  const rows = await tokensOf(ada.user.id)

  t.match(rows, [{ purpose: 'email_change', email: asked.to }, { purpose: 'email_undo', email: ada.user.email }])
  t.match(rows.map(({ createdAt, expiresAt }) => expiresAt.getTime() - createdAt.getTime()), [day, 7 * day])
  for (const token of [asked.change, asked.undo]) t.notOk(JSON.stringify(rows).includes(token), 'no store holds it')
})

t.test('both addresses are notified; the jobs carry ids only', async t => {
  const ada = await signIn(app)
  const before = (await mailJobs(app)).length
  await ask(ada, freshAddress())
  const jobs = (await mailJobs(app)).slice(before)
  const [change, undo] = await tokensOf(ada.user.id)
  const [event] = await app.database<{ id: number }>`select id from audit_events where subject_id = ${ada.user.id} and event = 'email_change_requested'`

  t.strictSame(jobs, [
    { kind: 'confirm_email', tokenId: change?.id },
    { kind: 'email_changed', stage: 'requested', tokenId: undo?.id, eventId: event?.id }
  ])
})

t.test('the audit trail has the addresses before and after, readable with the subject’s key', async t => {
  const ada = await signIn(app)
  const { to } = await askForChange(app, ada)
  const row = (await trail(app, ada.user.id)).at(-1)

  t.match(row, { event: 'email_change_requested', outcome: 'success', actorId: ada.user.id, sessionId: ada.session.id })
  t.match(row?.read, { ip: '127.0.0.1', before: { email: ada.user.email }, after: { email: to } })
  t.notOk(row?.personal?.includes(to))
})

t.test('the answer does not reveal whether the new address has an account', async t => {
  const [ada, taken] = [await signIn(app), await signUp(app)]
  const answers = [await ask(ada, taken.email), await ask(ada, freshAddress())]
  t.equal(new Set(answers.map(({ statusCode, body }) => `${statusCode} ${body}`)).size, 1)
  t.equal(new Set(answers.map(({ headers: { date, 'x-request-id': _, ...headers } }) => JSON.stringify(headers))).size, 1)

  const jobs = (await mailJobs(app)).slice(-4).map(({ kind, ...rest }) => [kind, ...Object.keys(rest).sort()].join(' '))
  t.same(jobs.slice(0, 2), ['confirm_email tokenId', 'email_changed eventId stage tokenId'])
  t.same(jobs.slice(2), jobs.slice(0, 2))
  t.same((await eventsOf(app, ada.user.id)).slice(-2), ['email_change_requested', 'email_change_requested'])
  t.same((await eventsOf(app, taken.user.id)).filter(event => event.startsWith('email')), [])
})

t.test('only the newest change can be confirmed; the old address can undo each of them', async t => {
  const ada = await signIn(app)
  const [first, second] = [await askForChange(app, ada), await askForChange(app, ada)]

  t.match((await confirmChange(app, first.change)).json(), { status: 422, code: 'token_invalid' })
  t.same((await tokensOf(ada.user.id)).map(({ purpose }) => purpose), ['email_change', 'email_undo', 'email_undo'])
  t.match((await confirmChange(app, second.change)).json(), { email: second.to })
})

t.test('a change to the present address is refused, however it is typed', async t => {
  const account = await signUp(app, {})
  const ada = await signIn(app, account)
  const before = await stateOf(app, ada.user.id)

  for (const same of [ada.user.email, ada.user.email.toUpperCase(), ada.user.email.replace('example.com', 'EXAMPLE.com'), ada.user.email.replace('ada', 'Ada')]) {
    t.match((await ask(ada, same)).json(), { status: 422, code: 'invalid_request', errors: [{ path: '/new_email', code: 'unchanged' }] }, same)
  }
  t.equal(await stateOf(app, ada.user.id), before)
})

t.test('an invalid address and unknown or additional fields are refused', async t => {
  const ada = await signIn(app)
  const before = await stateOf(app, ada.user.id)

  for (const address of ['ada', 'ada@', '@example.com', 'ada@example', 'a b@example.com', 'ada@[127.0.0.1]', '"ada"@example.com', 'ada@example.com.', 'a\r\nBcc: eve@example.com', 'a@b.com\r\nBcc:eve@example.com', 'a@example.com,b@example.com', 'a@example.com b@example.com', '<a@example.com>', 'Ada <a@example.com>', 'a​@example.com', 'a‮@example.com', 'ada＠example.com', `${'x'.repeat(65)}@example.com`, `a@${'x'.repeat(63)}.${'y'.repeat(63)}.${'z'.repeat(63)}.${'w'.repeat(63)}.com`, 'x'.repeat(321), ' ada@example.com', 'ada@example.com ', 'a\0@example.com']) {
    t.match((await ask(ada, address)).json(), { status: /^4(00|22)$/, code: /^(invalid|malformed)_request$/ }, JSON.stringify(address))
  }
  for (const body of [
    {},
    { new_email: null },
    { new_email: 1 },
    { new_email: [] },
    { new_email: [freshAddress()] },
    { new_email: { address: freshAddress() } },
    { email: freshAddress() },
    { new_email: freshAddress(), password },
    { new_email: freshAddress(), email_verified: true },
    { new_email: freshAddress(), user_id: ada.user.id }
  ]) {
    t.match((await as(app, ada.access_token, 'POST', '/auth/email/change', body)).json(), { status: 422, code: 'invalid_request' }, JSON.stringify(body))
  }
  t.equal(await stateOf(app, ada.user.id), before)
})

t.test('mail goes to the stored form of an address', async t => {
  const ada = await signIn(app)
  const local = `Olga.${freshAddress().split('@')[0]}`
  const asked = await askForChange(app, ada, `${local}@BU\u0308CHER.example`)
  const [row] = await tokensOf(ada.user.id)

  t.equal(row?.email, `${local}@xn--bcher-kva.example`)
  t.match((await confirmChange(app, asked.change)).json(), { email: `${local}@xn--bcher-kva.example` })
  t.match(await post(app, '/auth/login', { email: `${local.toLowerCase()}@bücher.example`, password }), { statusCode: 200 })
})

t.test('only a signed-in user can ask for a change, and only for their own account', async t => {
  const to = freshAddress()
  const before = (await mailJobs(app)).length
  t.match((await post(app, '/auth/email/change', { new_email: to })).json(), { status: 401, code: 'unauthenticated' })
  t.match((await post(app, '/auth/email/change', { new_email: to }, { authorization: 'Bearer x' })).json(), { status: 401, code: 'invalid_token' })
  t.equal((await mailJobs(app)).length, before)
  t.equal((await app.database`select 1 from one_time_tokens where email_canonical = ${to}`).length, 0)
})

t.test('a change needs a recent sign-in', async t => {
  const ada = await signIn(app)
  app.clock.advance(601_000)
  const before = await stateOf(app, ada.user.id)
  const refused = await ask(ada, freshAddress())
  t.match(refused.json(), { status: 401, code: 'reauthentication_required', max_age: 600 })
  t.equal(await stateOf(app, ada.user.id), before)

  const again = (await as(app, ada.access_token, 'POST', '/auth/reauthenticate', { password })).json()
  t.match(await ask(again, freshAddress()), { statusCode: 202 })
})

t.test('an ended session or a disabled account cannot ask for a change', async t => {
  const [ada, eve] = [await signIn(app), await signIn(app)]
  await as(app, ada.access_token, 'POST', '/auth/logout')
  await disable(app, eve.user.id)

  t.match((await ask(ada, freshAddress())).json(), { status: 401, code: 'session_ended', reason: 'signed_out' })
  t.match((await ask(eve, freshAddress())).json(), { status: 401, code: 'session_ended', reason: 'account_disabled' })
  for (const { user } of [ada, eve]) t.same(await tokensOf(user.id), [])
})

t.test('a session that another node has just ended cannot ask, even before this node has heard of it', async t => {
  const [ada, eve, bob] = [await signIn(app), await signIn(app), await signIn(app)]
  await app.database`update sessions set ended_at = now(), ended_reason = 'signed_out' where id = ${ada.session.id}`
  await app.database`update users set session_epoch = session_epoch + 1 where id = ${eve.user.id}`
  await app.database`update users set status = 'disabled' where id = ${bob.user.id}`

  for (const session of [ada, eve, bob]) {
    t.match((await ask(session, freshAddress())).json(), { status: 401, code: 'session_ended' })
    t.same(await tokensOf(session.user.id), [])
  }
})

t.test('while a change of the password is due, the address cannot be changed', async t => {
  const account = await signUp(app)
  await app.database`update users set must_change_password = true where id = ${account.user.id}`
  const ada = await signIn(app, account)
  t.match((await ask(ada, freshAddress())).json(), { status: 403, code: 'password_change_required' })
  t.same(await tokensOf(ada.user.id), [])
})

t.test('a browser asks with its cookies and from an allowed origin', async t => {
  const account = await signUp(app)
  const login = await app.inject({ method: 'POST', url: '/api/v1/auth/login', headers: { 'sec-fetch-site': 'same-origin' }, payload: { email: account.email, password, transport: 'cookie' } })
  const cookies = Object.fromEntries(login.cookies.map(({ name, value }) => [name, value]))
  const askFrom = async (site: string) => await app.inject({ method: 'POST', url: '/api/v1/auth/email/change', headers: { 'sec-fetch-site': site }, cookies, payload: { new_email: freshAddress() } })

  t.match((await askFrom('cross-site')).json(), { status: 403, code: 'csrf' })
  t.same(await tokensOf(account.user.id), [])
  t.match(await askFrom('same-origin'), { statusCode: 202 })
})

t.test('twenty requests at once get twenty answers and leave one change that can be confirmed', async t => {
  const ada = await signIn(app)
  const addresses = Array.from({ length: 20 }, () => freshAddress())
  const before = (await mailJobs(app, 'confirm_email')).length
  const answers = await Promise.all(addresses.map((to, place) =>
    retryUnavailable(() => ask(ada, to, place % 2 ? app : other))))
  t.same(new Set(answers.map(({ statusCode }) => statusCode)), new Set([202]))

  const ids = (await mailJobs(app, 'confirm_email')).slice(before).map(({ tokenId = '' }) => tokenId)
  t.equal(ids.length, 20)
  const outcomes = await Promise.all(ids.map((id, place) => confirmChange(place % 2 ? app : other, app.oneTimeTokens.tokenOf('email_change', id))))
  t.equal(outcomes.filter(({ statusCode }) => statusCode === 200).length, 1)
  t.same(new Set(outcomes.filter(({ statusCode }) => statusCode !== 200).map(bare)).size, 1)
})

t.test('signing out everywhere leaves no change behind that was asked for after it', async t => {
  for (let round = 0; round < 10; round++) {
    const ada = await signIn(app)
    const [answers] = await Promise.all([
      Promise.all(Array.from({ length: 4 }, (_, place) => ask(ada, freshAddress(), place % 2 ? app : other))),
      as(app, ada.access_token, 'POST', '/auth/logout', { scope: 'everywhere' })
    ])
    t.same(answers.filter(({ statusCode }) => statusCode !== 202 && statusCode !== 401), [])
    const taken = answers.filter(({ statusCode }) => statusCode === 202).length
    t.equal((await tokensOf(ada.user.id)).filter(({ purpose }) => purpose === 'email_undo').length, taken, 'who was refused has left nothing')
  }
})

t.test('a session causes three mails an hour, whatever the addresses; further requests get the same answer and do nothing', async t => {
  const app = await build(t, { RATE_LIMITS_ENABLED: 'true', RATE_LIMIT_REGISTER: '100/1h', RATE_LIMIT_LOGIN: '100/1h' })
  const account = await signUp(app)
  const [ada, phone] = [await signIn(app, account), await signIn(app, account)]
  for (let n = 0; n < 3; n++) t.match(await on(app, ada), { statusCode: 202 })
  const before = await quiet(app, ada.user.id)
  const beyond = await on(app, ada)

  t.match(beyond, { statusCode: 202 })
  t.match(beyond.body, /^(null|\{\})?$/)
  t.equal(await quiet(app, ada.user.id), before, 'no row, no event')
  t.match(await on(app, phone), { statusCode: 202 })
  t.not(await quiet(app, ada.user.id), before, 'another session has its own')
})

t.test('an address gets ten such mails an hour, whichever session asks for them', async t => {
  const app = await build(t, { RATE_LIMITS_ENABLED: 'true', RATE_LIMIT_REGISTER: '100/1h', RATE_LIMIT_LOGIN: '100/1h', RATE_LIMIT_MAIL: '3/1h', RATE_LIMIT_MAIL_ADDRESS: '2/1h' })
  const to = freshAddress()
  for (let n = 0; n < 4; n++) t.match(await on(app, await signIn(app, await signUp(app)), to.toUpperCase().replace('EXAMPLE.COM', 'example.com')), { statusCode: 202 })
  t.equal((await app.database`select 1 from one_time_tokens where email_canonical = ${to} and purpose = 'email_change'`).length, 2)
})

t.test('a GET does not start a change', async t => {
  const ada = await signIn(app)
  const answer = await as(app, ada.access_token, 'GET', `/auth/email/change?new_email=${freshAddress()}`)
  t.match(answer, { statusCode: 405, headers: { allow: 'POST' } })
  t.same(await tokensOf(ada.user.id), [])
})

t.test('after a change the next one starts from the new address', async t => {
  const ada = await signIn(app)
  const first = await changeAddress(app, ada)
  t.match((await ask(ada, first.to)).json(), { code: 'invalid_request', errors: [{ code: 'unchanged' }] })
  const second = await changeAddress(app, ada, ada.user.email)
  t.equal(second.to, ada.user.email, 'also back')
})

async function ask ({ access_token: token }: { access_token: string }, to: string, node = app) {
  return await as(node, token, 'POST', '/auth/email/change', { new_email: to })
}

async function on (node: typeof app, { access_token: token }: { access_token: string }, to = freshAddress()) {
  return await as(node, token, 'POST', '/auth/email/change', { new_email: to })
}

async function tokensOf (userId: string) {
  return await app.database<{ id: string, purpose: string, email: string, createdAt: Date, expiresAt: Date }>`select * from one_time_tokens where user_id = ${userId} order by purpose, created_at`
}

async function quiet (node: typeof app, userId: string) {
  return JSON.stringify([await node.database`select id from one_time_tokens where user_id = ${userId} order by id`, await eventsOf(node, userId)])
}
