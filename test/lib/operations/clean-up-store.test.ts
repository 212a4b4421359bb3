import { randomBytes, randomUUID } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import { createCleanUpStore } from '../../../lib/operations/clean-up-store.ts'
import type { Kind } from '../../../lib/operations/clean-up-store.ts'
import { connect, openDatabase } from '../../support/database.ts'

const hour = 3_600_000
const always = { from: new Date(0), age: hour, limit: 100 }

/** How to make a row of each kind that was over the given number of milliseconds ago, and its table. */
const kinds: Record<Kind, { table: string, insert: (sql: Sql, age: number) => Promise<unknown> }> = {
  registrations: { table: 'registrations', insert: (sql, age) => insertRegistration(sql, randomUUID(), age) },
  one_time_tokens: {
    table: 'one_time_tokens',
    insert: (sql, age) => sql`insert into one_time_tokens (id, purpose, created_at, expires_at) values (${randomUUID()}, 'password_reset', now(), ${ago(sql, age)})`
  },
  known_devices: {
    table: 'known_devices',
    insert: async (sql, age) => sql`insert into known_devices (user_id, device_id, created_at, last_used_at) values (${await insertUser(sql)}, ${randomUUID()}, 'epoch', ${ago(sql, age)})`
  },
  waiting_totp_secrets: {
    table: 'totp_secrets',
    insert: async (sql, age) => sql`insert into totp_secrets (id, user_id, secret, created_at) values (${randomUUID()}, ${await insertUser(sql)}, 'ciphertext', ${ago(sql, age)})`
  },
  spent_challenges: { table: 'spent_challenges', insert: (sql, age) => sql`insert into spent_challenges (nonce, expires_at) values (${randomBytes(16)}, ${ago(sql, age)})` },
  failed_jobs: { table: 'jobs', insert: (sql, age) => sql`insert into jobs (queue, failed_at, error) values ('mail', ${ago(sql, age)}, 'no')` },
  changes: { table: 'changes', insert: (sql, age) => insertChange(sql, 'session_ended', age) },
  epoch_changes: { table: 'changes', insert: (sql, age) => insertChange(sql, 'user_epoch', age) },
  ended_sessions: { table: 'sessions', insert: (sql, age) => insertSession(sql, { endedAt: age, expiresAt: -hour }) },
  expired_sessions: { table: 'sessions', insert: (sql, age) => insertSession(sql, { expiresAt: age }) }
}

for (const [kind, { table, insert }] of Object.entries(kinds) as [Kind, typeof kinds[Kind]][]) {
  t.test(`of ${kind} the rows are removed that have been over for long enough, the oldest first`, async t => {
    const { sql, store, count } = await open(t)
    for (const age of [2 * hour, 4 * hour, 3 * hour, hour - 60_000, hour / 2, 0]) await insert(sql, age)

    const first = await store.remove(kind, { ...always, limit: 2 })
    t.equal(first.removed, 2)
    t.ok(first.last && Math.abs(Date.now() - 3 * hour - first.last.getTime()) < 60_000, 'the one of four hours and the one of three')
    t.match(await store.remove(kind, { ...always, from: first.last ?? new Date() }), { removed: 1, last: Date })
    t.strictSame(await store.remove(kind, always), { removed: 0, last: null })
    t.equal(await count(table), 3, 'what is younger stays')
  })
}

t.test('rows of another kind stay, however old they are', async t => {
  const { sql, store, count } = await open(t)
  await insertSession(sql, { expiresAt: -hour })
  await insertSession(sql, { endedAt: 0, expiresAt: -hour })
  await sql`insert into jobs (queue, due_at, created_at) values ('mail', 'epoch', 'epoch')`
  await insertChange(sql, 'user_epoch', 9 * hour)
  await insertChange(sql, 'everyone', 9 * hour)
  for (const kind of ['keys_changed', 'roles_changed', 'user_changed', 'session_ended']) await insertChange(sql, kind, 2 * hour)

  for (const kind of ['expired_sessions', 'ended_sessions', 'failed_jobs'] as const) t.match(await store.remove(kind, always), { removed: 0 }, kind)
  t.match(await store.remove('changes', always), { removed: 4 })
  t.match(await store.remove('epoch_changes', { ...always, age: 10 * hour }), { removed: 0 })
  t.match(await store.remove('epoch_changes', always), { removed: 2 })
  t.same([await count('sessions'), await count('jobs')], [2, 1])
})

t.test('an unconfirmed registration takes the key of its audit trail along, an account keeps it', async t => {
  const { sql, store } = await open(t)
  const [gone, young] = [randomUUID(), randomUUID()]
  const user = await insertUser(sql)
  await insertRegistration(sql, gone, 2 * hour)
  await insertRegistration(sql, young, 0)
  for (const id of [gone, young, user]) await sql`insert into subject_keys (subject_id, wrapped_key) values (${id}, '\\x00')`
  // This state cannot occur; if it did, the account's key would have to stay.
  await insertRegistration(sql, user, 2 * hour)

  t.match(await store.remove('registrations', always), { removed: 2 })
  t.same((await sql`select subject_id from subject_keys`).map(({ subjectId }) => subjectId).sort(), [young, user].sort())
})

t.test('a row that another transaction holds is neither changed nor waited for', async t => {
  const { sql, store, count } = await open(t)
  const id = randomUUID()
  await insertRegistration(sql, id, 3 * hour)
  await insertRegistration(sql, randomUUID(), 2 * hour)

  await sql.begin(async tx => {
    await tx`update registrations set tries = tries + 1 where id = ${id}`
    t.match(await store.remove('registrations', always), { removed: 1 })
  })
  t.equal(await count('registrations'), 1)
  t.match(await store.remove('registrations', always), { removed: 1 }, 'the next run finds it')
})

t.test('many runs at once remove each row once and do not get in each other’s way', async t => {
  const { sql, store, count } = await open(t)
  await sql`
    insert into sessions (id, transport, device_id, amr, auth_time, user_epoch, global_epoch, created_at, last_seen_at, expires_at)
    select gen_random_uuid(), 'bearer', gen_random_uuid(), '{pwd}', now(), 0, 0, now(), now(), now() - interval '2 hours' - number * interval '1 second'
    from generate_series(1, 2000) as number`
  const results = await Promise.all(Array.from({ length: 20 }, () => store.remove('expired_sessions', { ...always, limit: 100 })))

  t.ok(results.every(({ removed }) => removed <= 100))
  t.equal(results.reduce((sum, { removed }) => sum + removed, 0), 2000 - await count('sessions'))
})

t.test('a batch reads only what it removes, whatever else the table holds', async t => {
  const { sql, directUrl } = await open(t)
  const owner = connect(t, directUrl)
  await owner`
    insert into sessions (id, transport, device_id, amr, auth_time, user_epoch, global_epoch, created_at, last_seen_at, expires_at, ended_at, ended_reason)
    select gen_random_uuid(), 'bearer', gen_random_uuid(), '{pwd}', now(), 0, 0, now(), now(),
           now() + number * interval '1 minute', case when number % 2 = 0 then now() - number * interval '1 minute' end, case when number % 2 = 0 then 'signed_out' end
    from generate_series(-10000, 10000) as number`
  await owner`insert into changes (kind, at) select (array['user_epoch', 'session_ended'])[1 + number % 2], now() - number * interval '1 minute' from generate_series(1, 20000) as number`
  await owner`insert into jobs (queue, failed_at, error) select 'mail', case when number % 2 = 0 then now() - number * interval '1 minute' end, 'no' from generate_series(1, 20000) as number`
  await owner`insert into one_time_tokens (id, purpose, created_at, expires_at) select gen_random_uuid(), 'password_reset', now(), now() - number * interval '1 minute' from generate_series(-10000, 10000) as number`
  await owner`
    insert into registrations (id, email, email_canonical, password_hash, full_name, locale, role, code_expires_at, created_at)
    select gen_random_uuid(), 'x', 'x', 'x', 'x', 'en', 'user', now(), now() - number * interval '1 minute' from generate_series(1, 20000) as number`
  const user = await insertUser(owner)
  await owner`insert into known_devices (user_id, device_id, created_at, last_used_at) select ${user}, gen_random_uuid(), now(), now() - number * interval '1 minute' from generate_series(1, 20000) as number`
  await owner`
    insert into users (id, email, email_canonical, full_name, role)
    select gen_random_uuid(), 'crowd-' || number, 'crowd-' || number, 'x', 'user' from generate_series(1, 20000) as number`
  await owner`
    insert into totp_secrets (id, user_id, secret, created_at, confirmed_at)
    select gen_random_uuid(), id, 'ciphertext', now() - number * interval '1 minute', case when number % 2 = 0 then now() end
    from (select id, row_number() over () as number from users) as numbered`
  await owner`insert into spent_challenges (nonce, expires_at) select sha256(number::text::bytea), now() - number * interval '1 minute' from generate_series(-10000, 10000) as number`
  await owner`analyze`

  for (const kind of Object.keys(kinds) as Kind[]) {
    const text = await statementOf(kind)
    for (const mode of ['force_custom_plan', 'force_generic_plan']) {
      await sql.begin(async tx => {
        await tx.unsafe(`set local plan_cache_mode = ${mode}`)
        await tx.unsafe(`prepare batch (timestamptz, float8, bigint) as ${text}`)
        const plan = (await tx.unsafe(`explain (analyze, costs off, timing off, buffers) execute batch ('1970-01-01', ${hour}, 100)`)).map(row => Object.values(row)[0]).join('\n')
        await tx.unsafe('deallocate batch')

        t.match(plan, /Index Scan using \w+/, `${kind}, ${mode}`)
        t.notMatch(plan, /Seq Scan|Sort|Hash/, plan)
        const removedByFilter = Number(/Rows Removed by Filter: (\d+)/.exec(plan)?.[1] ?? 0)
        t.ok(kind === 'epoch_changes' || removedByFilter === 0, `${removedByFilter} rows were read in vain`)
      })
    }
  }
})

type Sql = ReturnType<typeof connect>

async function open (t: Test) {
  const { url, directUrl, database } = await openDatabase(t)
  const sql = connect(t, url)
  const count = async (table: string) => Number((await sql`select count(*)::int from ${sql(table)}`)[0]?.['count'])
  return { sql, directUrl, store: createCleanUpStore(database), count }
}

/** The text of a batch as it is sent to Postgres. */
async function statementOf (kind: Kind): Promise<string> {
  const { fragment, render } = await import('../../../lib/stores/statement.ts')
  let sent = ''
  const database = Object.assign(async (strings: TemplateStringsArray, ...values: unknown[]) => {
    sent = render(strings, values).text
    return []
  }, { fragment })
  await createCleanUpStore(database as never).remove(kind, always)
  return sent
}

function ago (sql: Sql, milliseconds: number) {
  return sql`now() - ${milliseconds}::float8 * interval '1 millisecond'`
}

async function insertUser (sql: Sql): Promise<string> {
  const id = randomUUID()
  await sql`insert into users (id, email, email_canonical, full_name, role) values (${id}, ${id}, ${id}, 'Ada King', 'user')`
  return id
}

async function insertRegistration (sql: Sql, id: string, age: number) {
  await sql`
    insert into registrations (id, email, email_canonical, password_hash, full_name, locale, role, code_expires_at, created_at)
    values (${id}, 'ada@example.com', 'ada@example.com', 'x', 'Ada King', 'en', 'user', now(), ${ago(sql, age)})`
}

async function insertChange (sql: Sql, kind: string, age: number) {
  await sql`insert into changes (kind, at) values (${kind}, ${ago(sql, age)})`
}

async function insertSession (sql: Sql, { endedAt, expiresAt }: { endedAt?: number, expiresAt: number }) {
  const ended = endedAt === undefined ? sql`null, null` : sql`${ago(sql, endedAt)}, 'signed_out'`
  await sql`
    insert into sessions (id, transport, device_id, amr, auth_time, user_epoch, global_epoch, created_at, last_seen_at, expires_at, ended_at, ended_reason)
    values (${randomUUID()}, 'bearer', ${randomUUID()}, '{pwd}', 'epoch', 0, 0, 'epoch', 'epoch', ${ago(sql, expiresAt)}, ${ended})`
}
