import { randomUUID } from 'node:crypto'
import t from 'tap'
import { cheapHasher } from '../../support/hashers.ts'
import { as, codeOf, deploy, freshAddress, password, post, signUp, start } from '../../support/helper.ts'
import { eventsOf, mailJobs, trail } from '../../support/trail/evidence.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })

t.test('the right code makes the account, once, and answers with a device token but no session', async t => {
  const { id, email } = await register({ full_name: 'Ada King', locale: 'de' })
  const answer = await confirm(id, await codeOf(app, id))

  t.equal(answer.statusCode, 200)
  t.same(Object.keys(answer.json()).sort(), ['device_token', 'user'])
  t.same(Object.keys(answer.json().user).sort(), ['approval', 'created_at', 'email', 'email_verified', 'full_name', 'id', 'last_login_at', 'locale', 'must_change_password', 'role', 'status', 'updated_at', 'user_type', 'vendor_id'])
  t.match(answer.json().user, { email, full_name: 'Ada King', locale: 'de', role: 'user', user_type: 'user', email_verified: true, status: 'active', approval: 'not_required', vendor_id: null, last_login_at: null })
  t.match(answer.json().user.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  t.notOk(answer.headers['set-cookie'])
  t.notOk(/access_token|refresh_token/.test(answer.body))
  t.equal((await app.database`select 1 from sessions where user_id = ${answer.json().user.id}`).length, 0)
  t.match(await eventsOf(app, answer.json().user.id), ['registration_created', 'user_created'])
  t.match(await post(other, '/auth/login', { email, password }), { statusCode: 200 }, 'on the other node at once')
})

t.test('a code works once, even when twenty requests bring it at once', async t => {
  const { id, email } = await register()
  const code = await codeOf(app, id)
  const answers = await Promise.all(Array.from({ length: 20 }, (_, place) =>
    confirm(id, code, place % 2 ? app : other)))

  t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
  t.same(new Set(answers.filter(({ statusCode }) => statusCode !== 200).map(answer => `${answer.statusCode} ${answer.json().code}`)), new Set(['422 token_invalid']))
  t.equal((await app.database`select 1 from users where email_canonical = ${email}`).length, 1)
  t.match((await confirm(id, code)).json(), { code: 'token_invalid' })
})

t.test('a code may be tried five times; the fifth try may be the right one', async t => {
  const { id } = await register()
  const code = await codeOf(app, id)
  for (let n = 0; n < 4; n++) t.match((await confirm(id, wrong(code, n))).json(), { status: 422, code: 'token_invalid' })
  t.match(await confirm(id, code), { statusCode: 200 })
})

t.test('after five wrong tries the right code is refused like any other', async t => {
  const { id } = await register()
  const code = await codeOf(app, id)
  const refusals = []
  for (let n = 0; n < 5; n++) refusals.push(await confirm(id, wrong(code, n)))
  refusals.push(await confirm(id, code))
  t.equal(new Set(refusals.map(answer => JSON.stringify({ ...answer.json(), request_id: '' }))).size, 1)
  t.match(refusals.at(-1)?.json(), { status: 422, code: 'token_invalid' })
})

t.test('of a thousand guesses at once five are checked', async t => {
  const { id } = await register()
  const code = await codeOf(app, id)
  const answers = await Promise.all(Array.from({ length: 200 }, (_, place) =>
    confirm(id, wrong(code, place), place % 2 ? app : other)))
  t.same(new Set(answers.map(({ statusCode }) => statusCode)), new Set([422]))
  const [row] = await app.database<{ tries: number }>`select tries from registrations where id = ${id}`
  t.equal(row?.tries, 5)
  t.match(await confirm(id, code), { statusCode: 422 })
})

t.test('a code expires after ten minutes', async t => {
  const { id } = await register()
  const code = await codeOf(app, id)
  const late = await register()
  app.clock.advance(10 * 60_000 - 5000)
  t.match(await confirm(id, code), { statusCode: 200 })
  app.clock.advance(6000)
  t.match((await confirm(late.id, await codeOf(app, late.id))).json(), { status: 422, code: 'token_invalid' })
})

t.test('a code works only with its own registration id', async t => {
  const email = freshAddress()
  const [owner, stranger] = [await register({ email }), await register({ email })]
  const [ownersCode, strangersCode] = [await codeOf(app, owner.id), await codeOf(app, stranger.id)]

  if (ownersCode !== strangersCode) {
    t.match((await confirm(stranger.id, ownersCode)).json(), { code: 'token_invalid' })
    t.match((await confirm(owner.id, strangersCode)).json(), { code: 'token_invalid' })
  }
  t.match((await confirm(randomUUID(), ownersCode)).json(), { code: 'token_invalid' })
  t.match(await confirm(owner.id, ownersCode), { statusCode: 200 })
  t.match((await confirm(stranger.id, strangersCode)).json(), { code: 'token_invalid' }, 'the address has an account by now')
})

t.test('a later confirmation with another password changes nothing of the account', async t => {
  const email = freshAddress()
  const attacker = await register({ email, password: 'an attacker’s own long phrase' })
  const owner = await register({ email })
  t.match(await confirm(owner.id, await codeOf(app, owner.id)), { statusCode: 200 })
  t.match(await confirm(attacker.id, await codeOf(app, attacker.id)), { statusCode: 422 })
  t.match(await post(app, '/auth/login', { email, password: 'an attacker’s own long phrase' }), { statusCode: 401 })
  t.match(await post(app, '/auth/login', { email, password }), { statusCode: 200 })
})

t.test('wrong, spent, expired and unknown codes get one answer', async t => {
  const { id } = await register()
  const code = await codeOf(app, id)
  const spent = await register()
  const spentCode = await codeOf(app, spent.id)
  await confirm(spent.id, spentCode)
  const answers = [
    await confirm(id, wrong(code, 0)), await confirm(spent.id, spentCode), await confirm(randomUUID(), code)
  ]

  t.equal(new Set(answers.map(answer => JSON.stringify({ ...answer.json(), request_id: '' }))).size, 1)
  t.equal(new Set(answers.map(({ headers: { date, 'x-request-id': _, ...headers } }) => JSON.stringify(headers))).size, 1)
  t.match((await trail(app, id)).at(-1), { event: /fail/, outcome: 'failure', read: { ip: '127.0.0.1' } })
})

t.test('a code that was not mailed does not work, and begins to work with its mail', async t => {
  const settings = { RATE_LIMITS_ENABLED: 'true', RATE_LIMIT_REGISTER: '100/1h', RATE_LIMIT_LOGIN: '100/1h' }
  const limited = await start(t, Object.assign({}, deployment, settings), {
    workers: false,
    hasher: cheapHasher,
    clock: app.clock
  })
  const email = freshAddress()
  const ids: string[] = []
  for (let n = 0; n < 3; n++) ids.push((await register({ email }, limited)).id)
  // Too late for the code of the ones before.
  app.clock.advance(5 * 60_000)
  for (let n = 0; n < 2; n++) ids.push((await register({ email }, limited)).id)
  t.equal((await mailJobs(limited)).filter(job => ids.includes(String(job['registrationId']))).length, 3)

  const [unmailed = ''] = ids.slice(3)
  t.match((await confirm(unmailed, await codeOf(app, unmailed), limited)).json(), { status: 422, code: 'token_invalid' })
  await post(limited, '/auth/verify-email/resend', { registration_id: unmailed })
  t.match(await confirm(unmailed, await codeOf(app, unmailed), limited), { statusCode: 422 }, 'a resend without a mail begins no code')
  app.clock.advance(60 * 60_000)
  await post(limited, '/auth/verify-email/resend', { registration_id: unmailed })
  t.match(await confirm(unmailed, await codeOf(app, unmailed), limited), { statusCode: 200 })
})

t.test('the registrations of one address share twenty wrong codes an hour; a right one does not count', async t => {
  const email = freshAddress()
  for (let n = 0; n < 4; n++) {
    const { id } = await register({ email })
    const code = await codeOf(app, id)
    for (let tried = 0; tried < 5; tried++) {
      t.match(await confirm(id, wrong(code, tried), tried % 2 ? app : other), { statusCode: 422 })
    }
  }
  const [late, next] = [await register({ email: email.toUpperCase() }), await register({ email })]
  t.match((await confirm(late.id, await codeOf(app, late.id))).json(), { status: 429, code: 'rate_limited' })
  t.match(await confirm((await register()).id, '000000'), { statusCode: 422 }, 'another address')

  await app.database`update registrations set code_expires_at = code_expires_at + interval '2 hours' where id = ${next.id}`
  app.clock.advance(60 * 60_000)
  t.match(await confirm(next.id, await codeOf(app, next.id)), { statusCode: 200 })
})

t.test('a try that is refused because of others’ wrong codes for the address uses up nothing', async t => {
  const email = freshAddress()
  const { id } = await register({ email })
  const code = await codeOf(app, id)
  await exhaust(email)
  for (let n = 0; n < 10; n++) {
    const refused = await confirm(id, n % 2 ? code : wrong(code, n), n % 3 ? app : other)
    t.match(refused.json(), { status: 429, code: 'rate_limited' })
  }
  t.equal(await triesOf(id), 0)

  app.clock.advance(60 * 60_000)
  await post(app, '/auth/verify-email/resend', { registration_id: id })
  t.match(await confirm(id, await codeOf(app, id)), { statusCode: 200 })
})

t.test('tries that are refused at the same time give no more than five that are compared', async t => {
  const email = freshAddress()
  const { id } = await register({ email })
  const code = await codeOf(app, id)
  for (let n = 0; n < 3; n++) await confirm(id, wrong(code, n))
  await exhaust(email)
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) =>
    confirm(id, wrong(code, n), n % 2 ? app : other)))
  t.ok(answers.every(({ statusCode }) => [422, 429].includes(statusCode)))
  t.equal(await triesOf(id), 3)

  app.clock.advance(60 * 60_000)
  await post(app, '/auth/verify-email/resend', { registration_id: id })
  for (let n = 0; n < 2; n++) t.match(await confirm(id, wrong(await codeOf(app, id), n)), { statusCode: 422 })
  t.match(await confirm(id, await codeOf(app, id)), { statusCode: 422 }, 'a sixth would be one too many')
})

t.test('the right code uses up no try while its account cannot be made', async t => {
  const hurried = await start(t, { ...deployment, DB_STATEMENT_TIMEOUT: '1500ms' }, { workers: false, clock: app.clock })
  const { id } = await register()
  const code = await codeOf(app, id)
  for (let n = 0; n < 4; n++) await confirm(id, wrong(code, n))

  await app.database.begin(async tx => {
    await tx`select from roles where name = 'user' for update`
    t.match((await confirm(id, code, hurried)).json(), { status: 503, code: 'unavailable' })
  })
  t.equal(await triesOf(id), 4)
  t.match(await confirm(id, code), { statusCode: 200 })
})

t.test('a malformed code is refused and does not count as a try', async t => {
  const { id } = await register()
  for (const code of [undefined, null, '', 123456, '12345', '1234567', '12 345', '１２３４５６', '12345a', ' 123456', '123456\n', ['123456'], { code: '123456' }, '-12345', '1e5000']) {
    t.match((await post(app, '/auth/verify-email', { registration_id: id, code })).json(), { status: 422, code: 'invalid_request' }, JSON.stringify(code))
  }
  for (const registration of [undefined, null, '', 1, 'x', `${id}0`, [id], '00000000-0000-0000-0000-00000000000g']) {
    t.match((await post(app, '/auth/verify-email', { registration_id: registration, code: '123456' })).json(), { status: 422 }, JSON.stringify(registration))
  }
  for (const extra of [{ role: 'admin' }, { email: freshAddress() }, { password: 'x' }, { email_verified: true }]) {
    t.match(await post(app, '/auth/verify-email', { registration_id: id, code: '123456', ...extra }), { statusCode: 422 })
  }
  const [row] = await app.database<{ tries: number }>`select tries from registrations where id = ${id}`
  t.equal(row?.tries, 0)
  t.match(await confirm(id.toUpperCase(), await codeOf(app, id)), { statusCode: 200 }, 'an id has no case')
})

t.test('the device token of a confirmation belongs to a known device', async t => {
  const ada = await signUp(app)
  const [device] = await app.database<{ deviceId: string }>`select device_id from known_devices where user_id = ${ada.user.id}`
  t.equal(app.deviceTokens.read(ada.deviceToken), device?.deviceId)
  const tokens = (await post(app, '/auth/login', { email: ada.email, password, device_token: ada.deviceToken })).json()
  t.equal(tokens.device_token, ada.deviceToken)
  t.equal((await app.database`select 1 from known_devices where user_id = ${ada.user.id}`).length, 1)
  t.match(await as(app, tokens.access_token, 'GET', '/auth/check'), { statusCode: 204 })
})

t.test('a GET spends no code', async t => {
  const { id } = await register()
  const code = await codeOf(app, id)
  t.match(await app.inject({ method: 'GET', url: `/api/v1/auth/verify-email?registration_id=${id}&code=${code}` }), { statusCode: 405 })
  t.match(await confirm(id, code), { statusCode: 200 })
})

t.test('a resend mails the same code, gives no tries back and is always answered 202', async t => {
  const { id } = await register()
  const code = await codeOf(app, id)
  for (let n = 0; n < 4; n++) await confirm(id, wrong(code, n))
  t.match(await post(app, '/auth/verify-email/resend', { registration_id: id }), { statusCode: 202 })
  t.equal(await codeOf(app, id), code)
  t.match(await confirm(id, wrong(code, 9)), { statusCode: 422 })
  t.match(await confirm(id, code), { statusCode: 422 }, 'six tries would be one too many')
  t.ok((await mailJobs(app)).filter(job => job['registrationId'] === id).length >= 1)
})

async function register (fields: Record<string, unknown> = {}, node = app) {
  const email = String(fields['email'] ?? freshAddress())
  const answer = await post(node, '/auth/register', { email, password, full_name: 'Ada King', ...fields })
  if (answer.statusCode !== 201) throw new Error(answer.body)
  return { email, id: answer.json().registration_id as string }
}

async function confirm (id: string, code: string, node = app) {
  return await post(node, '/auth/verify-email', { registration_id: id, code })
}

/** Enters wrong codes for other registrations of an address until no more are compared. */
async function exhaust (email: string) {
  for (let status = 422; status !== 429;) {
    const { id } = await register({ email })
    for (let n = 0; n < 5 && status !== 429; n++) {
      ({ statusCode: status } = await confirm(id, wrong(await codeOf(app, id), n)))
    }
  }
}

async function triesOf (id: string) {
  const [row] = await app.database<{ tries: number }>`select tries from registrations where id = ${id}`
  return row?.tries
}

/** A code that differs from this one; another for each number. */
function wrong (code: string, n: number) {
  return String((Number(code) + 1 + n) % 1_000_000).padStart(6, '0')
}
