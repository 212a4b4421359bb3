import t from 'tap'
import { askForChange, changeAddress, undoChange } from './support/accounts/email-changes.ts'
import { cheapHasher } from './support/hashers.ts'
import { deploy, freshAddress, password, post, signIn, signUp, start } from './support/helper.ts'

const settings = { HASH_QUEUE_MAX: '400' }
const app = await start(t, await deploy(t, settings), { workers: false, hasher: cheapHasher })

t.test('with EMAIL_VERIFICATION=optional, nobody can register the address to which an account may be brought back', async t => {
  const optional = await start(t, await deploy(t, { ...settings, EMAIL_VERIFICATION: 'optional' }), { workers: false, hasher: cheapHasher })
  const email = freshAddress()
  await post(optional, '/auth/register', { email, password, full_name: 'Ada King' })
  const { undo } = await changeAddress(optional, await signIn(optional, { email }))

  t.match((await post(optional, '/auth/register', { email: email.toUpperCase(), password, full_name: 'Eve' })).json(), { status: 409, code: 'conflict' })
  t.match((await undoChange(optional, undo)).json(), { email })
})

t.test('that address is free again once the account can no longer be brought back', async t => {
  const optional = await start(t, await deploy(t, { ...settings, EMAIL_VERIFICATION: 'optional' }), { workers: false, hasher: cheapHasher })
  const email = freshAddress()
  await post(optional, '/auth/register', { email, password, full_name: 'Ada King' })
  await changeAddress(optional, await signIn(optional, { email }))
  optional.clock.advance(7 * 86_400_000)

  t.match(await post(optional, '/auth/register', { email, password, full_name: 'Eve' }), { statusCode: 201 })
})

t.test('two browsers that swap accounts at the same moment do not wait for each other', async t => {
  const [ada, eve] = [await signUp(app), await signUp(app)]

  for (let round = 0; round < 10; round++) {
    const [first, second] = [await browse(ada), await browse(eve)]
    const answers = await Promise.all([browse(ada, second.refresh), browse(eve, first.refresh)])
    t.same(answers.map(({ status }) => status), [200, 200])
    t.same(await app.database`select id from sessions where id = any(${[first.session, second.session]}) and ended_at is null`, [], 'both old sessions have ended')
  }
})

t.test('a browser that still holds the cookie of an erased account can sign in to another', async t => {
  const [gone, ada] = [await signUp(app), await signUp(app)]
  const { refresh } = await browse(gone)
  await app.database`delete from users where id = ${gone.user.id}`

  t.equal((await browse(ada, refresh)).status, 200)
})

t.test('no value in a request causes a 500', async t => {
  const ada = await signIn(app)
  const { change } = await askForChange(app, ada)
  const fields: Record<string, Record<string, unknown>> = {
    '/auth/password/forgot': { email: 'ada@example.com' },
    '/auth/password/reset': { token: change, new_password: 'amber ladder drift 1791', transport: 'bearer' },
    '/auth/password/change': { current_password: password, new_password: 'amber ladder drift 1791' },
    '/auth/email/change': { new_email: freshAddress() },
    '/auth/email/confirm': { token: change },
    '/auth/email/undo': { token: change },
    '/auth/reauthenticate': { password },
    '/auth/login': { email: 'ada@example.com', password, device_name: 'x', device_token: ada.device_token, user_type: 'user' }
  }
  const odd = [
    '\0', 'a\0b@example.com', '\ud800', '\ud800@example.com', 'x'.repeat(1024), 'é'.repeat(1024), '\u202e', `${change}\0`, `${change.slice(0, -1)}é`,
    ['x'], [], {}, { $gt: '' }, null, 1, 1e308, true, '', ' ', '__proto__', "' or 1=1 --"
  ]

  for (const [path, good] of Object.entries(fields)) {
    for (const [name, value] of Object.keys(good).flatMap(name => odd.map(value => [name, value] as const))) {
      const { statusCode } = await post(app, path, { ...good, [name]: value }, { authorization: `Bearer ${ada.access_token}` })
      if (statusCode >= 500) t.fail(`${path} answers ${statusCode} to a ${name} of ${JSON.stringify(value).slice(0, 40)}`)
    }
  }
})

/** A login by cookie, from a browser that holds a refresh cookie already, or none. */
async function browse ({ email }: { email: string }, carried?: string) {
  const answer = await post(app, '/auth/login', { email, password, transport: 'cookie' }, { 'sec-fetch-site': 'same-origin', ...(carried && { cookie: `__Host-refresh=${carried}` }) })
  return { status: answer.statusCode, session: answer.json().session?.id ?? '', refresh: answer.cookies.find(({ name }) => name === '__Host-refresh')?.value ?? '' }
}
