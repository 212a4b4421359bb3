import t from 'tap'
import { createUserDirectoryStore } from '../../../lib/administration/directory-store.ts'
import { connect, openDatabase } from '../../support/database.ts'

const userCount = 20_000
const lists = [
  { order: 'created_at', role: null, approval: null },
  { order: 'email', role: null, approval: null },
  { order: 'last_login_at', role: 'vendor', approval: null },
  { order: 'created_at', role: 'vendor', approval: 'pending' }
] as const

t.test('a page of users has one plan for all calls, also where there are many users', async t => {
  const { database, directUrl } = await openDatabase(t)
  await addUsers(connect(t, directUrl))
  const directory = createUserDirectoryStore(database)

  for (const { order, role, approval } of lists) {
    for (const limit of [51, 101]) {
      const filters = { role, status: null, approval }
      const wanted = { order: { by: order, isDescending: true }, filters, after: null, limit }
      // The first five are planned with their values. Then Postgres keeps a plan, unless it expects more of planning.
      for (let call = 0; call < 7; call++) t.equal((await directory.list(wanted)).length, limit)
      const [plans] = await database<{ kept: number }>`
        select generic_plans::int as kept
        from pg_prepared_statements
        where statement not like '%pg_prepared_statements%'
        order by prepare_time desc
        limit 1`
      t.equal(plans?.kept, 2, `${limit} by ${order}, ${role}, ${approval}`)
    }
  }
})

async function addUsers (sql: ReturnType<typeof connect>) {
  await sql`
    insert into users (email, email_canonical, email_verified, full_name, role, approval, created_at, last_login_at)
    select address, address, true, 'Ada King', role, approval, opened, opened
    from (
      select 'ada-' || number || '@example.com' as address,
             case when number % 20 = 0 then 'vendor' else 'user' end as role,
             case when number % 20 > 0 then 'not_required' when number % 100 = 0 then 'pending' else 'approved' end as approval,
             now() - number * interval '1 minute' as opened
      from generate_series(1, ${userCount}::int) as number
    ) u`
  await sql`analyze users, last_logins`
}
