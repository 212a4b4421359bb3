import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { program } from '../../../dev/processes/program.ts'
import { removalsOf, schemaProblem } from '../../../lib/stores/compatibility.ts'
import { createMigrations, expectedVersion } from '../../../lib/stores/migrations.ts'
import { ownsTables, readSchema } from '../../../lib/stores/schema.ts'
import { connect, makeDatabase, openStore } from '../../support/database.ts'
import { until } from '../../support/until.ts'

const newest = expectedVersion()
/** Which transaction wrote an event: means nothing any more where the trail has no seals. */
const transactionOfEvent = 'audit_events.xid'
/** The next one runs in steps. */
const lastBeforeSteps = 36

t.test('five processes can migrate one empty database at once', async t => {
  const { directUrl } = await makeDatabase(t, { migrated: false })
  const exits = await Promise.all(Array.from({ length: 5 }, () => migrateByCommand(directUrl)))
  const sql = connect(t, directUrl)

  t.strictSame(exits, [0, 0, 0, 0, 0])
  t.match(await sql`select count(*)::int, max(version) from schema_migrations`, [{ count: newest, max: newest }])
})

t.test('three processes can take one database through steps at once', async t => {
  const { sql, directUrl, migrate } = await emptyDatabase(t)
  await migrate({ to: lastBeforeSteps })

  t.strictSame(await Promise.all(Array.from({ length: 3 }, () => migrateByCommand(directUrl))), [0, 0, 0])
  t.match(await sql`select max(version) from schema_migrations`, [{ max: newest }])
  t.strictSame([...await sql`select from pg_index where not indisvalid`], [])
})

t.test('who signs in waits for no migration that runs in steps, whatever that waits for', async t => {
  const { sql, directUrl, migrate } = await emptyDatabase(t)
  await migrate({ to: lastBeforeSteps })
  for (const name of ['ada', 'bob']) {
    await sql`insert into users (email, email_canonical, full_name, role) values (${name}, ${name}, ${name}, 'user')`
  }
  const others = connect(t, directUrl, { max: 1 })
  await others`set lock_timeout = '1s'`
  const waiting = () => sql`select from pg_stat_activity where datname = current_database() and query ~ '^create index' and wait_event_type = 'Lock'`

  const migrated = await sql.begin(async tx => {
    await tx`update users set last_login_at = now() where email = 'ada'`
    const migrated = migrate({ to: lastBeforeSteps + 1 })
    await until(async () => (await waiting()).length > 0)
    await others`update users set last_login_at = now() where email = 'bob'`
    t.equal((await others`select from last_logins where at > '-infinity'`).length, 1)
    return { migrated }
  })
  t.match(await migrated.migrated, { to: lastBeforeSteps + 1 })
})

t.test('a migration that runs in steps keeps those that are done, and is begun again', async t => {
  const folder = copyOfMigrations(t)
  const steps = '-- in steps\n\ncreate table if not exists early (id int);\n\n'
  writeFileSync(join(folder, next('do')), `${steps}create table oops;\n`)
  writeFileSync(join(folder, next('undo')), 'drop table early;\n')
  const { sql, migrate } = await emptyDatabase(t, folder)
  await migrate({ to: newest })

  await t.rejects(migrate(), { message: new RegExp(`^${next('do')}, line 5: syntax error`) })
  t.match(await sql`select max(version) from schema_migrations`, [{ max: newest }])
  t.strictSame([...await sql`select from early`], [])
  writeFileSync(join(folder, next('do')), `${steps}create table late (id int);\n`.replaceAll('\n', '\r\n'))
  t.strictSame(await migrate(), { from: newest, to: newest + 1 })
  t.strictSame([...await sql`select from late`], [])
})

t.test('migrating up, down and up again leaves the same schema', async t => {
  const { sql, migrate } = await emptyDatabase(t)
  const empty = await describe(sql)

  t.strictSame(await migrate(), { from: 0, to: newest })
  const first = await describe(sql)
  t.ok(first.length > 100)
  t.strictSame(await migrate({ to: 0 }), { from: newest, to: 0 })
  t.strictSame((await describe(sql)).filter(line => !line.includes('schema_migrations')), empty)
  await migrate()
  t.strictSame(await describe(sql), first)
})

t.test('each step works by itself in both directions', async t => {
  const { migrate } = await emptyDatabase(t)
  await migrate()

  for (let version = newest - 1; version >= 0; version--) {
    t.strictSame(await migrate({ to: version }), { from: version + 1, to: version })
    await migrate({ to: version + 1 })
    await migrate({ to: version })
  }
})

t.test('migrating an up-to-date database does nothing and prints nothing', async t => {
  const { migrate } = await emptyDatabase(t)
  const lines: string[] = []
  await migrate({ report: line => lines.push(line) })
  t.equal(lines.length, newest)
  t.match(lines[0], /^001\.do\./)

  await migrate({ report: line => lines.push(line) })
  t.equal(lines.length, newest)
})

t.test('an error in the middle of a migration leaves nothing of any of them', async t => {
  const folder = copyOfMigrations(t)
  writeFileSync(join(folder, next('do')), 'create table half_done (id int);\n\ncreat table oops;\n')
  writeFileSync(join(folder, next('undo')), 'drop table half_done;\n')
  const { sql, migrate } = await emptyDatabase(t, folder)
  const before = await describe(sql)

  await t.rejects(migrate(), { message: new RegExp(`^${next('do')}, line 3: syntax error`) })
  t.strictSame(await describe(sql), before)
})

t.test('a file that was changed after it had been applied is noticed; line ends do not count', async t => {
  const folder = copyOfMigrations(t)
  const file = join(folder, '002.do.roles.sql')
  const { migrate } = await emptyDatabase(t, folder)
  await migrate()

  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('\n', '\r\n'))
  await migrate()
  writeFileSync(file, readFileSync(file, 'utf8') + '-- changed\n')
  await t.rejects(migrate(), /checksum failed for migration \[2\]/)
})

t.test('a database that is newer than the code is left alone', async t => {
  const folder = copyOfMigrations(t)
  writeFileSync(join(folder, next('do')), 'create table later (id int);\n')
  writeFileSync(join(folder, next('undo')), 'drop table later;\n')
  const { sql, migrate, migrateWith } = await emptyDatabase(t, folder)
  await migrate()

  await t.rejects(migrateWith(undefined)(), /The database is at version \d+, .* this code knows/)
  await t.rejects(migrateWith(undefined)({ to: 1 }), /Run the newer code/)
  t.equal((await sql`select from later`).length, 0)
})

t.test('a newer database that serves this code is left as it is, and that is no error', async t => {
  const folder = copyOfMigrations(t)
  writeFileSync(join(folder, next('do')), `-- A later table.\n-- compatible-with: ${newest}\ncreate table later (id int);\n`)
  writeFileSync(join(folder, next('undo')), 'drop table later;\n')
  const { sql, url, migrate, migrateWith } = await emptyDatabase(t, folder)
  await migrate()

  t.strictSame(await readSchema(openStore(t, url)), { version: newest + 1, compatibleWith: newest })
  t.strictSame(await migrateWith(undefined)(), { from: newest + 1, to: newest + 1 })
  await t.rejects(migrateWith(undefined)({ to: newest }), /Run the newer code/, 'it cannot undo what it does not know')
  t.equal((await sql`select from later`).length, 0)
})

t.test('a migration that names a later version than its own is refused', async t => {
  const folder = copyOfMigrations(t)
  writeFileSync(join(folder, next('do')), `-- compatible-with: ${newest + 2}\nselect 1;\n`)
  writeFileSync(join(folder, next('undo')), 'select 1;\n')
  await t.rejects((await emptyDatabase(t, folder)).migrate(), /compatible with no version above/)
})

t.test('a database that older code has migrated says the same', async t => {
  const { sql, url, migrate } = await emptyDatabase(t)
  await migrate()
  await sql`alter table schema_migrations drop column compatible_with`
  const database = openStore(t, url)

  t.strictSame(await readSchema(database), { version: newest, compatibleWith: newest })
  t.strictSame(await migrate(), { from: newest, to: newest })
  t.match(await sql`select compatible_with from schema_migrations where version = 1`, [{ compatibleWith: 1 }])
})

t.test('going down names every table and column that is lost with its rows', async t => {
  const { sql, migrate } = await emptyDatabase(t)
  await migrate()

  for (let version = newest; version > 0; version--) {
    const before = await relationsOf(sql)
    const named = removalsOf('sql', version, version - 1).join('\n')
    await (named === '' ? migrate({ to: version - 1, mayRemove: false }) : t.rejects(migrate({ to: version - 1, mayRemove: false }), /removes data/))
    await migrate({ to: version - 1 })
    const after = await relationsOf(sql)
    const gone = before.filter(relation => !after.includes(relation) && relation !== transactionOfEvent)
    const lost = gone.filter(relation => !gone.includes(relation.split('.')[0] ?? '') || !relation.includes('.'))
    for (const relation of lost) t.ok(new RegExp(`\\b${relation.replace('.', '\\s+drop column ')}\\b`).test(named), `${version}: ${relation}`)
  }
})

t.test('names that earlier versions stored decomposed become NFC, and no other name changes', async t => {
  const { sql, migrate } = await emptyDatabase(t)
  await migrate({ to: 24 })
  const [decomposed, composed, other] = ['Zoe\u0308', 'Zo\u00eb', 'Ada\u202eniK 山田']
  await sql`insert into vendors (name) values (${decomposed}), (${other})`
  await sql`
    insert into users (email, email_canonical, full_name, role)
    select name, name, name, 'user'
    from unnest(${[decomposed, other]}::text[]) as name`
  await sql`
    insert into registrations (id, email, email_canonical, password_hash, full_name, locale, role, code_expires_at)
    values (gen_random_uuid(), 'zoe', 'zoe', '', ${decomposed}, 'en', 'user', now())`

  await migrate()
  t.strictSame((await sql`select name from vendors`).map(({ name }) => name).sort(), [other, composed])
  t.strictSame((await sql`select full_name from users`).map(({ fullName }) => fullName).sort(), [other, composed])
  t.match(await sql`select full_name from registrations`, [{ fullName: composed }])
})

t.test('administrators need a second factor: at once in a new deployment, after two weeks in one that has users', async t => {
  const policies = async (hasUsers: boolean) => {
    const { sql, migrate } = await emptyDatabase(t)
    await migrate({ to: 29 })
    if (hasUsers) await sql`insert into users (email, email_canonical, full_name, role) values ('ada', 'ada', 'Ada', 'user')`
    await migrate({ to: 30 })
    return await sql`select name, second_factor, round(extract(epoch from second_factor_from - now()) / 86400)::int as days from roles order by rank desc`
  }
  const others = ['accountant', 'vendor', 'user'].map(name => ({ name, secondFactor: 'optional', days: 0 }))
  const administrators = (days: number) => ['super_admin', 'admin'].map(name => ({ name, secondFactor: 'required', days }))
  t.strictSame([...await policies(false)], [...administrators(0), ...others])
  t.strictSame([...await policies(true)], [...administrators(14), ...others])
})

t.test('the last sign-ins of those who have a vendor already are listed with it', async t => {
  const { sql, migrate } = await emptyDatabase(t)
  await migrate({ to: 35 })
  const [vendor] = await sql`insert into vendors (name) values ('Quill') returning id`
  for (const [address, id] of [['ada', vendor?.['id']], ['bob', null]]) {
    await sql`insert into users (email, email_canonical, full_name, role, vendor_id) values (${address}, ${address}, 'Ada', 'user', ${id})`
  }
  await sql`
    insert into users (email, email_canonical, full_name, role, vendor_id)
    select n, n, n, 'user', ${vendor?.['id']}
    from generate_series(1, 1001) n`
  const differences = () => sql`select id, vendor_id from users except select user_id, vendor_id from last_logins`

  await migrate({ to: 37 })
  t.strictSame([...await differences()], [])
  await sql`update users set vendor_id = null where email = 'ada'`
  t.strictSame([...await differences()], [], 'and it follows who leaves')
})

t.test('a version beyond the newest or below zero is refused', async t => {
  const { migrate } = await emptyDatabase(t)
  for (const to of [newest + 1, -1, 1.5, NaN]) await t.rejects(migrate({ to }), /There is no version/)
})

t.test('a table with that name in another schema is not ours', async t => {
  const { sql, migrate } = await emptyDatabase(t)
  await sql`create schema other`
  await sql`create table other.schema_migrations (version text primary key)`

  t.strictSame(await migrate(), { from: 0, to: newest })
})

t.test('the server knows whether the schema is its own, and what to do', async t => {
  const { url, directUrl, migrate } = await emptyDatabase(t)
  const database = openStore(t, url, { deadline: 5000 })
  t.match(schemaProblem(await readSchema(database), newest), /empty.*migrate/)

  await migrate({ to: newest - 1 })
  t.match(schemaProblem(await readSchema(database), newest), /latchkey migrate/)
  await migrate()
  t.equal(schemaProblem(await readSchema(database), newest), null, 'the runtime role may read it')
  t.match(schemaProblem({ version: newest + 1, compatibleWith: newest + 1 }, newest), /this code knows/)
  t.equal(await ownsTables(database), false)
  t.equal(await ownsTables(openStore(t, directUrl)), true)
})

t.test('the runtime role can change neither the schema nor the past', async t => {
  const { url } = await makeDatabase(t)
  const sql = connect(t, url)
  await sql`insert into audit_events (event, outcome) values ('authn_login_success', 'success')`
  const refused = { code: '42501' }

  for (const statement of [
    'create table mine (id int)', 'create table public.mine (id int)', 'drop table users', 'alter table users add column x int',
    'create function mine () returns int language sql as \'select 1\'', 'create schema mine', 'create extension citext', 'truncate users',
    'update audit_events set event = \'x\'', 'delete from audit_events', 'truncate audit_events', 'alter table audit_events disable trigger all',
    'drop trigger audit_events_append_only on audit_events', 'set role latchkey_owner', 'create role mine',
    'update schema_migrations set version = 0', 'delete from schema_migrations', 'delete from deployment',
    'insert into deployment (session_epoch) values (0)', 'update changes set reason = null', 'truncate changes', 'update subject_keys set wrapped_key = \'\'',
    'grant latchkey_owner to latchkey_app', 'alter table changes owner to latchkey_app', 'comment on table users is \'x\''
  ]) await t.rejects(sql.unsafe(statement), refused, statement)

  t.match(await sql`select event from audit_events`, [{ event: 'authn_login_success' }])
})

t.test('not even the owner changes the audit trail by mistake', async t => {
  const { directUrl } = await makeDatabase(t)
  const sql = connect(t, directUrl)
  await sql`insert into audit_events (event, outcome) values ('authn_login_success', 'success')`

  for (const statement of ['update audit_events set event = \'x\'', 'delete from audit_events', 'truncate audit_events']) {
    await t.rejects(sql.unsafe(statement), { message: /append-only/ }, statement)
  }
})

/** An empty database and the migrations of a folder, run by the owner. */
async function emptyDatabase (t: Test, folder?: string) {
  const { url, directUrl } = await makeDatabase(t, { migrated: false })
  const sql = connect(t, directUrl)
  const database = openStore(t, directUrl, { deadline: 60_000 })
  return { sql, url, directUrl, migrate: migrateWith(folder), migrateWith }

  function migrateWith (folder: string | undefined) {
    return createMigrations(database, folder).migrate
  }
}

function copyOfMigrations (t: Test) {
  // The path contains more than letters, because it is a folder and must not be read as a pattern.
  const folder = join(mkdtempSync(join(tmpdir(), 'latchkey [sql] (1) ')), 'sql')
  cpSync('sql', folder, { recursive: true })
  t.teardown(() => rmSync(join(folder, '..'), { recursive: true }))
  return folder
}

function next (action: 'do' | 'undo') {
  return `${String(newest + 1).padStart(3, '0')}.${action}.more.sql`
}

async function migrateByCommand (directUrl: string) {
  const env = { ...process.env, NODE_ENV: 'test', DATABASE_URL: directUrl, DATABASE_DIRECT_URL: directUrl, REDIS_URL: 'redis://127.0.0.1:1' }
  const child = spawn(process.execPath, [...program('cli.ts'), 'migrate'], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  return await new Promise(resolve => child.once('exit', resolve))
}

/** Tables, and columns of tables, whose values come from nothing else; those of partitions are those of their table. */
async function relationsOf (sql: ReturnType<typeof connect>): Promise<string[]> {
  const columns = await sql<{ table: string, column: string }[]>`
    select c.relname as table, a.attname as column
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition`
  const tables = [...new Set(columns.map(({ table }) => table))]
  return [...tables, ...columns.filter(({ table }) => tables.includes(table)).map(({ table, column }) => `${table}.${column}`)]
}

/** Everything that a migration can leave behind, one line each. */
async function describe (sql: ReturnType<typeof connect>): Promise<string[]> {
  const rows = await sql<{ line: string }[]>`
    select format('%s %s %s %s %s %s', table_name, column_name, data_type, is_nullable, column_default, identity_generation) as line
    from information_schema.columns where table_schema = 'public'
    union all
    select format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) from pg_constraint where connamespace = 'public'::regnamespace
    union all
    select indexdef from pg_indexes where schemaname = 'public'
    union all
    select format('%s %s %s', grantee, table_name, privilege_type) from information_schema.role_table_grants where table_schema = 'public'
    union all
    select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
    union all
    select pg_get_functiondef(oid) from pg_proc where pronamespace = 'public'::regnamespace and prokind = 'f' and probin is null
    union all
    select format('schema %s', nspname) from pg_namespace where nspname !~ '^pg_'
    union all
    select format('usage %s %s', role, has_schema_privilege(role, 'public', 'usage')) from unnest(array['latchkey_runtime', 'latchkey_readonly']::regrole[]) as role
    union all
    select format('%s %s %s %s', grantee, table_name, column_name, privilege_type) from information_schema.role_column_grants where table_schema = 'public'
    union all
    select format('%s', row(p.*)) from pg_policies p
    union all
    select format('%s %s %s', oid::regclass, relrowsecurity, reloptions) from pg_class where relnamespace = 'public'::regnamespace and (relrowsecurity or relkind = 'v')
    union all
    select format('%s', row(r.*)) from pg_extension e, lateral (select e.extname) r
    order by line`
  return rows.map(({ line }) => line)
}
