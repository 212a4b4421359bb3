import t from 'tap'
import { by, person, signed } from '../../support/accounts/people.ts'
import { openBrowser } from '../../support/cookie-jar.ts'
import { connect } from '../../support/database.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, freshAddress, password, post, signIn, signUp, start } from '../../support/helper.ts'
import type { Tokens } from '../../support/helper.ts'
import { genericPlan } from '../../support/statements/plans.ts'
import { tapWires } from '../../support/statements/wiretap.ts'
import { eventsOf, trail } from '../../support/trail/evidence.ts'

type Row = Record<string, unknown>
type Export = Record<'known_devices' | 'totp_secrets' | 'passkeys' | 'recovery_codes' | 'one_time_tokens' | 'registrations' | 'jobs' | 'sessions' | 'audit_events' | 'acts', Row[]> & { exported_at: string, account: Row }

/** The name in the export for the rows of each table. */
const exported: Record<string, Exclude<keyof Export, 'exported_at'>> = {
  users: 'account',
  known_devices: 'known_devices',
  totp_secrets: 'totp_secrets',
  passkeys: 'passkeys',
  recovery_codes: 'recovery_codes',
  one_time_tokens: 'one_time_tokens',
  registrations: 'registrations',
  jobs: 'jobs',
  sessions: 'sessions',
  audit_events: 'audit_events'
}

/** The columns that are never exported, and why. */
const withheld: Record<string, Record<string, string>> = {
  users: {
    password_hash: 'a secret; its scheme is told as password.scheme',
    version: 'a counter of the machinery',
    session_epoch: 'a counter of the machinery',
    passkey_handle: 'random, by which authenticators know the account'
  },
  known_devices: {
    user_id: 'account.id',
    remembered_user_epoch: 'a counter of the machinery',
    remembered_global_epoch: 'a counter of the machinery'
  },
  totp_secrets: {
    user_id: 'account.id',
    secret: 'a secret',
    last_step: 'a counter of the machinery',
    strangers_failures: 'a counter against guessing'
  },
  passkeys: {
    user_id: 'account.id',
    credential_id: 'random, by which an authenticator knows the key',
    public_key: 'of use to nobody else',
    algorithm: 'follows from the key',
    sign_count: 'a counter of the machinery'
  },
  recovery_codes: { user_id: 'account.id', hash: 'a secret' },
  one_time_tokens: {
    id: 'half a secret: with a key of the deployment it makes the token',
    user_id: 'account.id',
    taken_by: 'a lease of a few seconds',
    taken_until: 'a lease of a few seconds'
  },
  registrations: {
    id: 'half a secret: with the mailed code it makes an account',
    password_hash: 'a secret of the person who signed up',
    full_name: 'typed by the person who signed up, who may be another',
    locale: 'typed by the person who signed up, who may be another',
    code_id: 'from which the code is made',
    code_number: 'from which the code is made',
    tries: 'a counter against guessing'
  },
  jobs: {
    id: 'a counter of the machinery',
    data: 'its kind is told; the rest are ids of what else is exported',
    attempts_max: 'a constant of the machinery',
    error: 'what a mail server has told its operator'
  },
  sessions: {
    user_id: 'account.id',
    user_epoch: 'a counter of the machinery',
    global_epoch: 'a counter of the machinery',
    floor: 'a counter of the machinery',
    factor_reset: 'one_time_tokens.id'
  },
  audit_events: {
    xid: 'a counter of the database',
    mac: 'proves that the server wrote the row; says nothing of its own',
    actor_id: 'told as actor: self, other or nobody known; who the other is, is not the user’s',
    subject_id: 'account.id',
    address_hmac: 'stands for addresses without an account: tries by anybody, before there was a user'
  }
}

/** Tables that say nothing about a user beyond what is exported, and why. */
const others: Record<string, string> = {
  announcements: 'what operators have told all users, and who has had it by order of ids',
  schema_migrations: 'the schema',
  roles: 'of the deployment',
  role_permissions: 'of the deployment',
  vendors: 'an organisation, no person',
  deployment: 'of the deployment',
  signing_keys: 'of the deployment',
  signing_keys_inherited: 'of the deployment',
  signing_key_stages: 'of the deployment',
  job_schedules: 'of the deployment',
  services: 'of the deployment',
  service_secrets: 'of the deployment',
  subject_keys: 'the key under which the trail is written: a secret; what it opens is exported',
  audit_seals: 'hashes of what is exported, of which they tell nothing',
  audit_retention: 'of the deployment',
  spent_challenges: 'random numbers, kept for some hours',
  user_counts: 'how many users there are of a kind',
  daily_counts: 'how many events there were of a kind',
  session_counts: 'how many sessions there are of a kind',
  audit_verifications: 'what a verification of the trail has found: ids of events',
  changes: 'counters that nodes tell each other for a few weeks; each with its audit event, which is exported'
}

/** Tables that copy columns of users, with the names of the originals; they are deleted and changed with users. */
const mirrors: Record<string, Record<string, string>> = {
  last_logins: { user_id: 'id', role: 'role', status: 'status', approval: 'approval', vendor_id: 'vendor_id', at: 'last_login_at' }
}

const direct = await deploy(t, { DOCS_ENABLED: 'true' })
const { tap, deployment } = await tapWires(t, direct)
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const sql = connect(t, direct.DATABASE_DIRECT_URL)

t.test('a user who has just signed in gets a file of everything', async t => {
  const mine = await signIn(app)
  const answer = await as(app, mine.access_token, 'GET', '/auth/me/export')

  t.equal(answer.statusCode, 200)
  t.match(answer.headers['content-type'], /^application\/json/)
  t.equal(answer.headers['content-disposition'], 'attachment; filename="personal-data.json"')
  t.equal(answer.headers['cache-control'], 'no-store')
  t.match(answer.json(), { account: { id: mine.user.id, email: mine.user.email, full_name: 'Ada King', password: { scheme: 'argon2id' } }, sessions: [{ id: mine.session.id, ip: '127.0.0.1' }] })
  t.strictSame((await app.inject('/api/v1/auth/me/export')).json().code, 'unauthenticated')

  const browser = openBrowser(app)
  await browser.send('POST', '/auth/login', { email: mine.user.email, password, transport: 'cookie' })
  t.equal((await browser.send('GET', '/auth/me/export')).json().sessions.length, 2)
})

t.test('without a recent sign-in there is no file, and nothing is recorded as read', async t => {
  const mine = await signIn(app)
  app.clock.advance(11 * 60_000)
  t.match((await as(app, mine.access_token, 'GET', '/auth/me/export')).json(), { status: 401, code: 'reauthentication_required', max_age: 600 })
  t.notOk((await eventsOf(app, mine.user.id)).includes('sensitive_read'))
  const next: Tokens = (await as(app, mine.access_token, 'POST', '/auth/reauthenticate', { password })).json()
  t.match(await as(app, next.access_token, 'GET', '/auth/me/export'), { statusCode: 200 })
})

t.test('the documentation names the parts of the file', async t => {
  const { data } = await lived()
  const { components } = app.swagger() as { components?: { schemas?: Record<string, { properties?: object }> } }
  t.strictSame(Object.keys(components?.schemas?.['PersonalExport']?.properties ?? {}).sort(), Object.keys(data).sort())
})

t.test('every column of every table is exported or on a written list', async t => {
  const { mine, data } = await lived()
  const columns = await sql<{ table: string, column: string }[]>`
    select c.table_name as table, c.column_name as column
    from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
    where c.table_schema = 'public' and t.table_type = 'BASE TABLE'
      and not (select relispartition from pg_class where oid = quote_ident(c.table_name)::regclass)`
  const references = await sql<{ table: string }[]>`select conrelid::regclass::text as table from pg_constraint where contype = 'f' and confrelid = 'users'::regclass`
  const tables = new Set(columns.map(({ table }) => table))

  for (const table of tables) t.ok(exported[table] ?? others[table] ?? mirrors[table], `${table} is known here`)
  for (const table of Object.keys(exported)) t.ok(tables.has(table), `${table} is there`)
  for (const { table } of references) t.ok(exported[table] ?? mirrors[table], `${table} refers to users and is exported`)
  for (const { table, column } of columns) {
    if (others[table]) t.notMatch(column, /^(user|account|owner|actor)(_id)?$|email|address|full_name|^ip$/, `${table}.${column} names nobody`)
    if (mirrors[table]) t.ok((mirrors[table][column] ?? '') in data.account, `${table}.${column} is one of users`)
    if (!exported[table]) continue
    const rows = [data[exported[table]]].flat()
    t.ok(rows.length > 0, `there are ${table}`)
    t.ok(withheld[table]?.[column] !== undefined || rows.every(row => column in row), `${table}.${column}`)
    t.notOk(withheld[table]?.[column] !== undefined && rows.some(row => column in row), `${table}.${column} is not exported after all`)
  }
  for (const [table, list] of Object.entries(withheld)) {
    for (const column of Object.keys(list)) t.ok(columns.some(found => found.table === table && found.column === column), `${table}.${column} is there to be withheld`)
  }

  // The export contains what the store has.
  for (const [table, name, stored] of [
    ['users', 'account', await sql`select * from users where id = ${mine.user.id}`],
    ['sessions', 'sessions', await sql`select *, host(ip) as ip from sessions where user_id = ${mine.user.id} order by id`],
    ['known_devices', 'known_devices', await sql`select * from known_devices where user_id = ${mine.user.id} order by created_at, device_id`],
    ['totp_secrets', 'totp_secrets', await sql`select * from totp_secrets where user_id = ${mine.user.id}`],
    ['passkeys', 'passkeys', await sql`select * from passkeys where user_id = ${mine.user.id}`],
    ['recovery_codes', 'recovery_codes', await sql`select * from recovery_codes where user_id = ${mine.user.id} order by number`],
    ['one_time_tokens', 'one_time_tokens', await sql`select * from one_time_tokens where user_id = ${mine.user.id} order by created_at, id`],
    ['registrations', 'registrations', await sql`select * from registrations where email = ${mine.user.email} order by created_at, id`]
  ] as const) {
    const shown = [data[name]].flat().map(({ password: _password, ...row }) => row)
    t.strictSame(shown, stored.map(row => showing(row, withheld[table] ?? {})), name)
  }
  t.match(data.jobs, [{ queue: 'mail', kind: 'password_changed', attempts: 0 }, { queue: 'mail', kind: 'password_reset' }])
})

t.test('the audit events are exported in clear, with all their personal data', async t => {
  const { mine, data } = await lived()
  const events = await trail(app, mine.user.id)

  t.strictSame(
    data.audit_events.map(({ event, outcome, reason, session_id: sessionId, request_id: requestId }) => ({
      event,
      outcome,
      reason,
      sessionId,
      requestId
    })),
    events.map(({ event, outcome, reason, sessionId, requestId }) => ({ event, outcome, reason, sessionId, requestId }))
  )
  t.strictSame(data.audit_events.map(({ personal }) => personal), events.map(({ read }) => read))
  t.match(data.audit_events.find(({ event }) => event === 'user_updated'), { actor: 'self', personal: { ip: '127.0.0.1', before: { full_name: 'Ada King' }, after: { fullName: 'Ada Lovelace' } } })
  t.match(data.audit_events.find(({ event }) => event === 'authn_login_fail'), { actor: null, outcome: 'failure', personal: { ip: '127.0.0.1' } }, 'also from where somebody has failed to sign in')
  t.match(data.audit_events.at(-1), { event: 'sensitive_read', reason: 'export', actor: 'self' }, 'this very act')
})

t.test('times are RFC 3339, and the file contains no secret', async t => {
  const { mine, data, body, tokenIds } = await lived()
  for (const text of body.match(/"[^"]*_?at":"[^"]+"/g) ?? []) t.match(text, /"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"$/, text)
  t.ok(Math.abs(Date.parse(data.exported_at) - app.clock.now()) < 5000)

  const secrets = [mine.access_token, mine.refresh_token, mine.device_token, ...tokenIds, ...tokenIds.map(id => app.oneTimeTokens.tokenOf('password_reset', id)), '$argon2', 'wrapped_key', 'password_hash']
  for (const secret of secrets) t.notOk(body.includes(secret), secret.slice(0, 20))
})

t.test('the file reveals nothing about others: neither who acted on the user nor on whom the user acted', async t => {
  const [admin, ada, bob] = [await person(app, 'super_admin'), await signed(app, 'super_admin'), await signIn(app)]
  await app.userAdministration.unlock(ada.user.id, by(admin.id, '192.0.2.200'))
  await app.userAdministration.unlock(bob.user.id, by(ada.user.id, '192.0.2.201'))
  await post(app, '/auth/register', { email: ada.user.email, password, full_name: 'A Stranger' })

  const { body, data } = await exportOf(ada)
  t.match(data.audit_events.find(({ event }) => event === 'authn_login_unlock'), { actor: 'other', personal: {} })
  t.match(data.acts, [{ event: 'authn_login_unlock', actor: 'self', personal: null }])
  t.equal(data.acts.length, 1)
  for (const text of [admin.id, bob.user.id, bob.user.email, '192.0.2.200', 'their browser', 'A Stranger']) t.notOk(body.includes(text), text)
})

t.test('long lists are read in pages, and no query reads them whole', async t => {
  const mine = await signIn(app)
  await sql`
    insert into sessions (id, user_id, transport, device_id, device_name, amr, auth_time, user_epoch, global_epoch, created_at, last_seen_at, expires_at, ended_at, ended_reason)
    select gen_random_uuid(), case when n <= 1200 then ${mine.user.id}::uuid end, 'bearer', gen_random_uuid(), 'phone ' || n, '{pwd}', now(), 0, 0, now(), now(), now(), now(), 'signed_out'
    from generate_series(1, 6000) n`
  await sql`
    insert into audit_events (event, outcome, actor_id, subject_id)
    select 'crowd', 'success', ${mine.user.id}, case when n % 3 = 0 then ${mine.user.id}::uuid else gen_random_uuid() end
    from generate_series(1, 3000) n`
  await sql`insert into audit_events (event, outcome, actor_id, subject_id) select 'others', 'success', gen_random_uuid(), gen_random_uuid() from generate_series(1, 6000)`
  await sql`analyze`

  tap.take()
  const { data } = await exportOf(mine)
  const { statements } = tap.take()
  t.equal(new Set(data.sessions.map(({ id }) => id)).size, 1201)
  t.equal(data.sessions.length, 1201)
  t.equal(data.audit_events.filter(({ event }) => event === 'crowd').length, 1000)
  t.equal(data.acts.length, 2000)
  for (const list of [data.audit_events, data.acts]) {
    t.strictSame(list.map(({ id }) => id), list.map(({ id }) => Number(id)).sort((a, b) => a - b))
  }
  t.ok(statements.filter(text => text.includes('from audit_events')).length >= 9)

  for (const text of new Set(statements)) {
    const lines = await genericPlan(sql, text, 'text')
    t.notMatch(lines.join('\n'), /Seq Scan on (sessions|audit_events)/, text.slice(0, 80))
  }
})

t.test('a session that was just ended elsewhere gets nothing', async t => {
  const mine = await signIn(app)
  // Written past the feed: this node does not know yet.
  await sql`update sessions set ended_at = now(), ended_reason = 'revoked_by_user' where id = ${mine.session.id}`
  t.match((await as(app, mine.access_token, 'GET', '/auth/me/export')).json(), { status: 401, code: 'session_ended', reason: 'revoked_by_user' })
  t.notOk((await eventsOf(app, mine.user.id)).includes('sensitive_read'))
})

t.test('five exports an hour are allowed, whichever session asks', async t => {
  const node = await start(t, { ...direct, RATE_LIMITS_ENABLED: 'true' }, { workers: false, hasher: cheapHasher, clock: app.clock })
  const account = await signUp(app)
  const sessions = [await signIn(app, account), await signIn(app, account)]
  const stranger = await signIn(app)

  const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => as(node, sessions[n % 2]?.access_token ?? '', 'GET', '/auth/me/export')))
  t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 5)
  const refused = answers.find(({ statusCode }) => statusCode === 429)
  t.match(refused?.json(), { code: 'rate_limited' })
  t.ok(Number(refused?.headers['retry-after']) > 3000)
  t.match(await as(node, stranger.access_token, 'GET', '/auth/me/export'), { statusCode: 200 }, 'others have their own')

  app.clock.advance(3_600_000)
  const next = await signIn(app, account)
  t.match(await as(node, next.access_token, 'GET', '/auth/me/export'), { statusCode: 200 })
})

t.test('when a store fails on the way, the text breaks off', async t => {
  const mine = await signIn(app)
  const caller = { ip: '127.0.0.1', userAgent: null, requestId: 'test' }
  const text = await app.accounts.exportMe({ userId: mine.user.id, sessionId: mine.session.id }, caller)
  await sql`alter table audit_events rename to moved`
  t.teardown(async () => { await sql`alter table moved rename to audit_events` })

  let read = ''
  await t.rejects(async () => { for await (const part of text) read += String(part) })
  t.throws(() => JSON.parse(read))
})

async function exportOf (tokens: Tokens): Promise<{ body: string, data: Export }> {
  const answer = await as(app, tokens.access_token, 'GET', '/auth/me/export')
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return { body: answer.body, data: answer.json() }
}

/** A user with something in every table, and the export that they get. */
async function lived () {
  const account = await signUp(app)
  const mine = await signIn(app, account, { device_name: 'Ada’s phone' })
  await as(app, (await signIn(app, account)).access_token, 'POST', '/auth/logout', {})
  await post(app, '/auth/login', { email: account.email, password: 'not this one' })
  await as(app, mine.access_token, 'PATCH', '/auth/me', { full_name: 'Ada Lovelace' })
  await post(app, '/auth/register', { email: account.email, password, full_name: 'Ada King' })
  await sql`delete from jobs`
  await sql`insert into totp_secrets (id, user_id, secret, created_at, confirmed_at) values (gen_random_uuid(), ${account.user.id}, 'ciphertext', now(), now())`
  await sql`insert into passkeys (id, user_id, credential_id, public_key, algorithm, sign_count, user_verified, backup_eligible, backed_up, transports, rp_id, name, created_at) values (gen_random_uuid(), ${account.user.id}, sha256(gen_random_uuid()::text::bytea), 'key', -7, 0, true, true, true, '{internal}', 'localhost', 'Ada’s phone', now())`
  await sql`insert into recovery_codes (user_id, hash, number, created_at) select ${account.user.id}, sha256(n::text::bytea), n, now() from generate_series(1, 10) n`

  const newEmail = freshAddress()
  const tokenIds = await app.database.begin(async tx => {
    const reset = await app.oneTimeTokens.issue(tx, { purpose: 'password_reset', userId: account.user.id })
    const change = await app.oneTimeTokens.issue(tx, { purpose: 'email_change', userId: account.user.id, email: newEmail, emailCanonical: newEmail })
    await app.jobs.send(tx, 'mail', { kind: 'password_changed', userId: account.user.id })
    await app.jobs.send(tx, 'mail', { kind: 'password_reset', tokenId: reset })
    return [reset, change]
  })
  return { mine, tokenIds, ...await exportOf(mine) }
}

/** A stored row as JSON shows it, under the names of its columns, without the withheld ones. */
function showing (row: object, list: Record<string, string>) {
  const columns = Object.entries(row).map(([name, value]) => [name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`), value] as const)
  return JSON.parse(JSON.stringify(Object.fromEntries(columns.filter(([name]) => list[name] === undefined))))
}
