import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { Redis } from 'ioredis'
import t from 'tap'
import { connect } from './support/database.ts'
import { cheapHasher, pausingHasher } from './support/hashers.ts'
import { api, as, codeOf, deploy, password, post, refresh, signIn, signUp, start } from './support/helper.ts'
import { genericPlan } from './support/statements/plans.ts'
import { tapWires } from './support/statements/wiretap.ts'
import { eventsOf, mailJobs, trail } from './support/trail/evidence.ts'
import { until } from './support/until.ts'

const ip = '203.0.113.77'
const userAgent = 'Difference Engine 2'
const gone = { code: 'session_ended', reason: 'account_deleted' }
const slow = pausingHasher()
// Two nodes for all tests that look at their own accounts only.
const { app, other, sql, direct } = await prepare(t, slow)

t.test('after an erasure nothing in Postgres or Redis names the person', async t => {
  const { app, dump, dumpRedis } = await prepare(t)
  const life = await lead(app)
  const needles = { address: life.email, 'canonical address': life.email.toLowerCase(), name: 'Ada Byron King', 'name before': 'Ada King', ip, 'user agent': userAgent, device: 'the brass machine' }

  const before = await dump()
  t.ok((await legible(app, Object.values(needles))).length > 8, 'the trail can be read while it is there')
  for (const [what, needle] of Object.entries(needles)) t.ok(what === 'name before' || tablesWith(before, needle).length > 0, `${what} is found while it is there`)
  t.strictSame(tablesWith(before, life.email).sort(), ['jobs', 'one_time_tokens', 'registrations', 'users'], 'and in more places than one')
  for (const kind of ['session:', 'lane:', 'limit:']) t.ok((await dumpRedis()).some(text => text.includes(kind)), `there are keys ${kind}`)
  const rows = (await app.database`select id from audit_events`).length

  t.match(await life.send('DELETE', '/auth/me'), { statusCode: 204 })
  const after = await dump()
  for (const [what, needle] of Object.entries(needles)) {
    t.strictSame(tablesWith(after, needle), [], `${what} in no table`)
    t.strictSame((await dumpRedis()).filter(text => holds(text, needle)), [], `${what} nowhere in Redis`)
  }
  t.strictSame(tablesWith(after, life.user.id).sort(), ['audit_events', 'changes'], 'the id stands where it names nobody')
  t.strictSame((await dumpRedis()).filter(text => holds(text, life.user.id)), [])
  t.equal((await app.database`select id from audit_events`).length, rows + 1, 'the trail has one row more, and none less')

  t.strictSame(await legible(app, Object.values(needles)), [], 'nor does any key that is left open it')
  t.strictSame(await trail(app, life.user.id).then(events => events.filter(({ read }) => read !== null)), [])
})

t.test('the data of others is left alone', async t => {
  const bob = await signUp(app, { full_name: 'Bob Babbage' })
  const life = await lead(app, bob.user.id)
  const bobs = await signIn(app, bob, { device_token: life.deviceToken })
  const before = await trail(app, bob.user.id)
  await life.send('DELETE', '/auth/me')

  t.match(await refresh(app, bobs.refresh_token), { statusCode: 200 })
  t.match((await as(app, bobs.access_token, 'GET', '/auth/me')).json(), { user: { full_name: 'Bob Babbage' } })
  t.strictSame(await trail(app, bob.user.id), before, 'his trail can be read')
  t.equal((await app.database`select device_id from known_devices where user_id = ${bob.user.id}`).length, 2, 'a device that both have used is still known to him')
  t.match(await app.database`select purpose, email from one_time_tokens where user_id = ${bob.user.id} order by purpose`, [{ purpose: 'email_undo' }, { purpose: 'password_reset' }], 'only his way to her address is gone')
  t.equal((await mailJobs(app)).filter(job => job['userId'] === bob.user.id).length, 1, 'and his mails wait on')
})

t.test('a later refresh is told what ended its session first', async t => {
  const account = await signUp(app)
  const [gone, left, expired, changed] = [
    await signIn(app, account), await signIn(app, account), await signIn(app, account), await signIn(app, account)
  ]
  await as(app, gone.access_token, 'POST', '/auth/logout', {})
  await app.database`update sessions set expires_at = now() - interval '1 day' where id = ${expired.session.id}`
  await as(app, changed.access_token, 'POST', '/auth/logout', { scope: 'others' })
  const mine = await signIn(app, account)
  await as(app, mine.access_token, 'DELETE', '/auth/me')

  const reasons = await Promise.all([gone, left, expired, changed, mine].map(async ({ refresh_token: token }) =>
    (await refresh(app, token)).json().reason))
  t.strictSame(reasons, ['signed_out', 'revoked_by_user', 'revoked_by_user', 'account_deleted', 'account_deleted'])
  const rows = await app.database`select device_name, user_agent, host(ip) as ip, device_id, user_id from sessions where id = any(${[gone, left, expired, changed, mine].map(({ session }) => session.id)}::uuid[])`
  t.strictSame(rows, Array.from({ length: 5 }, () => ({ deviceName: null, userAgent: null, ip: null, deviceId: '00000000-0000-0000-0000-000000000000', userId: null })), 'bare rows stay')
})

t.test('of twenty erasures at once one succeeds', async t => {
  const mine = await signIn(app)
  const before = await mailJobs(app, 'account_deleted')
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => as(n % 2 ? app : other, mine.access_token, 'DELETE', '/auth/me')))

  t.equal(answers.filter(({ statusCode }) => statusCode === 204).length, 1)
  t.strictSame(new Set(answers.filter(({ statusCode }) => statusCode !== 204).map(answer => `${answer.statusCode} ${answer.json().code} ${answer.json().reason}`)), new Set(['401 session_ended account_deleted']))
  t.equal((await eventsOf(app, mine.user.id)).filter(event => event === 'user_deleted').length, 1)
  t.equal((await mailJobs(app, 'account_deleted')).length, before.length + 1)
})

t.test('a sign-in whose password was right before the erasure gets no session after it', async t => {
  const account = await signUp(app)
  const mine = await signIn(app, account)

  slow.meanwhile = async () => { t.match(await as(app, mine.access_token, 'DELETE', '/auth/me'), { statusCode: 204 }) }
  t.match((await post(app, '/auth/login', { email: account.email, password })).json(), { status: 401, code: 'invalid_credentials' })
  t.strictSame(await app.database`select id from sessions where user_id = ${account.user.id}`, [])

  const again = await signUp(app)
  const theirs = await signIn(app, again)
  slow.meanwhile = async () => { await as(app, theirs.access_token, 'DELETE', '/auth/me') }
  t.match((await as(app, theirs.access_token, 'POST', '/auth/reauthenticate', { password })).json(), { status: 401, ...gone })
})

t.test('whatever races an erasure, no session survives it and no token works', async t => {
  let erasures = 0

  for (let round = 0; round < 12; round++) {
    const account = await signUp(app)
    const [mine, phone] = [await signIn(app, account), await signIn(app, account)]
    const { registration_id: waiting } = (await post(app, '/auth/register', { email: account.email, password, full_name: 'Somebody' })).json()
    const code = await codeOf(app, waiting)

    // In every other round all of them wait for one lock, in an order that cannot be foreseen.
    const held = await hold(round % 2 === 1 ? account.user.id : randomUUID())
    const racing = [
      as(app, mine.access_token, 'DELETE', '/auth/me'),
      post(other, '/auth/login', { email: account.email, password }),
      refresh(other, phone.refresh_token),
      refresh(app, mine.refresh_token),
      as(other, phone.access_token, 'PATCH', '/auth/me', { full_name: 'Ada' }),
      as(other, phone.access_token, 'POST', '/auth/logout', { scope: round % 4 === 3 ? 'others' : 'local' }),
      post(other, '/auth/verify-email', { registration_id: waiting, code })
    ]
    if (round % 2 === 1) await until(async () => await waitingForLocks() >= 2)
    await held()

    const [erased, ...raced] = await Promise.all(racing)
    t.ok(erased && [204, 401, 503].includes(erased.statusCode), `it ends in order: ${erased?.statusCode} ${erased?.body}`)
    t.strictSame(raced.filter(({ statusCode }) => statusCode === 500), [], 'nothing fails in disorder')
    // The first one has signed out this session, or something was in the way: then it is done again.
    if (erased?.statusCode !== 204) continue
    erasures++

    const signedIn = raced.slice(0, 3).filter(({ statusCode }) => statusCode === 200)
    for (const tokens of [mine, phone, ...signedIn.map(answer => answer.json())]) {
      t.match((await refresh(app, tokens.refresh_token)).statusCode, 401)
      t.match((await as(app, tokens.access_token, 'GET', '/auth/check')).statusCode, 401)
    }
    t.strictSame(await app.database`select id from users where id = ${account.user.id}`, [])
    t.strictSame(await app.database`select id from sessions where user_id = ${account.user.id}`, [])
    t.strictSame(await app.database`select subject_id from subject_keys where subject_id = ${account.user.id}`, [])
    t.strictSame(await app.database`select id from registrations where email_canonical = ${account.email}`, [])
  }
  t.ok(erasures > 0, `${erasures} of 12`)
})

t.test('a cached profile is never shown again', async t => {
  const account = await signUp(app)
  const [mine, phone] = [await signIn(app, account), await signIn(app, account)]
  for (const node of [app, other]) await as(node, phone.access_token, 'GET', '/auth/me')

  const [, ...looks] = await Promise.all([as(app, mine.access_token, 'DELETE', '/auth/me'), ...Array.from({ length: 10 }, () => as(app, phone.access_token, 'GET', '/auth/me'))])
  t.ok(looks.every(({ statusCode }) => statusCode === 200 || statusCode === 401))
  t.match((await as(app, phone.access_token, 'GET', '/auth/me')).json(), gone)
  await t.rejects(app.accounts.me({ userId: account.user.id, authTime: 0 }), { code: 'session_ended', details: { reason: 'account_deleted' } }, 'not even past the guard')
})

t.test('when Postgres does not answer, nothing has happened', async t => {
  const impatient = await start(t, { ...direct, DB_STATEMENT_TIMEOUT: '1s' }, { workers: false })
  const account = await signUp(app)
  const mine = await signIn(app, account)
  const before = await mailJobs(app)

  await sql.begin(async held => {
    await held`select id from users where id = ${account.user.id} for update`
    t.match(await as(impatient, mine.access_token, 'DELETE', '/auth/me'), { statusCode: 503, headers: { 'retry-after': '1' } })
  })
  t.match(await as(app, mine.access_token, 'GET', '/auth/me'), { statusCode: 200 })
  t.strictSame(await mailJobs(app), before)
  t.match(await as(app, mine.access_token, 'DELETE', '/auth/me'), { statusCode: 204 })
})

t.test('the key of an erased registration is erased too; that of one that becomes an account stays', async t => {
  const account = await signUp(app)
  const ids = await Promise.all([1, 2].map(async () => String((await post(app, '/auth/register', { email: account.email, password, full_name: 'Somebody' })).json().registration_id)))
  const keys = async () => (await app.database<{ subjectId: string }>`select subject_id from subject_keys where subject_id = any(${[account.user.id, ...ids]}::uuid[])`).map(({ subjectId }) => subjectId).sort()
  t.strictSame(await keys(), [account.user.id, ...ids].sort())

  t.match(await post(app, '/auth/verify-email', { registration_id: ids[0], code: await codeOf(app, ids[0] ?? '') }), { statusCode: 422 }, 'the address is taken')
  t.strictSame(await keys(), [account.user.id, ids[1]].sort())
  await app.database`delete from registrations where id = ${ids[1]}`
  t.strictSame(await keys(), [account.user.id])
})

t.test('an erasure costs in proportion to the account, whatever else is stored', async t => {
  const { app, sql, tap } = await prepare(t)
  const account = await signUp(app)
  const mine = await signIn(app, account)
  await crowd(sql, account.user.id, { own: 3500, others: 20_000 })
  await crowdAddress(sql, account.email, 2500)

  tap.take()
  t.match(await as(app, mine.access_token, 'DELETE', '/auth/me'), { statusCode: 204 })
  const { statements } = tap.take()
  t.equal(statements.filter(text => text.startsWith('with surplus')).length, 3, 'of 3,500 sessions two thousand and then 500 go beforehand')
  t.ok(statements.length < 40, `${statements.length} statements`)
  t.strictSame(await app.database`select id from sessions where user_id = ${account.user.id} or (device_name is not null and device_name like 'own%')`, [])
  t.match((await refresh(app, mine.refresh_token)).json(), gone)

  const byTheDatabase = [
    'update only sessions set user_id = null where user_id = $1',
    'delete from only known_devices where user_id = $1',
    'delete from only one_time_tokens where user_id = $1',
    'delete from only totp_secrets where user_id = $1',
    'delete from only recovery_codes where user_id = $1',
    'delete from only passkeys where user_id = $1',
    'delete from subject_keys where subject_id = $1::uuid and not exists (select from users where id = $1::uuid) and not exists (select from registrations where id = $1::uuid)'
  ]
  for (const text of new Set([...statements, ...byTheDatabase])) {
    if (!/^(with|select|update|delete)/.test(text)) continue
    t.strictSame(await wholeTables(sql, text), [], text.slice(0, 90))
  }
})

/** Locks an account's row against all others until the result is called. */
async function hold (userId: string) {
  let release = () => {}
  const isOver = new Promise<void>(resolve => { release = resolve })
  let over: Promise<unknown> = Promise.resolve()
  await new Promise<void>(resolve => {
    over = sql.begin(async held => {
      await held`select id from users where id = ${userId} for update`
      resolve()
      await isOver
    })
  })
  return async () => { release(); await over }
}

async function waitingForLocks () {
  const [row] = await sql<{ count: number }[]>`select count(distinct pid)::int as count from pg_locks join pg_stat_activity using (pid) where not granted and datname = current_database()`
  return row?.count ?? 0
}

/** Two nodes without workers, the driver itself, and the content of both stores as text. */
async function prepare (t: Parameters<typeof deploy>[0], hasher = cheapHasher) {
  const direct = await deploy(t, { RATE_LIMITS_ENABLED: 'true', RATE_LIMIT_LOGIN: '1000/15m', RATE_LIMIT_REGISTER: '1000/1h', RATE_LIMIT_GLOBAL: '10000/15m' })
  const { tap, deployment } = await tapWires(t, direct)
  const app = await start(t, deployment, { workers: false, hasher })
  const other = await start(t, deployment, { workers: false, hasher, clock: app.clock })
  const sql = connect(t, direct.DATABASE_DIRECT_URL)
  const redis = new Redis(direct.REDIS_URL)
  t.teardown(() => redis.disconnect())

  return { app, other, sql, direct, tap, dump, dumpRedis }

  /** Every row of every table. */
  async function dump () {
    const tables = await sql<{ name: string }[]>`select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE' and not (select relispartition from pg_class where oid = quote_ident(table_name)::regclass)`
    return await Promise.all(tables.map(async ({ name }) => ({ name, rows: (await sql<{ row: string }[]>`select t::text as row from ${sql(name)} t`).map(({ row }) => row) })))
  }

  /** Every key with its value, in the form in which Redis would write it to its disk and in its own words. */
  async function dumpRedis () {
    const keys: string[] = []
    for (let cursor = '0', first = true; first || cursor !== '0'; first = false) {
      const [next, found] = await redis.scan(cursor, 'MATCH', `${direct.REDIS_KEY_PREFIX}*`, 'COUNT', 1000)
      cursor = next
      keys.push(...found)
    }
    return await Promise.all(keys.map(async key => `${key} ${(await redis.dumpBuffer(key))?.toString('latin1')} ${await spelled(key)}`))
  }

  // A dump may be compressed.
  async function spelled (key: string) {
    const type = await redis.type(key)
    if (type === 'hash') return JSON.stringify(await redis.hgetall(key))
    if (type === 'zset') return JSON.stringify(await redis.zrange(key, '0', '-1'))
    if (type === 'stream') return JSON.stringify(await redis.xrange(key, '-', '+'))
    if (type === 'list') return JSON.stringify(await redis.lrange(key, 0, -1))
    return type === 'string' ? await redis.get(key) : type
  }
}

/** The text as it is, in other case, or as Postgres writes bytes. */
function holds (text: string, needle: string) {
  return text.toLowerCase().includes(needle.toLowerCase()) || text.includes(Buffer.from(needle).toString('hex'))
}

function tablesWith (tables: { name: string, rows: string[] }[], needle: string) {
  return tables.filter(({ rows }) => rows.some(row => holds(row, needle))).map(({ name }) => name)
}

/** The audit events that show one of these words to a reader with every key that is left. */
async function legible (app: FastifyInstance, needles: string[]) {
  return (await trail(app))
    .map(({ read }) => JSON.stringify(read))
    .filter(text => needles.some(needle => holds(text, needle)))
}

/** An account that has left traces wherever one can. Another user wants its address, and once owned it. */
async function lead (app: FastifyInstance, bob?: string) {
  const email = `Ada.Byron-${randomUUID()}@example.com`
  const call = async (method: 'POST' | 'PATCH' | 'DELETE' | 'GET', path: string, payload?: object, token?: string) => await app.inject({
    method, url: api(path), remoteAddress: ip, headers: { 'user-agent': userAgent, ...(token && { authorization: `Bearer ${token}` }) }, ...(payload && { payload })
  })
  const owner = bob ?? (await signUp(app, { full_name: 'Bob Babbage' })).user.id
  const register = async () => String((await call('POST', '/auth/register', { email, password, full_name: 'Ada King' })).json().registration_id)

  const registrationId = await register()
  const { user, device_token: deviceToken } = (await call('POST', '/auth/verify-email', { registration_id: registrationId, code: await codeOf(app, registrationId) })).json()
  await register()
  await call('POST', '/auth/verify-email', { registration_id: await register(), code: '000000' })
  const signInHere = async () => (await call('POST', '/auth/login', { email, password, device_name: 'the brass machine', device_token: deviceToken })).json()
  for (let n = 0; n < 6; n++) await call('POST', '/auth/login', { email, password: `wrong ${n}` })
  const [old, mine] = [await signInHere(), await signInHere()]
  await call('POST', '/auth/logout', {}, old.access_token)
  const { access_token: token } = (await call('POST', '/auth/refresh', { refresh_token: mine.refresh_token })).json()
  await call('PATCH', '/auth/me', { full_name: 'Ada Byron King' }, token)
  await call('POST', '/auth/reauthenticate', { password: 'not mine' }, token)

  await app.database.begin(async tx => {
    const [reset, change] = [
      await app.oneTimeTokens.issue(tx, { purpose: 'password_reset', userId: user.id }),
      await app.oneTimeTokens.issue(tx, { purpose: 'email_change', userId: user.id, email: `new-${email}`, emailCanonical: `new-${email.toLowerCase()}` }),
      await app.oneTimeTokens.issue(tx, { purpose: 'email_change', userId: owner, email, emailCanonical: email.toLowerCase() })
    ]
    await app.oneTimeTokens.issue(tx, { purpose: 'email_undo', userId: owner, email: 'bob@example.com', emailCanonical: 'bob@example.com' })
    await app.oneTimeTokens.issue(tx, { purpose: 'password_reset', userId: owner })
    for (const data of [{ kind: 'password_reset', tokenId: reset }, { kind: 'confirm_email', tokenId: change }, { kind: 'password_changed', userId: user.id }]) await app.jobs.send(tx, 'mail', data)
    await app.jobs.send(tx, 'mail', { kind: 'password_changed', userId: owner })
  })
  await app.database`update jobs set failed_at = now(), attempts = 3, error = ${`mail: no such mailbox ${email}`} where data ->> 'userId' = ${user.id}`

  return { email, user, deviceToken, send: async (method: 'DELETE', path: string) => await call(method, path, undefined, token) }
}

/** Sessions that are over and events, of the user and of four thousand others. */
async function crowd (
  sql: ReturnType<typeof connect>,
  userId: string,
  { own, others }: { own: number, others: number }
) {
  await sql`
    insert into users (id, email, email_canonical, full_name, role)
    select gen_random_uuid(), 'crowd-' || n || '@example.com', 'crowd-' || n || '@example.com', 'Somebody', 'user'
    from generate_series(1, 4000) n`
  await sql`create temporary table everybody as select id, row_number() over () as n from users`
  for (const [count, name] of [[own, 'own'], [others, 'other']] as const) {
    await sql`
      insert into sessions (id, user_id, transport, device_id, device_name, user_agent, ip, amr, auth_time, user_epoch, global_epoch, created_at, last_seen_at, expires_at, ended_at, ended_reason)
      select gen_random_uuid(), case when ${name} = 'own' then ${userId}::uuid else u.id end, 'bearer', gen_random_uuid(), ${name} || n, 'agent', '192.0.2.1', '{pwd}', now(), 0, 0, now(), now(),
             now() + interval '1 day', case when n % 2 = 0 then now() end, case when n % 2 = 0 then 'signed_out' end
      from generate_series(1, ${count}) n
      join (select id, row_number() over () as place from users) u on u.place = 1 + n % 4000`
  }
  await sql`update sessions set expires_at = now() - interval '1 minute' where ended_at is null and device_name like 'own%'`
  await sql`insert into audit_events (event, outcome, actor_id, subject_id) select 'authn_login_success', 'success', u.id, u.id from users u, generate_series(1, 4)`
  await sql`insert into subject_keys (subject_id, wrapped_key) select id, 'x' from users on conflict do nothing`
  await sql`insert into jobs (queue, data) select 'later', jsonb_build_object('kind', 'locked', 'userId', id) from users`
  await sql`insert into one_time_tokens (id, purpose, user_id, email, email_canonical, created_at, expires_at) select gen_random_uuid(), 'email_change', id, email, email_canonical, now(), now() from users`
  await sql`insert into known_devices (user_id, device_id, created_at, last_used_at) select id, gen_random_uuid(), now(), now() from users`
  await sql`insert into totp_secrets (id, user_id, secret, created_at, confirmed_at) select gen_random_uuid(), id, 'ciphertext', now(), now() from users`
  await sql`insert into passkeys (id, user_id, credential_id, public_key, algorithm, sign_count, user_verified, backup_eligible, backed_up, transports, rp_id, name, created_at) select gen_random_uuid(), id, sha256(id::text::bytea), 'key', -7, 0, true, true, true, '{internal}', 'localhost', 'a phone', now() from users`
  await sql`insert into recovery_codes (user_id, hash, number, created_at) select id, sha256(n::text::bytea), n, now() from users, generate_series(1, 3) n`
  await sql`insert into changes (kind, subject_id, number, reason) select 'user_epoch', id, 1, 'password_changed' from users where id <> ${userId}`
}

/** Registrations with the address and with others; then the planner learns how many there are. */
async function crowdAddress (sql: ReturnType<typeof connect>, email: string, own: number) {
  await sql`
    insert into registrations (id, email, email_canonical, password_hash, full_name, locale, role, code_expires_at)
    select gen_random_uuid(), a, a, 'x', 'Somebody', 'en', 'user', now()
    from generate_series(1, ${own + 4000}) n, lateral (select case when n <= ${own} then ${email} else 'crowd-' || n || '@example.com' end as a) address`
  await sql`analyze`
}

/** The tables that a statement would read completely, except those of a few rows. */
async function wholeTables (sql: ReturnType<typeof connect>, text: string): Promise<string[]> {
  const found: string[] = []
  visit(await genericPlan(sql, text, 'json'))
  return found.filter(table => !['deployment', 'roles', 'vendors'].includes(table))

  function visit (node: unknown) {
    if (typeof node !== 'object' || node === null) return
    if ('Node Type' in node && node['Node Type'] === 'Seq Scan' && 'Relation Name' in node) found.push(String(node['Relation Name']))
    for (const part of Object.values(node)) visit(part)
  }
}
