import t from 'tap'
import { signed } from './support/accounts/people.ts'
import { as, deploy, freshAddress, password, post, signIn, signUp, start } from './support/helper.ts'
import { mailJobs } from './support/trail/evidence.ts'

const caller = { ip: '127.0.0.1', userAgent: 'a test', requestId: 'addresses' }
const app = await start(t, await deploy(t), { workers: false })
const chief = await signed(app, 'super_admin')
const { user } = await signUp(app)

/** The ways in which an address enters the service for the first time. Each gives the code of its refusal, or null. */
const doors: Record<string, (email: string) => Promise<string | null>> = {
  'sign-up': email => refusalOf(post(app, '/auth/register', { email, password, full_name: 'Ada King' }), '/email'),
  invitation: email => refusalOf(as(app, chief.access_token, 'POST', '/users', { email, full_name: 'Ada King', role: 'user' }), '/email'),
  'own change': email => refusalOf(as(app, chief.access_token, 'POST', '/auth/email/change', { new_email: email }), '/new_email'),
  'change by an administrator': email => refusalOf(as(app, chief.access_token, 'PATCH', `/users/${user.id}`, { email }), '/email'),
  import: async email => await load(email),
  'create-admin': async email => {
    try {
      await app.administrators.create({ email, fullName: 'Ada King', password, another: true }, caller)
      return null
    } catch (error) {
      t.match(error, { code: 'invalid_request', details: { errors: [{ path: '/email' }] } })
      return (error as { details: { errors: { code: string }[] } }).details.errors[0]?.code ?? ''
    }
  }
}

t.test('no way in takes an address that many mail servers do not deliver to, and each says why', async t => {
  const before = await counts()
  for (const [door, enter] of Object.entries(doors)) {
    for (const local of ['j\u00f6rg', 'jo\u0308rg', '\u7528\u6237', 'a\u0434a']) {
      t.equal(await enter(`${local}@example.com`), 'local_part_not_ascii', `${door}: ${local}`)
    }
  }
  t.strictSame(await counts(), before, 'no row and no mail')
})

t.test('every way in takes an international domain, and mail goes to its A-labels', async t => {
  for (const [door, enter] of Object.entries(doors)) {
    const [local = ''] = freshAddress().split('@')
    t.equal(await enter(`${local}@B\u00dcCHER.example`), null, door)
    const addresses = await app.database<{ email: string }>`
      select email from users where email like ${local} || '@%'
      union select email from registrations where email like ${local} || '@%'
      union select email from one_time_tokens where email like ${local} || '@%'`
    t.strictSame(addresses.map(({ email }) => email), [`${local}@xn--bcher-kva.example`], door)
  }
})

t.test('an account that has such an address keeps it: its owner signs in, resets the password and may leave it', async t => {
  const { user } = await signUp(app)
  const email = `j\u00f6rg-${user.id}@example.com`
  await app.database`update users set email = ${email}, email_canonical = ${email} where id = ${user.id}`

  const tokens = await signIn(app, { email: email.normalize('NFD'), password })
  const mails = (await mailJobs(app, 'password_reset')).length
  t.match(await post(app, '/auth/password/forgot', { email }), { statusCode: 202 })
  t.equal((await mailJobs(app, 'password_reset')).length, mails + 1)
  t.match(await as(app, chief.access_token, 'PATCH', `/users/${user.id}`, { email, full_name: 'J\u00f6rg' }), { statusCode: 200 })
  t.match(await as(app, tokens.access_token, 'POST', '/auth/email/change', { new_email: freshAddress() }), { statusCode: 202 })
})

async function refusalOf (answering: ReturnType<typeof post>, path: string): Promise<string | null> {
  const answer = await answering
  if (answer.statusCode < 300) return null
  t.match(answer.json(), { status: 422, code: 'invalid_request', errors: [{ path }] })
  return answer.json().errors[0].code
}

async function load (email: string): Promise<string | null> {
  const reasons: string[] = []
  const options = { format: 'ndjson', isDryRun: false, allowedRoles: [], refuse: (_: number, reason: string) => reasons.push(reason), report: () => {} } as const
  await app.userTransfers.importUsers(chunks(JSON.stringify({ email, full_name: 'Ada King' })), options, caller)
  if (reasons.length === 0) return null
  t.match(reasons, [/^email has a part before the @ that is not in ASCII/])
  return 'local_part_not_ascii'
}

async function * chunks (text: string) {
  yield Buffer.from(text)
}

async function counts () {
  const [rows] = await app.database`
    select
      (select count(*) from users) as users,
      (select count(*) from registrations) as registrations,
      (select count(*) from one_time_tokens) as tokens,
      (select count(*) from jobs where queue = 'mail') as mails`
  return rows
}
