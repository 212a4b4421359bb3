import t from 'tap'
import { createClock } from '../../../lib/clock.ts'
import type { Figures } from '../../../lib/operations/metrics.ts'
import { createFactorGauges } from '../../../lib/factors/factor-gauges.ts'
import { createFactorPolicyStore } from '../../../lib/users/factor-policy-store.ts'
import { makeDatabase, openStore } from '../../support/database.ts'

t.test('users who lack the factor that their role demands are counted by role', async t => {
  const { database, look, shown } = await open(t)
  t.strictSame(shown(), {}, 'nothing before the first look')

  await database`insert into roles (name, rank, user_type, second_factor, second_factor_from) values ('guard', 30, 'staff', 'required', now()), ('keeper', 31, 'staff', 'phishing_resistant', now() + interval '3 days'), ('guest', 29, 'staff', 'optional', now())`
  await people(database, 'guard', 4)
  await people(database, 'keeper', 3)
  await people(database, 'guest', 2)
  await look()
  t.match(shown(), { guard: 4, keeper: 3 })
  t.notOk('guest' in shown(), 'a role that demands nothing is not shown')

  await database`update users set status = 'disabled' where id = (select id from users where role = 'guard' limit 1)`
  await database`insert into totp_secrets (id, user_id, secret, created_at, confirmed_at) select gen_random_uuid(), id, '', now(), now() from users where role in ('guard', 'keeper') and status = 'active'`
  await database`update totp_secrets set confirmed_at = null where user_id = (select id from users where role = 'guard' and status = 'active' limit 1)`
  t.match(shown(), { guard: 4 }, 'reading the metrics asks no store')
  await look()
  t.match(shown(), { guard: 1, keeper: 3 }, 'an app that waits for its first code is none, and none is a passkey')
})

t.test('ten thousand users of a role are looked at, however many there are', async t => {
  const { database, look, shown } = await open(t)
  await database`insert into roles (name, rank, user_type, second_factor) values ('crowd', 30, 'staff', 'required')`
  await people(database, 'crowd', 10_002)
  await look()
  t.match(shown(), { crowd: 10_000 })
})

t.test('figures that could not be renewed are not shown', async t => {
  const { look, shown, clock } = await open(t)
  await look()
  clock.pass(1_799_000)
  t.not(Object.keys(shown()).length, 0)
  clock.pass(2000)
  t.strictSame(shown(), {})
})

async function people (database: ReturnType<typeof openStore>, role: string, count: number) {
  await database`
    insert into users (id, email, email_canonical, full_name, role, created_at, updated_at)
    select id, id || '@example.com', id || '@example.com', 'Ada King', ${role}, now(), now()
    from (select gen_random_uuid() as id from generate_series(1, ${count})) made`
}

async function open (t: Parameters<typeof makeDatabase>[0]) {
  const database = openStore(t, (await makeDatabase(t)).url, { deadline: 20_000 })
  await database`update roles set second_factor = 'required' where name = 'admin'`
  const gauges = new Map<string, () => Figures>()
  let passed = 0
  const clock = { monotonic: () => createClock().monotonic() + passed, pass: (ms: number) => { passed += ms } }
  const { look } = createFactorGauges({
    store: createFactorPolicyStore(database),
    metrics: { gauges: (name, _help, _label, read) => { gauges.set(name, read) } },
    clock
  })

  return { database, look, clock, shown: () => Object.fromEntries(gauges.get('latchkey_users_without_second_factor')?.() ?? []) }
}
