import t from 'tap'
import { createUserDirectoryStore } from '../../../lib/administration/directory-store.ts'
import { connect, openDatabase } from '../../support/database.ts'
import { directoryStatements } from '../../support/statements/composed-statements.ts'
import { genericPlan, wholeTables } from '../../support/statements/plans.ts'

const userCount = 20_000
const vendors = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'] as const
const unfiltered = { role: null, status: null, approval: null, vendorId: null, ids: null }
const lists = [
  { order: 'created_at', filters: {} },
  { order: 'email', filters: {} },
  { order: 'last_login_at', filters: { role: 'vendor' } },
  { order: 'created_at', filters: { role: 'vendor', approval: 'pending' } },
  { order: 'created_at', filters: { vendorId: vendors[0] } },
  { order: 'last_login_at', filters: { vendorId: vendors[1] } }
] as const

t.test('a page of users has one plan for all calls, also where there are many users', async t => {
  const { database, directUrl } = await openDatabase(t)
  await addUsers(connect(t, directUrl))
  const directory = createUserDirectoryStore(database)

  for (const { order, filters: given } of lists) {
    for (const limit of [51, 101]) {
      const filters = { ...unfiltered, ...given }
      const wanted = { order: { by: order, isDescending: true }, filters, after: null, limit }
      // The first five are planned with their values. Then Postgres keeps a plan, unless it expects more of planning.
      for (let call = 0; call < 7; call++) t.equal((await directory.list(wanted)).length, limit)
      const [plans] = await database<{ kept: number }>`
        select generic_plans::int as kept
        from pg_prepared_statements
        where statement not like '%pg_prepared_statements%'
        order by prepare_time desc
        limit 1`
      t.equal(plans?.kept, 2, `${limit} by ${order}, ${JSON.stringify(given)}`)
    }
  }
})

t.test('no list and no search reads all users or all factors, also in a plan for any values', async t => {
  const { directUrl } = await openDatabase(t)
  const sql = connect(t, directUrl)
  await addUsers(sql)
  await addFactors(sql)

  const texts = await directoryStatements()
  const found = []
  for (const text of texts) {
    const [[{ Plan: plan }]] = await genericPlan(sql, text, 'json')
    const whole = wholeTables(plan).filter(table => table !== 'roles')
    if (whole.length > 0) found.push({ whole, text })
  }
  t.ok(texts.size > 100, `${texts.size} texts`)
  t.equal(found.length, 0, `${found.length} of ${texts.size}, for example ${JSON.stringify(found[0])}`)
})

async function addUsers (sql: ReturnType<typeof connect>) {
  await sql`insert into vendors (id, name) select id, 'Quill' from unnest(${vendors}::uuid[]) as id`
  await sql`
    insert into users (
      email, email_canonical, email_verified, full_name, role, approval, vendor_id, created_at, last_login_at
    )
    select address, address, true, 'Ada King', role, approval, vendor, opened, opened
    from (
      select 'ada-' || number || '@example.com' as address,
             case when number % 20 = 0 then 'vendor' else 'user' end as role,
             case when number % 20 > 0 then 'not_required' when number % 100 = 0 then 'pending' else 'approved' end as approval,
             case when number % 20 = 0 then ${vendors[0]}::uuid when number % 3 = 0 then ${vendors[1]}::uuid end as vendor,
             now() - number * interval '1 minute' as opened
      from generate_series(1, ${userCount}::int) as number
    ) u`
  await sql`vacuum analyze users, last_logins`
}

async function addFactors (sql: ReturnType<typeof connect>) {
  await sql`
    insert into passkeys (
      id, user_id, credential_id, public_key, algorithm, sign_count, user_verified, backup_eligible, backed_up,
      transports, rp_id, name, created_at
    )
    select id, id, uuid_send(id), '\\x00', -7, 0, true, true, true, '{}', 'localhost', 'phone', now()
    from users`
  await sql`
    insert into totp_secrets (id, user_id, secret, created_at, confirmed_at)
    select id, id, uuid_send(id), now(), now()
    from users`
  await sql`analyze passkeys, totp_secrets`
}
