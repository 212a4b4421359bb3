import { randomUUID } from 'node:crypto'
import t from 'tap'
import { cheapHasher, countingHasher } from '../../support/hashers.ts'
import { codeOf, deploy, freshAddress, password, post, signIn, signUp, start } from '../../support/helper.ts'
import { tapWires } from '../../support/statements/wiretap.ts'
import { startStopwatch } from '../../support/stopwatch.ts'
import { eventsOf, mailJobs, sentMails, trail } from '../../support/trail/evidence.ts'

const hasher = countingHasher()
const { tap, deployment } = await tapWires(t, await deploy(t, { HASH_QUEUE_MAX: '400' }))
const app = await start(t, deployment, { workers: false, hasher })

t.test('a registration answers with the address in canonical form, and makes no account yet', async t => {
  const name = randomUUID()
  const answer = await register({ email: `Ada.${name}+Tag@EXAMPLE.com`, full_name: 'Ada King', locale: 'de-CH' })

  t.equal(answer.statusCode, 201)
  const { registration_id: id, ...rest } = answer.json()
  t.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  t.same(rest, { user: { email: `Ada.${name}+Tag@example.com`, full_name: 'Ada King', user_type: 'user', email_verified: false } })
  t.same(await usersCalled(`ada.${name}+tag@example.com`), [])
  t.match((await post(app, '/auth/login', { email: `ada.${name}+tag@example.com`, password })).json(), { status: 401, code: 'invalid_credentials', detail: /confirmed/ })
  t.same(await eventsOf(app, id), ['registration_created'])
})

t.test('/auth/signup is the same route', async t => {
  const answer = await post(app, '/auth/signup', { email: freshAddress(), password, full_name: 'Ada King' })
  t.match(answer, { statusCode: 201 })
  t.match(answer.json(), { registration_id: String, user: { email_verified: false } })
})

t.test('known and unknown addresses get one answer and cost the same work', async t => {
  const ada = await signUp(app)
  await app.database`update users set status = 'disabled' where id = ${(await signUp(app)).user.id}`
  const stranger = freshAddress()
  await register({ email: freshAddress() })

  const [known, unknown, pending] = [await measured(ada.email), await measured(stranger), await measured(stranger)]
  t.same(unknown.answer, known.answer)
  t.same(pending.answer, known.answer)
  t.same(unknown.work, known.work)
  t.same(pending.work, known.work)
  t.same(known.work.hashes, { hashes: 1, verifications: 0 })
  t.equal(known.work.jobs, 1)

  async function measured (email: string) {
    const jobs = (await mailJobs(app)).length
    tap.take()
    hasher.take()
    const answer = await register({ email })
    const work = { ...tap.take(), hashes: hasher.take() }
    const { registration_id: _, ...body } = answer.json()
    body.user.email = body.user.email === email
    return {
      answer: { status: answer.statusCode, headers: headersOf(answer), body },
      work: { ...work, jobs: (await mailJobs(app)).length - jobs }
    }
  }
})

t.test('fifty registrations of one address at once, in any spelling, with or without an account, are answered alike', async t => {
  const owner = await signUp(app, { email: `jose-${randomUUID()}@bücher.example` })
  const local = `zoe.${randomUUID()}`
  const spellings = [
    `${local}@bücher.example`, `${local.toUpperCase()}@BÜCHER.example`, `${local}@bu\u0308cher.example`,
    `${local}@xn--bcher-kva.example`, `${local}@XN--BCHER-KVA.EXAMPLE`
  ]
  const answers = await Promise.all(Array.from({ length: 50 }, (_, place) =>
    register({ email: place % 10 === 9 ? owner.email : spellings[place % spellings.length] ?? '' })))

  t.same(new Set(answers.map(answer => answer.statusCode)), new Set([201]))
  t.equal(new Set(answers.map(answer =>
    JSON.stringify(Object.keys(answer.json())) + JSON.stringify(Object.keys(answer.json().user)))).size, 1)
  t.equal(new Set(answers.map(answer => JSON.stringify(headersOf(answer, false)))).size, 1)
  t.equal(new Set(answers.map(answer => answer.json().registration_id)).size, 50)
  t.same(await usersCalled(`${local}@xn--bcher-kva.example`), [])

  const ids = answers.filter((_, place) => place % 10 !== 9).map(answer => answer.json().registration_id as string)
  const codes = await Promise.all(ids.map(id => codeOf(app, id)))
  const confirmations = await Promise.all(ids.map((registrationId, place) => post(app, '/auth/verify-email', { registration_id: registrationId, code: codes[place] })))
  t.equal(confirmations.filter(answer => answer.statusCode === 200).length, 1, 'one account')
  t.same(new Set(confirmations.map(answer => answer.statusCode)), new Set([200, 422]))
  const [account] = confirmations.filter(answer => answer.statusCode === 200).map(answer => answer.json().user)
  t.equal((await app.database`select 1 from users where id = ${account.id}`).length, 1)
  t.equal((await app.database`select 1 from users where email_canonical like ${`%${local.slice(4)}%`}`).length, 1)
})

t.test('every spelling of an address signs in to the one account', async t => {
  const name = randomUUID()
  await confirmed({ email: `Zoe-${name}@Bücher.example` })
  for (const email of [`zoe-${name}@xn--bcher-kva.example`, `ZOE-${name}@bücher.example`, `zoe-${name}@BU\u0308CHER.EXAMPLE`]) {
    t.match(await post(app, '/auth/login', { email, password }), { statusCode: 200 }, email)
  }
  for (const email of [`zoë-${name}@bücher.example`, `zoe-${name}@bucher.example`]) {
    t.match(await post(app, '/auth/login', { email, password }), { statusCode: 401 }, email)
  }
})

t.test('an invalid or deceptive address is refused before anything is written', async t => {
  const addresses = [
    'ada', '@example.com', 'ada@', 'ada@@example.com', 'ada@example', ' ada@example.com', 'ada@example.com ', 'a da@example.com', 'ada@exa mple.com',
    'ada\u200b@example.com', 'ada\u202e@example.com', 'ada\u00ad@example.com', 'ada\ufeff@example.com', 'ada\u2066@example.com',
    'ada@example.com\r\nBcc: eve@example.com', 'ada@example.com,eve@example.com', 'ada\u0007@example.com', 'ada@example..com', 'ada@.example.com', 'ada@-example.com',
    `${'a'.repeat(65)}@example.com`, `ada@${'a'.repeat(64)}.com`, `ada@${`${'a'.repeat(60)}.`.repeat(5)}com`, 'Ada <ada@example.com>', '<ada@example.com>', 'ada＠example.com'
  ]
  const before = await rows()
  for (const email of addresses) {
    const answer = await register({ email })
    t.match(answer.json(), { status: 422, code: 'invalid_request', errors: [{ path: '/email' }] }, JSON.stringify(email))
  }
  t.same(await rows(), before)
})

t.test('no field of a request can set a role, a status, an id or a verification', async t => {
  const before = await rows()
  for (const extra of [
    { role: 'super_admin' }, { roles: ['admin'] }, { isAdmin: true }, { is_admin: true }, { status: 'active' }, { approval: 'approved' }, { email_verified: true }, { emailVerified: true },
    { id: randomUUID() }, { registration_id: randomUUID() }, { created_at: '2020-01-01T00:00:00.000Z' }, { password_hash: 'x' }, { vendor_id: randomUUID() }, { version: 7 }, { session_epoch: 1 },
    { must_change_password: false }, { rank: 100 }, { permissions: ['users:write'] }, { constructor: { prototype: { polluted: true } } }
  ]) {
    t.match((await register(extra)).json(), { code: /^(invalid|malformed)_request$/ }, JSON.stringify(extra))
  }
  for (const userType of ['staff', 'admin', 'super_admin', 'nobody', '__proto__', 'constructor']) {
    t.match((await register({ user_type: userType })).json(), { status: 422, code: 'invalid_request', errors: [{ path: '/user_type' }] }, userType)
  }
  for (const name of ['__proto__', '\\u005f_proto__']) {
    const answer = await app.inject({ method: 'POST', url: '/api/v1/auth/register', headers: { 'content-type': 'application/json' }, payload: `{"email":"${freshAddress()}","password":"${password}","full_name":"Ada","${name}":{"role":"admin"}}` })
    t.match(answer.json(), { status: 400, code: 'malformed_request' })
  }
  t.same(await rows(), before)
  t.notOk('polluted' in {})
})

t.test('missing, empty and wrongly typed fields are refused, each by its path', async t => {
  const before = await rows()
  for (const [field, values] of Object.entries({
    email: [undefined, null, '', 1, true, ['ada@example.com'], {}],
    password: [undefined, null, '', 1, false, ['a long walk through wet leaves'], {}],
    full_name: [undefined, null, '', ' ', '\t', 'Ada\nKing', 'Ada\u0000King', 'Ada\u0007', 'x'.repeat(201), 7, ['Ada']],
    user_type: [null, '', 1, ['user'], 'User'],
    locale: [null, '', 'e', 1, 'en_US', 'x'.repeat(36), '../etc']
  })) {
    for (const value of values) {
      const { email = freshAddress() } = {}
      const answer = await post(app, '/auth/register', { email, password, full_name: 'Ada King', [field]: value })
      t.match(answer.json(), { status: String(value).includes('\0') ? /4(00|22)/ : 422, code: String }, `${field} ${JSON.stringify(value)}`)
      if (answer.json().code === 'invalid_request') t.match(answer.json().errors, [{ path: `/${field}` }])
    }
  }
  t.same(await rows(), before)
})

t.test('a password is refused with a reason for each rule it breaks', async t => {
  const local = `quillfeather${randomUUID().slice(0, 4)}`
  for (const [refused, reasons] of [
    ['short', ['too_short']], ['1234567', ['too_short']], ['😀😀😀😀😀😀😀', ['too_short']], ['password', ['blocklisted']], ['password123', ['blocklisted']], ['aaaaaaaaaaaa', ['guessable']],
    ['a'.repeat(129), ['too_long']], ['Ada King Ada King', ['context_word']], [`${local}1`, ['context_word']], ['latchkey2026', ['context_word', 'guessable']]
  ] as const) {
    const answer = await register({ email: `${local}@example.com`, password: refused })
    t.match(answer.json(), { status: 422, code: 'password_rejected' }, refused)
    const codes = answer.json().errors.map((error: { code: string }) => error.code)
    t.ok(reasons.some(reason => codes.includes(reason)), `${refused.slice(0, 20)}: ${codes}`)
    t.match(answer.json().errors, [{ path: '/password', message: String }])
    t.notOk(answer.body.includes(refused) && refused !== 'password' && refused !== 'short', 'the password is not told back')
  }
})

t.test('any characters are accepted in a password, from 8 to 128 code points', async t => {
  for (const accepted of ['qxvjzkwpfmbd', '92746183', 'correct horse battery staple', '  leading and trailing  ', '日本語の長い合言葉です', '🦔🌵🪁🧭🎻🪣🦩🧂', `${'🦔🌵🪁🧭'.repeat(32)}`, 'tab\there and\nthere we go']) {
    const answer = await register({ password: accepted })
    t.ok([201, 422].includes(answer.statusCode))
    if (answer.statusCode === 422) t.notSame(answer.json().errors.map((error: { code: string }) => error.code).filter((code: string) => code !== 'guessable' && code !== 'blocklisted'), ['too_short'], accepted)
  }
  const longestPassword = Array.from({ length: 128 }, (_, place) => String.fromCodePoint(0x1F400 + place)).join('')
  const ada = await confirmed({ password: longestPassword })
  t.match(await post(app, '/auth/login', { email: ada.email, password: longestPassword }), { statusCode: 200 })
  t.match(await post(app, '/auth/login', { email: ada.email, password: longestPassword.slice(0, -2) }), { statusCode: 401 })
  t.match((await register({ password: `${longestPassword}a` })).json(), { code: 'password_rejected', errors: [{ code: 'too_long' }] })
})

t.test('half characters, NULs and huge values are refused and never cause a 500', async t => {
  const before = await rows()
  for (const body of [
    '{"email":"a@b.example","password":"\\ud83d lone surrogate here","full_name":"Ada"}', '{"email":"a\\ud83d@b.example","password":"a long walk through wet leaves","full_name":"Ada"}',
    '{"email":"a@b.example","password":"a long walk through wet leaves","full_name":"Ada \\udc00"}', '{"email":"a@b.example","password":"nul \\u0000 in the middle of it","full_name":"Ada"}',
    '{"email":"a\\u0000@b.example","password":"a long walk through wet leaves","full_name":"Ada"}', JSON.stringify({ email: 'a@b.example', password: 'x'.repeat(1_000_000), full_name: 'Ada' }),
    JSON.stringify({ email: 'a@b.example', password: 'x'.repeat(20_000), full_name: 'Ada' }), '{"email":"a@b.example","password":"\xff\xfe', '[]', 'null', '1', '""', '{"email":"a@b.example","email":"b@b.example","password":"a long walk through wet leaves","full_name":"Ada"}'
  ]) {
    const passed = startStopwatch()
    const answer = await app.inject({ method: 'POST', url: '/api/v1/auth/register', headers: { 'content-type': 'application/json' }, payload: body })
    t.ok([400, 413, 422].includes(answer.statusCode), `${answer.statusCode} ${body.slice(0, 60)}`)
    t.match(answer.headers['content-type'], /^application\/problem\+json/)
    t.ok(passed() < 500)
  }
  t.same(await rows(), before)
})

t.test('the audit trail names nobody in the clear, and an erased user can no longer be read', async t => {
  const email = freshAddress()
  const { registration_id: id } = (await post(app, '/auth/register', { email, password, full_name: 'Ada King' }, { 'user-agent': 'Quill/7.1' })).json()
  const [row] = await trail(app, id)
  t.match(row, { event: 'registration_created', outcome: 'success', read: { ip: '127.0.0.1', user_agent: 'Quill/7.1', email } })

  const [stored] = await app.database<{ text: string }>`select row_to_json(a)::text as text from audit_events a where subject_id = ${id}`
  for (const secret of [email, '127.0.0.1', 'Quill', password]) {
    t.notOk(stored?.text.includes(secret), secret)
    t.notOk(row?.personal?.includes(secret), `${secret} as bytes`)
  }
  await app.database`delete from registrations where id = ${id}`
  t.match(await trail(app, id), [{ event: 'registration_created', read: null }])
})

t.test('registering another person’s address gains nothing and costs its owner nothing', async t => {
  const ada = await signUp(app)
  const tokens = await signIn(app, ada)
  const before = await account(ada.user.id)
  const { registration_id: id } = (await register({ email: ada.email.toUpperCase(), password: 'an entirely different secret phrase', full_name: 'Eve' })).json()

  t.match((await post(app, '/auth/verify-email', { registration_id: id, code: await codeOf(app, id) })).json(), { status: 422, code: 'token_invalid' }, 'even the right code')
  t.match(await post(app, '/auth/login', { email: ada.email, password: 'an entirely different secret phrase' }), { statusCode: 401 })
  t.match(await post(app, '/auth/refresh', { refresh_token: tokens.refresh_token }), { statusCode: 200 })
  t.same(await account(ada.user.id), before)
  t.match(await post(app, '/auth/login', { email: ada.email, password }), { statusCode: 200 })
})

t.test('a vendor registers with that user type and waits for approval', async t => {
  const vendor = await confirmed({ user_type: 'vendor' })
  t.match(vendor.user, { role: 'vendor', user_type: 'vendor', approval: 'pending', status: 'active', email_verified: true })
  t.match((await post(app, '/auth/login', { email: vendor.email, password })).json(), { status: 403, code: 'approval_pending' })
})

t.test('each mail is sent once, a code to a new address and a notice to an owner, and the code confirms', async t => {
  const deployment = await deploy(t)
  const node = await start(t, deployment, { hasher: cheapHasher })
  const other = await start(t, deployment, { hasher: cheapHasher })
  const email = freshAddress()
  const { registration_id: id } = (await post(node, '/auth/register', { email, password, full_name: 'Ada <b>King</b>' })).json()

  const [mail, ...more] = await sentMails(node, deployment.DATA_DIR)
  t.match(mail, { kind: 'verify_email', to: email })
  t.same(more, [])
  t.match(mail?.raw, /text\/plain[^]+text\/html/)
  t.notOk(mail?.raw.includes('<b>King'))
  t.match(await post(other, '/auth/verify-email', { registration_id: id, code: mail?.code }), { statusCode: 200 })

  await post(other, '/auth/register', { email: email.toUpperCase().replace('EXAMPLE.COM', 'example.com'), password: 'an entirely different secret phrase', full_name: 'Eve' })
  const mails = await sentMails(node, deployment.DATA_DIR)
  t.same(mails.map(({ kind }) => kind).sort(), ['already_registered', 'verify_email'])
  t.match(mails.find(({ kind }) => kind === 'already_registered'), { to: email }, 'to the address as it is stored')
  t.notOk(/\b\d{6}\b/.test(mails.find(({ kind }) => kind === 'already_registered')?.raw.split('\r\n\r\n')[1] ?? ''), 'no code in it')
})

t.test('five clicks on sign-up at once are mailed one code, and any of the five registrations is confirmed with it', async t => {
  const deployment = await deploy(t)
  const node = await start(t, deployment, { hasher: cheapHasher })
  const other = await start(t, deployment, { hasher: cheapHasher, workers: false })
  for (const chosen of [0, 4]) {
    const email = freshAddress()
    const answers = await Promise.all(Array.from({ length: 5 }, (_, place) => post(place % 2 ? node : other, '/auth/register', { email, password, full_name: 'Ada King' })))
    const mails = (await sentMails(node, deployment.DATA_DIR)).filter(({ to }) => to === email)

    t.equal(mails.length, 5)
    t.strictSame(mails.map(({ kind, code }) => `${kind} ${code}`), Array(5).fill(`verify_email ${mails[0]?.code}`))
    t.match(await post(node, '/auth/verify-email', { registration_id: answers[chosen]?.json().registration_id, code: mails[0]?.code }), { statusCode: 200 })
    t.match(await post(node, '/auth/login', { email, password }), { statusCode: 200 })
  }
})

t.test('a repeated sign-up has the code of the one before, until half of its time has passed, and no longer', async t => {
  const email = freshAddress()
  const [first, again] = [await idOf(email), await idOf(email.toUpperCase())]
  t.equal(await codeOf(app, again), await codeOf(app, first))
  app.clock.advance(5 * 60_000 - 1000)
  const late = await idOf(email)
  t.equal(await codeOf(app, late), await codeOf(app, first))
  app.clock.advance(1000)
  const another = await idOf(email)
  t.not(await codeOf(app, another), await codeOf(app, first))
  t.equal(await codeOf(app, await idOf(email)), await codeOf(app, another), 'the newest code is the one that goes on')
  t.not(await codeOf(app, await idOf(freshAddress())), await codeOf(app, another), 'another address has another code')

  app.clock.advance(5 * 60_000)
  t.match(await post(app, '/auth/verify-email', { registration_id: late, code: await codeOf(app, late) }), { statusCode: 422 }, 'the code is valid for ten minutes in all')
  t.match(await post(app, '/auth/verify-email', { registration_id: another, code: await codeOf(app, another) }), { statusCode: 200 })
})

t.test('no sign-up restores the tries of a code: one that was tried is not given again', async t => {
  const email = freshAddress()
  const tried = await idOf(email)
  const wrong = String((Number(await codeOf(app, tried)) + 1) % 1_000_000).padStart(6, '0')
  t.match(await post(app, '/auth/verify-email', { registration_id: tried, code: wrong }), { statusCode: 422 })

  const again = await idOf(email)
  t.not(await codeOf(app, again), await codeOf(app, tried))
  t.match(await post(app, '/auth/verify-email', { registration_id: again, code: await codeOf(app, tried) }), { statusCode: 422 })
  t.match(await post(app, '/auth/verify-email', { registration_id: again, code: await codeOf(app, again) }), { statusCode: 200 })
})

t.test('a stranger who signs up with the same address and its code keeps the account from nobody, and gets none', async t => {
  const email = freshAddress()
  const strangers = await idOf(email, 'an entirely different secret phrase')
  const owners = await idOf(email)
  const code = await codeOf(app, owners)

  t.match(await post(app, '/auth/verify-email', { registration_id: owners, code }), { statusCode: 200 })
  t.match(await post(app, '/auth/verify-email', { registration_id: strangers, code }), { statusCode: 422 })
  t.match(await post(app, '/auth/login', { email, password: 'an entirely different secret phrase' }), { statusCode: 401 })
  t.match(await post(app, '/auth/login', { email, password }), { statusCode: 200 })
})

t.test('with EMAIL_VERIFICATION=optional the account exists at once, and a known address is a conflict', async t => {
  const own = await deploy(t, { EMAIL_VERIFICATION: 'optional', HASH_QUEUE_MAX: '400' })
  const node = await start(t, own, { workers: false, hasher: cheapHasher })
  const email = freshAddress()
  const answer = await post(node, '/auth/register', { email, password, full_name: 'Ada King' })

  t.equal(answer.statusCode, 201)
  t.same(Object.keys(answer.json()), ['user'])
  t.match(answer.json().user, { id: String, email, role: 'user', email_verified: false, status: 'active', approval: 'not_required', must_change_password: false, last_login_at: null })
  t.match((await post(node, '/auth/register', { email: email.toUpperCase(), password, full_name: 'Eve' })).json(), { status: 409, code: 'conflict' })
  t.match(await post(node, '/auth/login', { email, password }), { statusCode: 200 })

  const other = freshAddress()
  const answers = await Promise.all(Array.from({ length: 50 }, (_, place) => post(node, '/auth/register', { email: place % 2 ? other : other.toUpperCase(), password, full_name: 'Ada' })))
  t.same(answers.map(({ statusCode }) => statusCode).sort(), [201, ...Array(49).fill(409)])
  t.same((await eventsOf(node)).filter(event => event === 'user_created').length, 2)
})

t.test('nobody registers into a role that was just closed, even if this node does not know yet', async t => {
  for (const EMAIL_VERIFICATION of ['required', 'optional']) {
    const node = await start(t, await deploy(t, { EMAIL_VERIFICATION }), { workers: false, hasher: cheapHasher })
    // Written past the feed.
    await node.database`update roles set self_registration = false where name = 'user'`
    const answer = await post(node, '/auth/register', { email: freshAddress(), password, full_name: 'Ada King' })

    t.match(answer.json(), { status: 422, errors: [{ path: '/user_type', code: 'not_open' }] }, EMAIL_VERIFICATION)
    t.same(await node.database`select id from users union all select id from registrations`, [])
    t.same(await mailJobs(node), [])
  }
})

async function register (fields: Record<string, unknown>) {
  return await post(app, '/auth/register', { email: freshAddress(), password, full_name: 'Ada King', ...fields })
}

async function confirmed (fields: Record<string, unknown>) {
  const email = String(fields['email'] ?? freshAddress())
  const answer = await register({ ...fields, email })
  if (answer.statusCode !== 201) throw new Error(answer.body)
  const { registration_id: id } = answer.json()
  const made = await post(app, '/auth/verify-email', { registration_id: id, code: await codeOf(app, id) })
  return { email, user: made.json().user }
}

async function usersCalled (canonical: string) {
  return await app.database`select id from users where email_canonical = ${canonical}`
}

async function account (id: string) {
  return await app.database`select email, email_canonical, password_hash, full_name, role, status, version, session_epoch, updated_at from users where id = ${id}`
}

async function rows () {
  const [counts] = await app.database`select (select count(*) from users) as users, (select count(*) from registrations) as registrations, (select count(*) from jobs) as jobs, (select count(*) from audit_events) as events`
  return counts
}

function headersOf ({ headers }: { headers: Record<string, unknown> }, isExact = true) {
  const { date: _, 'x-request-id': __, ...rest } = headers
  return isExact ? rest : { ...rest, 'content-length': null }
}

/** The id of a new registration. */
async function idOf (email: string, secret = password): Promise<string> {
  return (await register({ email, password: secret })).json().registration_id
}
