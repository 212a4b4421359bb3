import { randomBytes, randomUUID } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import pg from 'pg'
import { debianPostgres } from '../../dev/services/debian-postgres.ts'
import { ownPostgres } from '../failure/nodes.ts'
import { composedStatements } from '../support/statements/composed-statements.ts'
import { costOf, wholeTables, wholeTablesOf } from '../support/statements/plans.ts'
import type { PlanNode } from '../support/statements/plans.ts'
import { isFormOf, textOf, writtenStatements } from '../support/statements/written-statements.ts'

// Postgres itself tells the plan of each statement inside sign_in(): auto_explain sends it as a notice.
const explain = {
  session_preload_libraries: 'auto_explain',
  'auto_explain.log_min_duration': '0',
  'auto_explain.log_nested_statements': 'on',
  'auto_explain.log_analyze': 'on',
  'auto_explain.log_format': 'json',
  jit: 'on'
}
/** The default of jit_above_cost: above it Postgres compiles a plan for its machine. */
const jitAboveCost = 100_000

interface Explained { 'Query Text': string, Plan: PlanNode, JIT?: object }

/** Tables that stay small however many people use a deployment, and why. */
const small: Record<string, string> = {
  audit_retention: 'one row',
  deployment: 'one row',
  job_schedules: 'a row for each schedule',
  role_permissions: 'of a handful of roles',
  roles: 'a handful',
  schema_migrations: 'a row for each migration',
  services: 'a handful',
  audit_verifications: 'one row',
  session_counts: 'a row for each transport',
  signing_keys: 'those of some months',
  signing_keys_inherited: 'the keys from before their rows had a MAC',
  user_counts: 'folded to a row for each kind of user'
}

const statements = writtenStatements()
const composed = [...await composedStatements()]
const texts = [...new Set([...statements.filter(({ isComposed }) => !isComposed).map(textOf), ...composed])]
const origins = new Map(texts.map(text => [text, statements.filter(isFormOf(text))]))

t.test('every statement of lib is known with its whole text', async t => {
  t.ok(statements.length > 150, `${statements.length} statements`)
  const known = new Set([...origins.values()].flat())
  const unknown = statements.filter(statement => !known.has(statement))
  t.strictSame(unknown, [], 'test/support/statements/composed-statements.ts calls those that are made of fragments')
})

const debian = await debianPostgres()
const isRunOnDebian = process.env['LATCHKEY_TEST_POSTGRES'] === '15'
for (const { name, skip, programs } of [
  { name: 'the Postgres of npm', skip: isRunOnDebian && 'the run is on Debian\'s alone', programs: undefined },
  { name: 'Debian\'s Postgres', skip: debian === null && 'Debian\'s Postgres cannot be had here', programs: debian?.programs }
]) {
  t.test(name, { skip }, async t => {
    const { client, plans } = await open(t, programs)

    await t.test('no statement reads the whole of a table that grows', async t => {
      const found = []
      for (const [text, written] of origins) {
        const places = written.map(({ place }) => place)
        const whole = (await wholeTablesOf(client, text)).filter(table => small[table] === undefined)
        if (whole.length > 0) found.push({ places, whole, text })
      }
      t.ok(origins.size > 300, `${origins.size} texts`)
      t.strictSame(found, [])
    })

    await t.test('no statement costs so much that Postgres compiles it, while tables have no statistics', async t => {
      // The migrations have just made the tables. So it is after a restore, and for tables of few rows always: nothing
      // analyzes those.
      const found = []
      for (const [text, written] of origins) {
        const cost = await costOf(client, text)
        if (cost >= jitAboveCost) found.push({ places: written.map(({ place }) => place), cost, text })
      }
      t.strictSame(found, [])
    })

    await t.test('a statement that has no index to use is noticed', async t => {
      t.strictSame(await wholeTablesOf(client, 'select id from users where locale = $1 limit $2'), ['users'])
      t.strictSame(await wholeTablesOf(client, 'select id from users where id = $1'), [])
    })

    await t.test('the small tables are there, and every reference to another table has an index', async t => {
      const { rows: missing } = await client.query('select name from unnest($1::text[]) as name where to_regclass(name) is null', [Object.keys(small)])
      t.strictSame(missing, [])
      t.strictSame(await referencesWithoutIndex(client), [])
    })

    await t.test('no trigger and no reference reads the whole of a table that grows', async t => {
      plans.length = 0
      await client.query('begin; set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off; set local jit = off')
      for (const statement of lifeOfUser) await client.query(statement)
      await client.query('commit')

      t.ok(plans.length > 3 * lifeOfUser.length, `${plans.length} statements`)
      for (const { 'Query Text': text, Plan: plan } of plans) {
        t.strictSame(wholeTables(plan).filter(table => small[table] === undefined), [], text)
      }
    })

    await t.test('no function makes its plans so dear that Postgres compiles them', async t => {
      const { rows } = await client.query("select proname from pg_proc where proconfig::text like '%enable\\_%'")
      t.strictSame(rows, [])
    })

    for (const [means, prepare] of [['the password', async () => signIn], ['a passkey', byPasskey]] as const) {
      await t.test(`a sign-in by ${means} reads no whole table and compiles nothing, whatever the statistics say`, async t => {
        const user = await addUser(client)
        const enter = await prepare(client, user)
        await enter(client, user)
        // The planner believes that the tables stay as small as they are now.
        await client.query('analyze')

        plans.length = 0
        // After five executions Postgres may keep a plan for all that follow.
        for (let number = 0; number < 8; number++) await enter(client, user)

        t.ok(plans.length >= 8 * 7, `${plans.length} statements`)
        for (const { 'Query Text': text, Plan: plan, JIT: jit } of plans) {
          t.ok(plan['Total Cost'] < jitAboveCost, `${plan['Total Cost']} for ${text}`)
          t.equal(jit, undefined, `nothing is compiled for ${text}`)
          t.strictSame(wholeTables(plan).filter(table => table !== 'deployment'), [], text)
        }
      })
    }
  })
}

/** What triggers and foreign keys follow up: rows that come, change and go. */
const lifeOfUser = [
  "insert into vendors (id, name) values ('00000000-0000-4000-8000-000000000001', 'Quill')",
  `insert into users (id, email, email_canonical, full_name, role, vendor_id)
   values ('00000000-0000-4000-8000-000000000002', 'ada', 'ada', 'Ada', 'user', '00000000-0000-4000-8000-000000000001')`,
  `insert into registrations (id, email, email_canonical, password_hash, full_name, locale, role, code_expires_at)
   values ('00000000-0000-4000-8000-000000000003', 'ada', 'ada', '', 'Ada', 'en', 'user', now())`,
  "update users set role = 'admin', last_login_at = now() where id = '00000000-0000-4000-8000-000000000002'",
  "update roles set name = 'people' where name = 'user'",
  "update roles set name = 'user' where name = 'people'",
  "delete from registrations where id = '00000000-0000-4000-8000-000000000003'",
  "delete from users where id = '00000000-0000-4000-8000-000000000002'",
  "delete from vendors where id = '00000000-0000-4000-8000-000000000001'",
  "insert into roles (name, rank, user_type, requires_approval, self_registration) values ('guest', 1, 'guest', false, false)",
  "delete from roles where name = 'guest'"
]

/** Foreign keys whose columns no index begins with: removing the row that they refer to would read the whole table. */
async function referencesWithoutIndex (client: pg.Client) {
  const { rows } = await client.query<{ reference: string, table: string }>(`
    select c.conname as reference, c.conrelid::regclass::text as table
    from pg_constraint c
    where c.contype = 'f'
      and not exists (
        select
        from pg_index i
        where i.indrelid = c.conrelid
          and (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey
          and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) ~ '^\\(\\w+ IS NOT NULL\\)$')
      )`)
  return rows.filter(({ table }) => small[table] === undefined)
}

async function open (t: Test, programs: string | undefined) {
  const { postgres } = await ownPostgres(t, 'redis://localhost', {
    args: Object.entries(explain).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ...(programs === undefined ? {} : { programs })
  })

  const client = new pg.Client({ connectionString: postgres.databaseDirectUrl, options: '-c client_min_messages=log' })
  const plans: Explained[] = []
  client.on('notice', ({ message = '' }) => {
    const [, json] = /plan:\s*(\{[\s\S]*\})/.exec(message) ?? []
    if (json !== undefined) plans.push(JSON.parse(json))
  })
  await client.connect()
  t.teardown(() => client.end())
  return { client, plans }
}

async function addUser (client: pg.Client) {
  const id = randomUUID()
  await client.query(
    `insert into users (id, email, email_canonical, email_verified, full_name, role, password_hash)
    values ($1, $2, $2, true, 'Ada King', 'user', 'none')`, [id, `${id}@example.com`]
  )
  return id
}

/** Gives the user a passkey; the function returned signs in with it. */
async function byPasskey (client: pg.Client, user: string) {
  const passkey = randomUUID()
  await client.query(
    `insert into passkeys (id, user_id, credential_id, public_key, algorithm, sign_count, user_verified, backup_eligible,
                           backed_up, transports, rp_id, name, created_at)
    values ($1, $2, $3, '\\x00', -7, 0, true, true, true, '{}', 'localhost', 'phone', now())`,
    [passkey, user, randomBytes(16)]
  )
  // To read a table without a page costs nothing.
  await client.query("insert into one_time_tokens (id, purpose, created_at, expires_at) values ($1, 'password_reset', now(), now())", [randomUUID()])
  return async () => {
    await begin(client, user, `sign_in_by_passkey($1, 0, 0, $2, 'bearer', $3, 'phone', 'tests', '127.0.0.1', '{pop,user,mfa}',
      $4, $5, 3, 10, 'request', '\\x00', $6, 0, 0, true, true, $7, now())`, [passkey, randomBytes(16)])
  }
}

async function signIn (client: pg.Client, user: string) {
  await begin(client, user, "sign_in($1, 0, 0, $2, 'bearer', $3, 'phone', 'tests', '127.0.0.1', '{pwd}', $4, $5, 3, 10, 'request', '\\x00')")
}

async function begin (client: pg.Client, user: string, call: string, more: unknown[] = []) {
  const now = new Date()
  const values = [user, randomUUID(), randomUUID(), now, new Date(now.getTime() + 3_600_000), ...more]
  const { rows } = await client.query(`select ${call} as evicted`, values)
  if (rows[0]?.evicted === null) throw new Error('The sign-in was refused.')
}
