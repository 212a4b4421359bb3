import { createHash, pbkdf2Sync, scryptSync } from 'node:crypto'
import { hashSync } from 'bcryptjs'
import t from 'tap'
import type { Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import type { FileFormat } from '../../../lib/transfers/files.ts'
import type { ImportOptions, Tally } from '../../../lib/transfers/transfers.ts'
import { askForChange, changeAddress, undoChange } from '../../support/accounts/email-changes.ts'
import { rowOf, signed } from '../../support/accounts/people.ts'
import { knownTurn } from '../../support/hashers.ts'
import { as, build, deploy, freshAddress, post, signIn, signUp, start } from '../../support/helper.ts'

const caller = { ip: '127.0.0.1', userAgent: 'a test', requestId: 'import' }
const secret = 'ExjGmyUT73bFoT'
const hashes = {
  argon2i: 'argon2$argon2i$v=19$m=512,t=2,p=2$S1E4emVLNndLUnVS$RUET3AC8iXvcVPD2TRjvVQ',
  bcrypt: hashSync(secret, 4),
  scrypt: `scrypt$1024$seasalt$8$1$${scryptSync(secret, 'seasalt', 64, { N: 1024, r: 8, p: 1 }).toString('base64')}`,
  pbkdf2: `pbkdf2_sha256$1000$seasalt$${pbkdf2Sync(secret, 'seasalt', 1000, 32, 'sha256').toString('base64')}`,
  passlib: '$pbkdf2$1000$c2Vhc2FsdA$' + pbkdf2Sync(secret, 'seasalt', 1000, 20, 'sha1').toString('base64').replace(/=+$/, '').replaceAll('+', '.')
}

t.test('a user with an old hash signs in as before, and has an argon2id hash from then on', async t => {
  const app = await start(t, await deploy(t), { hasher: null })
  const emails = new Map(Object.keys(hashes).map(scheme => [scheme, freshAddress()]))
  t.match(await load(
    app,
    Object.entries(hashes).map(([scheme, hash]) => user({ email: emails.get(scheme), password_hash: hash }))
  ), { read: 5, imported: 5, refused: 0 })

  for (const [scheme, email] of emails) {
    t.match((await post(app, '/auth/login', { email, password: `${secret}x` })).json(), { code: 'invalid_credentials' }, scheme)
    t.notMatch(await hashOf(app, email), /^\$argon2id/, 'a wrong password replaces nothing')
    const { access_token: token } = await signIn(app, { email, password: secret })
    t.match((await as(app, token, 'GET', '/auth/me')).json(), { user: { email, email_verified: true, role: 'user' } })

    const stored = await hashOf(app, email)
    t.match(stored, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/, scheme)
    await signIn(app, { email, password: secret })
    t.equal(await hashOf(app, email), stored, 'once')
    t.equal((await post(app, '/auth/login', { email, password: `${secret}x` })).statusCode, 401)
  }
})

t.test('twenty first sign-ins at once give one account with one new hash', async t => {
  const app = await build(t, { LOCKOUT_THRESHOLD: '100' })
  const email = freshAddress()
  await load(app, [user({ email, password_hash: hashes.pbkdf2 })])
  const answers = await Promise.all(Array.from({ length: 20 }, () => post(app, '/auth/login', { email, password: secret })))

  t.strictSame(new Set(answers.map(({ statusCode }) => statusCode)), new Set([200]))
  t.match(await hashOf(app, email), /^\$argon2id/)
  await signIn(app, { email, password: secret })
})

t.test('a bcrypt password longer than 72 bytes works before and after, and afterwards counts in full', async t => {
  const app = await build(t)
  const email = freshAddress()
  const long = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 and what bcrypt never saw'
  await load(app, [user({ email, password_hash: '$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui' })])

  t.equal((await post(app, '/auth/login', { email, password: `${long.slice(0, 70)}x` })).statusCode, 401)
  await signIn(app, { email, password: long })
  await signIn(app, { email, password: long })
  t.equal((await post(app, '/auth/login', { email, password: long.slice(0, 72) })).statusCode, 401)
})

t.test('a password that was hashed as typed, in decomposed letters, is found', async t => {
  const app = await build(t)
  const [decomposed, composed] = ['cafe\u0301 orbit kestrel', 'caf\u00e9 orbit kestrel']
  const [ada, grace] = [freshAddress(), freshAddress()]
  await load(app, [
    user({ email: ada, password_hash: hashSync(decomposed, 4) }),
    user({ email: grace, password_hash: hashSync(composed, 4) })
  ])

  await signIn(app, { email: ada, password: decomposed })
  await signIn(app, { email: ada, password: composed })
  await signIn(app, { email: grace, password: decomposed })
})

t.test('the other fields of an imported account hold as usual', async t => {
  const app = await build(t)
  const [disabled, pending, vendor] = [freshAddress(), freshAddress(), freshAddress()]
  await load(app, [
    user({ email: disabled, password_hash: hashes.pbkdf2, status: 'disabled' }), user({ email: pending, password_hash: hashes.pbkdf2, role: 'vendor', approval: 'pending' }),
    user({ email: vendor, password_hash: hashes.pbkdf2, role: 'vendor' })
  ])
  t.match((await post(app, '/auth/login', { email: disabled, password: secret })).json(), { code: 'account_disabled' })
  t.match((await post(app, '/auth/login', { email: disabled, password: 'a guess' })).json(), { code: 'invalid_credentials' })
  t.match((await post(app, '/auth/login', { email: pending, password: secret })).json(), { code: 'approval_pending' })
  t.match(await signIn(app, { email: vendor, password: secret }), { user: { role: 'vendor', approval: 'approved', created_at: '2020-01-02T03:04:05.000Z' } })
})

t.test('a file grants power over others only where the operator allows it', async t => {
  const app = await build(t)
  const refused: string[] = []
  const refuse = (line: number, reason: string) => refused.push(`${line} ${reason}`)
  const [email, allowed] = [freshAddress(), freshAddress()]
  const users = [user({ email, role: 'super_admin' }), user({ email: allowed, role: 'admin' }), user({ role: 'accountant' })]

  for (const isDryRun of [true, false]) {
    t.match(await load(app, users, { isDryRun, allowedRoles: ['admin'], refuse }), { read: 3, imported: 2, skipped: 0, refused: 1 })
    t.strictSame(refused.splice(0), ['1 role is one that must be allowed by --allow-role'])
  }
  t.strictSame(await app.database`select id from users where email_canonical = ${email}`, [])
  t.match(await app.database`select role from users where email_canonical = ${allowed}`, [{ role: 'admin' }])
  t.equal((await app.database`select id from audit_events where event = 'user_created'`).length, 2)
})

t.test('a repeated import changes nothing more', async t => {
  const app = await build(t)
  const users = Array.from({ length: 1234 }, () => user({ password_hash: hashes.bcrypt }))
  t.match(await load(app, users), { read: 1234, imported: 1234, skipped: 0, refused: 0 })
  const before = await everything(app)

  t.match(await load(app, users.map(user => ({ ...user, full_name: 'Somebody else', password_hash: hashes.pbkdf2 }))), { read: 1234, imported: 0, skipped: 1234, refused: 0 })
  t.strictSame(await everything(app), before)
})

t.test('an interrupted import continues when it is started again', async t => {
  const app = await build(t)
  const users = Array.from({ length: 1200 }, () => user())
  let soFar: Tally | undefined
  async function * broken () {
    yield Buffer.from(text(users.slice(0, 700)))
    throw new Error('the disk is gone')
  }
  await t.rejects(app.userTransfers.importUsers(broken(), options({ report: tally => { soFar = { ...tally } } }), caller), /the disk is gone/)
  t.match(soFar, { imported: 500 })
  t.equal((await app.database`select id from users`).length, 500, 'whole batches')

  t.match(await load(app, users), { imported: 700, skipped: 500 })
})

t.test('a trial run writes nothing and says what would be done', async t => {
  const app = await build(t)
  const there = await signUp(app)
  const before = await everything(app)
  const refused: string[] = []

  t.match(await load(app, [user({ password_hash: hashes.bcrypt }), user({ email: there.email }), user({ email: 'x' }), user({ email_verified: false, password_hash: hashes.bcrypt })], { isDryRun: true, refuse: (line, reason) => refused.push(`${line} ${reason}`) }),
    { read: 4, imported: 2, skipped: 1, refused: 1, withoutPassword: 1 })
  t.strictSame(refused, ['3 email is not an address'])
  t.strictSame(await everything(app), before)
})

t.test('an address that its owner may still restore is refused by its line, and the owner restores it', async t => {
  const app = await buildWithoutWorkers(t)
  const ada = await signed(app)
  const { to, undo } = await changeAddress(app, ada)
  const users = [user(), user({ email: ada.email.toUpperCase() }), user({ email: to }), user()]
  const refused: string[] = []
  const refuse = (line: number, reason: string) => refused.push(`${line} ${reason}`)

  const tally = { read: 4, imported: 2, skipped: 1, refused: 1 }
  t.match(await load(app, users, { isDryRun: true, refuse }), tally)
  t.match(await load(app, users, { refuse }), tally)
  t.strictSame(refused, Array(2).fill('2 email is one to which an account may still be restored'))
  t.equal((await undoChange(app, undo)).statusCode, 200)
  t.match(await rowOf(app, ada.id), { email: ada.email })
})

t.test('an address of which a change is only requested has an account, and is skipped', async t => {
  const app = await buildWithoutWorkers(t)
  const ada = await signed(app)
  await askForChange(app, ada)
  t.match(await load(app, [user({ email: ada.email })]), { imported: 0, skipped: 1, refused: 0 })
})

t.test('once nothing can restore an address any more, it is imported', async t => {
  const app = await buildWithoutWorkers(t)
  const ada = await signed(app)
  await changeAddress(app, ada)
  app.clock.advance(7 * 86_400_000 + 1000)
  t.match(await load(app, [user({ email: ada.email })]), { imported: 1, refused: 0 })
})

t.test('an existing account stays as it is, however its address is written', async t => {
  const app = await build(t)
  const ada = await signUp(app)
  t.match(await load(app, [user({ email: ada.email.toUpperCase(), password_hash: hashes.pbkdf2, role: 'super_admin', full_name: 'Mallory' })], { allowedRoles: ['super_admin'] }), { imported: 0, skipped: 1 })

  t.match(await signIn(app, ada), { user: { full_name: 'Ada King', role: 'user' } })
  t.equal((await post(app, '/auth/login', { email: ada.email, password: secret })).statusCode, 401)
})

t.test('of two lines with one address the first counts, and the second is reported', async t => {
  const app = await build(t)
  const email = freshAddress()
  const others = Array.from({ length: 600 }, () => user())
  const refused: string[] = []
  const users = [user({ email, full_name: 'The first' }), ...others, user({ email: email.replace('ada', 'ADA'), full_name: 'The second' })]

  t.match(await load(app, users, { refuse: (line, reason) => refused.push(`${line} ${reason}`) }), { read: 602, imported: 601, skipped: 0, refused: 1 })
  t.strictSame(refused, ['602 email is the one of line 1'])
  t.match(await app.database`select full_name from users where email_canonical = ${email}`, [{ fullName: 'The first' }])
})

t.test('two imports of one file at once make each account once', async t => {
  const deployment = await deploy(t)
  const [one, two] = await Promise.all([start(t, deployment), start(t, deployment)])
  const users = Array.from({ length: 1500 }, () => user())
  const tallies = await Promise.all([load(one, users), load(two, users.toReversed())])

  t.equal(tallies[0].imported + tallies[1].imported, 1500)
  t.equal(tallies[0].skipped + tallies[1].skipped, 1500)
  t.match(await one.database`select count(*) as users, (select count(*) from subject_keys) as keys, (select count(*) from audit_events where event = 'user_created') as events from users`, [{ users: 1500, keys: 1500, events: 1500 }])
})

t.test('the audit trail records each user and the whole import, and can be read', async t => {
  const app = await build(t)
  const email = freshAddress()
  await load(app, [user({ email, password_hash: hashes.bcrypt, role: 'admin' }), user({ email: 'x' })], { allowedRoles: ['admin'] })
  const [created, imported] = await app.database<{ event: string, reason: string, requestId: string, subjectId: string, personal: Buffer, wrappedKey: Buffer }>`
    select e.*, k.wrapped_key
    from audit_events e
    left join subject_keys k on k.subject_id = e.subject_id
    order by e.id`

  t.match([created, imported], [{ event: 'user_created', reason: 'imported', requestId: 'import' }, { event: 'users_imported', subjectId: null }])
  if (!created || !imported) return
  t.strictSame(app.audit.read('user_created', { id: created.subjectId, wrappedKey: created.wrappedKey }, created.personal), { ip: '127.0.0.1', user_agent: 'a test', email, role: 'admin' })
  t.match(app.audit.read('users_imported', null, imported.personal), { read: 2, imported: 1, refused: 1, allowedRoles: ['admin'] })
  t.equal((await app.database`select id from jobs`).length, 0, 'and nobody gets a mail')
})

t.test('where addresses must be confirmed, an unconfirmed address is no way in for the person who typed it', async t => {
  const [strict, lenient] = await Promise.all([build(t), build(t, { EMAIL_VERIFICATION: 'optional' })])
  const email = freshAddress()
  const users = [user({ email, email_verified: false, password_hash: hashes.pbkdf2 })]

  t.match(await load(strict, users), { imported: 1, withoutPassword: 1 })
  t.match((await post(strict, '/auth/login', { email, password: secret })).json(), { code: 'invalid_credentials' })
  t.match(await load(lenient, users), { imported: 1, withoutPassword: 0 })
  t.match(await signIn(lenient, { email, password: secret }), { user: { email_verified: false } })
})

t.test('an account without a password lets nobody in', async t => {
  const app = await build(t)
  const [none, unusable] = [freshAddress(), freshAddress()]
  t.match(await load(app, [user({ email: none }), user({ email: unusable, password_hash: '!x' })]), { imported: 2, withoutPassword: 2 })
  for (const email of [none, unusable]) for (const guess of ['', '!x', 'decoy', secret]) t.not((await post(app, '/auth/login', { email, password: guess })).statusCode, 200)
})

t.test('a salt that Postgres cannot store costs its own line and no other', async t => {
  const app = await build(t)
  const refused: string[] = []
  const odd = ['\0', '\ud800'].map(salt => user({ email: freshAddress(), password_hash: hashes.pbkdf2.replace('seasalt', salt) }))
  const users = [...odd, user({ email: freshAddress(), password_hash: hashes.pbkdf2 })]
  const refuse = (_line: number, reason: string) => refused.push(reason)
  t.match(await load(app, users, { refuse }), { imported: 1, refused: 2 })
  t.strictSame(refused, Array(2).fill('password_hash is of no form that is known here'))
})

t.test('a hash that costs too much is refused, and is never computed even if it is stored already', async t => {
  const app = await build(t)
  const email = freshAddress()
  const costly = hashes.bcrypt.replace('$04$', '$31$')
  const refused: string[] = []
  const refuse = (_line: number, reason: string) => refused.push(reason)
  t.match(await load(app, [user({ email, password_hash: costly })], { refuse }), { imported: 0, refused: 1 })
  t.strictSame(refused, ['password_hash would cost too much to compare: bcrypt of cost 31'])

  await load(app, [user({ email })])
  await app.database`update users set password_hash = ${costly} where email_canonical = ${email}`
  t.equal((await post(app, '/auth/login', { email, password: secret })).statusCode, 401)
})

t.test('old hashes are compared outside the event loop, and no more at once than allowed', async t => {
  const app = await build(t)
  const stored = hashSync(secret, 8)
  let [turns, maxRunning] = [0, 0]
  const counter = setInterval(() => {
    turns++
    maxRunning = Math.max(maxRunning, app.passwords.stats().running)
  }, 1)
  // On a busy machine the last of them wait for three seconds, and are refused.
  const compare = () => app.passwords.verify(stored, 'x', knownTurn).catch(error => error.code)
  const outcomes = await Promise.all(Array.from({ length: 4 }, compare))
  clearInterval(counter)

  t.strictSame(outcomes.slice(0, 2), [false, false])
  t.ok(outcomes.slice(2).every(outcome => outcome === false || outcome === 'overloaded'), outcomes.join(', '))
  t.equal(maxRunning, 2)
  t.ok(turns > 10, `${turns} turns`)
})

t.test('exported users can be imported elsewhere, and everybody can sign in there', async t => {
  const [from, to] = await Promise.all([build(t), build(t)])
  const [ada, grace, alan] = [await signUp(from, { full_name: 'Ada "the first", Countess' }), freshAddress(), freshAddress()]
  await load(from, [
    user({ email: grace, full_name: 'Grace Höpper 𝒢', password_hash: hashes.bcrypt, locale: 'de', role: 'accountant' }), user({ email: alan, status: 'disabled', password_hash: hashes.pbkdf2, role: 'vendor', approval: 'rejected' }),
    ...Array.from({ length: 1001 }, () => user({ password_hash: hashes.pbkdf2 }))
  ])
  const [ndjson, csv] = [await exported(from, 'ndjson'), await exported(from, 'csv')]
  t.equal(ndjson.trim().split('\n').length, 1004)
  t.equal(csv.trim().split('\n').length, 1005)
  t.match(csv, /^email,full_name,role,locale,created_at,email_verified,password_hash,/)

  t.match(await loadText(to, csv), { read: 1004, imported: 1004, refused: 0 })
  t.match(await loadText(to, ndjson), { read: 1004, imported: 0, skipped: 1004 })
  t.strictSame(await accounts(to), await accounts(from))
  t.match(await signIn(to, ada), { user: { full_name: 'Ada "the first", Countess', email_verified: true } })
  t.match(await signIn(to, { email: grace, password: secret }), { user: { role: 'accountant', locale: 'de' } })
  t.match((await post(to, '/auth/login', { email: alan, password: secret })).json(), { code: 'account_disabled' })
  t.match(await from.database`select event, outcome from audit_events where event = 'users_exported'`, [{ event: 'users_exported' }, {}], 'and the trail says that they have left')
})

t.test('an empty deployment exports nothing', async t => {
  const app = await build(t)
  t.equal(await exported(app, 'ndjson'), '')
})

function user (fields: Record<string, unknown> = {}) {
  return { email: freshAddress(), full_name: 'Ada King', created_at: '2020-01-02T03:04:05Z', email_verified: true, ...fields }
}

const text = (users: object[]) => users.map(user => `${JSON.stringify(user)}\n`).join('')

/** A node that leaves mails where they wait, so that their links can be read. */
const buildWithoutWorkers = async (t: Test) => await start(t, await deploy(t), { workers: false })

const load = (app: FastifyInstance, users: object[], changed: Partial<ImportOptions> = {}) =>
  loadText(app, text(users), changed)

async function loadText (app: FastifyInstance, text: string, changed: Partial<ImportOptions> = {}) {
  async function * chunks () {
    for (let start = 0; start < text.length; start += 50_000) yield Buffer.from(text.slice(start, start + 50_000))
  }
  return await app.userTransfers.importUsers(chunks(), options(changed), caller)
}

function options (changed: Partial<ImportOptions> = {}): ImportOptions {
  return { format: null, isDryRun: false, allowedRoles: [], refuse () {}, report () {}, ...changed }
}

async function exported (app: FastifyInstance, format: FileFormat) {
  let text = ''
  for await (const part of app.userTransfers.exportUsers(format, { report () {} }, caller)) text += part
  return text
}

async function hashOf (app: FastifyInstance, email: string) {
  const [user] = await app.database<{ passwordHash: string }>`select password_hash from users where email_canonical = ${email}`
  return user?.passwordHash ?? ''
}

/** A digest of all that an import writes, except what shows that there was an import. */
async function everything (app: FastifyInstance) {
  const rows = [
    await app.database`select * from users order by id`, await app.database`select * from subject_keys order by subject_id`,
    await app.database`select * from audit_events where event <> 'users_imported' order by id`
  ]
  return createHash('sha256').update(JSON.stringify(rows)).digest('hex')
}

async function accounts (app: FastifyInstance) {
  return await app.database`
    select email, email_canonical, email_verified, password_hash, full_name, locale, role, status, approval, created_at
    from users
    order by email_canonical`
}
