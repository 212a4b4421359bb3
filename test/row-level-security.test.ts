import { randomBytes, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import postgres from 'postgres'
import type { Notice, Sql } from 'postgres'
import t from 'tap'
import type { Test } from 'tap'
import { connect } from './support/database.ts'
import { deploy, signIn, signUp, start } from './support/helper.ts'

const denied = { code: '42501' }
const tables = ['users', 'sessions', 'audit_events'] as const

/** The tables and columns that only the server reads; the rest is granted column by column. */
const hidden = { users: ['passkey_handle', 'password_hash', 'two_step'], sessions: ['factor_reset', 'floor'], audit_events: ['address_hmac', 'mac', 'personal', 'xid'] }

t.test('a reader for one user sees the rows of that user and no others', async t => {
  const { ada, grace, reads, seenBy } = await prepare(t)

  for (const { user: { id }, email, sessionId } of [ada, grace]) {
    t.match(await reads(id, 'select id, email from users'), [{ id, email }], 'one account')
    t.match(await reads(id, 'select id, user_id from sessions'), [{ id: sessionId, user_id: id }])
    t.match(await reads(id, 'select id, user_id from active_sessions'), [{ id: sessionId, user_id: id }])
    t.match(await reads(id, 'select user_type, sessions, users from session_stats'), [{ user_type: 'user', sessions: '1', users: '1' }])

    const events = await reads(id, 'select event, subject_id from audit_events order by id')
    t.ok(events.length >= 3 && events.every(event => event['subject_id'] === id))
  }
  t.strictSame(await seenBy(randomUUID()), [0, 0, 0], 'nothing for somebody who is not there')
})

t.test('without the setting no row is visible', async t => {
  const { ada, reads, seenBy, asReadonly } = await prepare(t)
  t.strictSame(await seenBy(null), [0, 0, 0], 'never set')
  t.strictSame(await seenBy(''), [0, 0, 0], 'empty, as it is after a transaction that set it for itself')
  for (const view of ['active_sessions', 'session_stats']) t.strictSame(await reads(null, `select * from ${view}`), [])

  await asReadonly(null, async sql => {
    const count = async () => Number((await sql`select count(*)::int from users`)[0]?.['count'])
    await sql`begin`
    await sql`select set_config('latchkey.user_id', ${ada.user.id}, true)`
    t.equal(await count(), 1)
    await sql`commit`
    t.equal(await count(), 0, 'what was set for a transaction ends with it')
  })
})

t.test('a setting that is not an id gives an error or no row, never another user’s row', async t => {
  const { ada, grace, reads } = await prepare(t)
  const id = ada.user.id

  for (const garbage of [
    "' or true --", `${id}' or '1'='1`, `${id}' union select id from users --`, `${id},${grace.user.id}`, `{${id},${grace.user.id}}`, 'null', '%', '*',
    '0', 'true', `${id.slice(0, -1)}`, `${id}0`, '\\', 'x'.repeat(10_000)
  ]) {
    for (const table of tables) {
      await t.rejects(reads(garbage, `select id from ${table}`), { code: '22P02' }, `${table}: ${garbage.slice(0, 50)}`)
    }
  }
  t.strictSame(await reads(id.toUpperCase(), 'select id from users'), [{ id }], 'a UUID is one however it is written')
})

t.test('no function, join or condition of a reader reveals other rows', async t => {
  const { ada, grace, reads, asReadonly } = await prepare(t)
  const { id } = ada.user

  for (const query of [
    'select id from users where true or id is not null', `select id from users where id = '${grace.user.id}' or true`,
    'select u.id from users u right join sessions s on true', 'select u.id from users u full join audit_events a on true where u.id is not null',
    'select user_id as id from sessions union select subject_id from audit_events'
  ]) {
    const rows = await reads(id, query).catch(error => { t.equal(error.code, '42501', query); return [] })
    t.ok(rows.every(row => row['id'] === id), query)
  }

  // A cheap function that reports its arguments would see every row first if the planner were free to reorder.
  await asReadonly(id, async sql => {
    await sql`create function pg_temp.tell (text) returns boolean language plpgsql cost 0.0000001 as 'begin raise notice ''%'', $1; return true; end'`
    t.strictSame([...await sql`select email from users where pg_temp.tell(email)`], [{ email: ada.email }])
    t.strictSame(sql.notices, [ada.email])
  })
  const blindly = `select id from users where 1 / (case when email = '${grace.email}' then 0 else 1 end) = 1`
  t.strictSame(await reads(id, blindly), [{ id }], 'an error would tell that there is such a row')
})

t.test('password hashes and keys cannot be read, and a new column is hidden until it is granted', async t => {
  const { ada, reads, owner } = await prepare(t)
  const { id } = ada.user

  for (const [table, columns] of Object.entries(hidden)) {
    for (const column of columns) await t.rejects(reads(id, `select ${column} from ${table}`), denied, `${table}.${column}`)
    await t.rejects(reads(id, `select * from ${table}`), denied)
    await t.rejects(reads(id, `select ${table} from ${table}`), denied, 'nor the row as a whole')

    const kept = await owner`
      select column_name as name
      from information_schema.columns
      where table_schema = 'public' and table_name = ${table}
        and not has_column_privilege('latchkey_readonly', table_name, column_name, 'select')
      order by column_name`
    t.strictSame(kept.map(({ name }) => name), columns, table)
  }
  await t.rejects(reads(id, "select id from users where password_hash like '$argon2id$%'"), denied, 'nor be asked about')
  await t.rejects(reads(id, 'select id from users order by password_hash'), denied)
})

t.test('no other table is readable, and nothing can be written', async t => {
  const { ada, reads, owner } = await prepare(t)
  const { id } = ada.user
  const open = await owner`
    select relname as name
    from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'm', 'p')
      and has_any_column_privilege('latchkey_readonly', oid, 'select')
    order by relname`
  t.strictSame(open.map(({ name }) => name), ['active_sessions', 'audit_events', 'deployment', 'roles', 'session_stats', 'sessions', 'users'])

  const writable = await owner`
    select relname as name
    from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'm', 'p')
      and (has_table_privilege('latchkey_readonly', oid, 'insert, update, delete, truncate, references, trigger')
           or has_any_column_privilege('latchkey_readonly', oid, 'insert, update, references'))`
  t.equal(writable.length, 0)

  for (const statement of [
    "insert into users (email, email_canonical, full_name, role) values ('x@x', 'x@x', 'x', 'user')", "update users set role = 'super_admin'",
    'delete from sessions', 'truncate audit_events', "insert into audit_events (event, outcome) values ('x', 'success')", 'select id from users for update',
    'alter table users disable row level security', 'create policy mine on users using (true)', 'drop policy users_own on users', 'create table mine (id int)',
    'set row_security = off; select id from users', 'set role latchkey_runtime', 'set role latchkey_owner', 'set session authorization latchkey_owner',
    'alter role latchkey_readonly bypassrls', 'select wrapped_key from subject_keys', 'select private_key from signing_keys', 'select id from one_time_tokens',
    "select set_config('latchkey.user_id', null, false); copy users to stdout", 'update active_sessions set device_name = null', 'delete from active_sessions'
  ]) await t.rejects(reads(id, statement), { code: /42501|55000/ }, statement)
})

t.test('the server and the owner still see everything', async t => {
  const { app, owner } = await prepare(t)
  for (const table of tables) {
    const [all] = await owner`select count(*)::int from ${owner(table)}`
    t.ok(all?.['count'] >= 2)
    t.match(await app.database.unsafe(`select count(*)::int from ${table}`), [{ count: all?.['count'] }], table)
  }

  const policies = await owner`select relname as name from pg_class where relrowsecurity and not relforcerowsecurity order by relname`
  t.strictSame(policies.map(({ name }) => name), [...tables].sort())
})

t.test('the views show live rows only, and no usable secret', async t => {
  const { app, ada, grace } = await prepare(t)
  const living = async () => (await app.database<{ id: string }>`select id from active_sessions order by created_at`).map(({ id }) => id)
  const [own] = await app.database`select * from active_sessions where id = ${ada.sessionId}`

  t.strictSame(await living(), [ada.sessionId, grace.sessionId])
  t.match(own, { userId: ada.user.id, transport: 'bearer', deviceId: String, amr: ['pwd'], lastSeenAt: Date, expiresAt: Date })
  t.strictSame(Object.keys(own ?? {}).filter(name => /floor|epoch|token|hash|generation/i.test(name)), [])
  t.match(await app.database`select * from session_stats`, [{ userType: 'user', transport: 'bearer', sessions: 2, users: 2, seenLastHour: 2, seenLastDay: 2, openedLastDay: 2, oldest: Date }])

  const third = await signIn(app, grace)
  await app.database`update sessions set expires_at = now() where id = ${third.session.id}`
  t.strictSame(await living(), [ada.sessionId, grace.sessionId], 'not what has expired')
  await app.database`update sessions set ended_at = now(), ended_reason = 'signed_out' where id = ${grace.sessionId}`
  t.strictSame(await living(), [ada.sessionId], 'nor what has ended')
  await app.database`update users set session_epoch = session_epoch + 1 where id = ${ada.user.id}`
  t.strictSame(await living(), [], 'nor what an epoch has left behind')

  const last = await signIn(app, grace)
  t.strictSame(await living(), [last.session.id])
  await app.database`update users set status = 'disabled' where id = ${grace.user.id}`
  t.strictSame(await living(), [], 'nor what belongs to a disabled account')
  await app.database`update users set status = 'active'`
  await app.database`update deployment set session_epoch = session_epoch + 1`
  t.strictSame(await living(), [], 'nor anything when everybody has been signed out')
  t.strictSame(await app.database`select * from session_stats`, [])
})

t.test('reports get numbers over all users and no single row, as docs/operations.md shows', async t => {
  const { owner, openAs } = await prepare(t)
  const guide = readFileSync(new URL('../docs/operations.md', import.meta.url), 'utf8')
  const statements = [...guide.matchAll(/```sql\n(.*?)```/gs)].map(([, text]) => text).find(text => text?.includes('session_report')) ?? ''
  const role = `latchkey_test_reports_${randomBytes(4).toString('hex')}`
  const secret = randomBytes(8).toString('hex')
  await owner.unsafe(statements.replaceAll('reports', role).replace('…', secret))
  t.teardown(() => owner.unsafe(`revoke execute on function session_report from ${role}; drop role ${role}`))

  const sql = openAs(role, secret)
  t.match(await sql`select * from session_report()`, [{ user_type: 'user', sessions: '2', users: '2' }])
  for (const query of ['select id from users', 'select id from sessions', 'select id from audit_events', 'select * from active_sessions', 'select * from session_stats']) {
    await t.rejects(sql.unsafe(query), denied, query)
  }
})

/** Two users who have signed in, and a role that may only read. */
async function prepare (t: Test) {
  const deployment = await deploy(t)
  const app = await start(t, deployment)
  const owner = connect(t, deployment.DATABASE_DIRECT_URL)
  const role = `latchkey_test_reader_${randomBytes(4).toString('hex')}`
  const password = randomBytes(8).toString('hex')
  await owner.unsafe(`create role ${role} login password '${password}' in role latchkey_readonly`)
  t.teardown(() => owner.unsafe(`drop role ${role}`))

  return { app, owner, ada: await join(), grace: await join(), openAs, asReadonly, reads, seenBy }

  function openAs (username: string, password: string, onnotice: (notice: Notice) => void = () => {}) {
    const url = Object.assign(new URL(deployment.DATABASE_URL), { username, password }).href
    const sql = postgres(url, { max: 1, prepare: false, onnotice })
    t.teardown(() => sql.end())
    return sql
  }

  async function join () {
    const account = await signUp(app)
    return { ...account, sessionId: (await signIn(app, account)).session.id }
  }

  /** Runs on a connection of its own, for one user or for none. */
  async function asReadonly<T> (userId: string | null, work: (sql: Reader) => Promise<T>): Promise<T> {
    const notices: string[] = []
    const sql = openAs(role, password, ({ message }) => { notices.push(message ?? '') })
    try {
      if (userId !== null) await sql`select set_config('latchkey.user_id', ${userId}, false)`
      return await work(Object.assign(sql, { notices }))
    } finally {
      await sql.end()
    }
  }

  async function reads (userId: string | null, query: string): Promise<Record<string, unknown>[]> {
    return await asReadonly(userId, async sql => [...await sql.unsafe(query)])
  }

  /** The number of rows in each table. */
  async function seenBy (userId: string | null) {
    return await Promise.all(tables.map(async table => Number((await reads(userId, `select count(*)::int from ${table}`))[0]?.['count'])))
  }
}

type Reader = Sql & { notices: string[] }
