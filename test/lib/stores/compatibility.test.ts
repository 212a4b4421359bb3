import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { compatibilityOf } from '../../../lib/stores/compatibility.ts'
import { createMigrations, expectedVersion } from '../../../lib/stores/migrations.ts'
import { connect, makeDatabase, openStore } from '../../support/database.ts'
import { breaksOf, contractOf } from '../../support/documents/schema-contract.ts'

/** The last migration from before there was a header; its text must not change any more. */
const lastWithoutHeader = 23
const later = Array.from({ length: expectedVersion() - lastWithoutHeader }, (_, place) => lastWithoutHeader + 1 + place)

t.test('every later migration says which code it is compatible with', async t => {
  for (const name of readdirSync('sql').filter(name => later.some(version => name.startsWith(`0${version}.do.`)))) {
    t.match(readFileSync(join('sql', name), 'utf8'), /^-- compatible-with: \d+$/m, name)
  }
})

t.test('a migration that says it is compatible with older code takes nothing from it and demands nothing new', async t => {
  const { directUrl } = await makeDatabase(t, { migrated: false })
  const sql = connect(t, directUrl)
  const database = openStore(t, directUrl, { deadline: 60_000 })
  const { migrate } = createMigrations(database)
  await migrate({ to: lastWithoutHeader })

  for (const version of later) {
    const before = await contractOf(sql)
    await migrate({ to: version })
    if (compatibilityOf('sql', version) < version) t.strictSame(breaksOf(before, await contractOf(sql)), [], `version ${version}`)
  }
})

for (const [what, statement, found] of [
  ['a table', 'create table later (id uuid not null); grant all on later to latchkey_runtime', []],
  ['a column that may be null', 'alter table users add column planted_column text', []],
  ['a column with a default', 'alter table users add column points int not null default 0', []],
  ['another body of a function', 'create or replace function refuse_change () returns trigger language plpgsql as \'begin return null; end\'', []],
  ['a column that needs a value', 'alter table users add column planted_column text not null', ['new: users.planted_column needs a value']],
  ['a check', 'alter table users add check (full_name <> \'Ada\')', [/^new: users CHECK/]],
  ['a longer list of words', 'alter table one_time_tokens drop constraint one_time_tokens_purpose_check, add check (purpose in (\'password_reset\', \'invitation\', \'email_change\', \'email_undo\', \'second_factor_reset\', \'later\'))', []],
  ['a shorter list of words', 'alter table one_time_tokens drop constraint one_time_tokens_purpose_check, add check (purpose in (\'password_reset\', \'later\'))', [/^new: one_time_tokens CHECK/]],
  ['a list of words for a new column', 'alter table users add column mood text not null default \'fine\' check (mood in (\'fine\', \'sad\'))', []],
  ['another name', 'alter table vendors rename column name to title', [/^lost: vendors\.name text /]],
  ['another type', 'alter table vendors alter column version type int', [/^lost: vendors\.version bigint /]],
  ['a column less', 'alter table vendors drop column version', [/^lost: vendors\.version /]],
  ['a right less', 'revoke delete on jobs from latchkey_runtime', ['lost: jobs delete']],
  ['a function less', 'drop function sign_in', [/^lost: sign_in\(/]]
] as const) {
  t.test(`${what} ${found.length > 0 ? 'breaks' : 'does not break'} older code`, async t => {
    const { directUrl } = await makeDatabase(t)
    const sql = connect(t, directUrl)
    const before = await contractOf(sql)
    await sql.unsafe(statement)

    const breaks = breaksOf(before, await contractOf(sql))
    t.equal(breaks.length > 0, found.length > 0, breaks.join('\n'))
    t.match(breaks, found)
  })
}
