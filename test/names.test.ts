import t from 'tap'
import type { Test } from 'tap'
import { rowOf, signed } from './support/accounts/people.ts'
import { run } from './support/command.ts'
import { as, build, deploy, freshAddress, password, post, signUp } from './support/helper.ts'
import { names } from './support/names.ts'

type App = Awaited<ReturnType<typeof build>>

const caller = { ip: '127.0.0.1', userAgent: 'a test', requestId: 'names' }

t.test('every way into the service judges a name in the same way', async t => {
  const app = await build(t)

  for (const [door, enter] of Object.entries(await doorsOf(t, app))) {
    for (const name of names.accepted) t.equal(await enter(name), true, `${door} takes ${encodeURIComponent(name)}`)
    for (const name of names.refused) t.equal(await enter(name), false, `${door} refuses ${encodeURIComponent(name)}`)
  }
  t.strictSame(await app.database`select id from users where full_name = any(${names.refused}::text[])`, [])
})

t.test('every way into the service stores a name in NFC, however its letters were typed', async t => {
  const app = await build(t)

  for (const [door, enter] of Object.entries(await doorsOf(t, app))) {
    const typed = `Zoe\u0308 \u1112\u1161\u11ab of ${door}`
    t.equal(await enter(typed), true, door)
    t.strictSame(await namesLike(app, door), [typed.normalize('NFC')], door)
  }
})

/** The ways into the service for a name, each of which says whether it takes it. */
async function doorsOf (t: Test, app: App) {
  const chief = await signed(app, 'super_admin')
  const { user } = await signUp(app)
  const doors: Record<string, (name: string) => Promise<boolean>> = {
    'sign-up': name => taken(post(app, '/auth/register', { email: freshAddress(), password, full_name: name })),
    'own profile': name => taken(as(app, chief.access_token, 'PATCH', '/auth/me', { full_name: name })),
    invitation: name => taken(as(app, chief.access_token, 'POST', '/users', { email: freshAddress(), full_name: name, role: 'user' })),
    'another profile': name => taken(as(app, chief.access_token, 'PATCH', `/users/${user.id}`, { full_name: name })),
    import: async name => (await load(JSON.stringify({ email: freshAddress(), full_name: name }))).refused === 0,
    'create-admin': name => made(name)
  }
  return doors

  async function taken (answering: ReturnType<typeof post>) {
    const answer = await answering
    if (answer.statusCode < 300) return true
    t.match(answer.json(), { status: 422, code: 'invalid_request', errors: [{ path: '/full_name' }] })
    return false
  }

  async function made (fullName: string) {
    try {
      await app.administrators.create({ email: freshAddress(), fullName, password, another: true }, caller)
      return true
    } catch (error) {
      t.match(error, { code: 'invalid_request', details: { errors: [{ path: '/full_name' }] } })
      return false
    }
  }

  async function load (line: string) {
    const options = { format: 'ndjson', isDryRun: false, allowedRoles: [], refuse: () => {}, report: () => {} } as const
    return await app.userTransfers.importUsers(chunks(line), options, caller)
  }
}

async function namesLike (app: App, end: string) {
  const rows = await app.database<{ fullName: string }>`
    select full_name from users where full_name like '%' || ${end}::text
    union all
    select full_name from registrations where full_name like '%' || ${end}::text`
  return rows.map(({ fullName }) => fullName)
}

t.test('other texts of one line are judged as names are', async t => {
  const app = await build(t)
  const chief = await signed(app, 'super_admin')

  for (const text of names.refused) {
    for (const answer of [
      await as(app, chief.access_token, 'POST', '/vendors', { name: text }),
      await post(app, '/auth/login', { email: chief.email, password, device_name: text }),
      await as(app, chief.access_token, 'GET', `/users?q=${encodeURIComponent(text)}`)
    ]) t.match(answer, { statusCode: 422 }, encodeURIComponent(text))
  }
})

t.test('an export with the names of earlier versions is imported in full', async t => {
  const app = await build(t)
  const earlier = new Map([['Ada\nKing', 'Ada King'], ['Grace\u202e', 'Grace'], ['\u3164', null], ['Alan Turing', 'Alan Turing']])
  const expected = new Map<string, string>()
  for (const [stored, read] of earlier) {
    const { user, email } = await signUp(app)
    await app.database`update users set full_name = ${stored} where id = ${user.id}`
    t.match(await rowOf(app, user.id), { fullName: stored })
    expected.set(email, read ?? email)
  }

  for (const format of ['ndjson', 'csv'] as const) {
    const other = await build(t)
    const options = { format, isDryRun: false, allowedRoles: [], refuse, report: () => {} }
    const tally = await other.userTransfers.importUsers(chunks(await exported(format)), options, caller)
    t.match(tally, { read: 4, imported: 4 }, format)

    const rows = await other.database<{ email: string, fullName: string }>`select email, full_name from users`
    t.strictSame(Object.fromEntries(rows.map(({ email, fullName }) => [email, fullName])), Object.fromEntries(expected))
  }

  function refuse (line: number, reason: string) {
    t.fail(`line ${line}: ${reason}`)
  }

  async function exported (format: 'csv' | 'ndjson') {
    let text = ''
    for await (const part of app.userTransfers.exportUsers(format, { report: () => {} }, caller)) text += part
    return text
  }
})

t.test('create-admin refuses a name of two lines, and says so', async t => {
  const result = await run(await deploy(t), ['create-admin', freshAddress(), '--name', 'Ada\nKing'], password)
  t.match(result, { code: 1, stdout: '', stderr: /name/ })
})

async function * chunks (text: string) {
  yield Buffer.from(text)
}
