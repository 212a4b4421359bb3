import t from 'tap'
import { createClock } from '../../../lib/clock.ts'
import { createJobGauges } from '../../../lib/jobs/job-gauges.ts'
import { createJobStore } from '../../../lib/jobs/job-store.ts'
import type { Figures } from '../../../lib/operations/metrics.ts'
import { makeDatabase, openStore } from '../../support/database.ts'

t.test('jobs are shown by queue: what waits, what failed and how late it is', async t => {
  const { database, look, shown } = await open(t)
  t.strictSame(shown('latchkey_jobs_waiting'), {}, 'nothing before the first look')

  await look()
  t.strictSame(shown('latchkey_jobs_waiting'), { chores: 0 }, 'a queue of this node is shown from the start')

  await database`insert into jobs (queue, data, attempts_max, due_at) values ('mail', '{}', 3, now() - interval '1 minute')`
  await database`insert into jobs (queue, data, attempts_max, failed_at) values ('mail', '{}', 3, now())`
  await look()
  t.strictSame(shown('latchkey_jobs_waiting'), { chores: 0, mail: 1 })
  t.strictSame(shown('latchkey_jobs_failed'), { chores: 0, mail: 1 })
  const { mail = 0, chores } = shown('latchkey_jobs_overdue_seconds')
  t.ok(mail >= 60 && mail < 120)
  t.equal(chores, 0)
})

t.test('a queue whose jobs all wait, and one whose jobs have all failed, are shown', async t => {
  const { database, look, shown } = await open(t)
  await database`insert into jobs (queue) values ('audit'), ('mail'), ('mail')`
  await database`insert into jobs (queue, failed_at) values ('notices', now()), ('chores', now())`

  await look()
  t.strictSame(shown('latchkey_jobs_waiting'), { chores: 0, audit: 1, mail: 2, notices: 0 })
  t.strictSame(shown('latchkey_jobs_failed'), { chores: 1, audit: 0, mail: 0, notices: 1 })
})

t.test('more than ten thousand jobs of a queue are not counted', async t => {
  const { database, look, shown } = await open(t)
  await database`
    insert into jobs (queue, failed_at)
    select 'mail', case when number > 10001 then now() end
    from generate_series(1, 20003) as number`

  await look()
  t.strictSame(shown('latchkey_jobs_waiting'), { chores: 0, mail: 10_000 })
  t.strictSame(shown('latchkey_jobs_failed'), { chores: 0, mail: 10_000 })
})

t.test('figures that could not be renewed are not shown', async t => {
  const { look, shown, clock } = await open(t)
  await look()
  clock.pass(119_000)
  t.strictSame(shown('latchkey_jobs_waiting'), { chores: 0 })
  clock.pass(2000)
  t.strictSame(shown('latchkey_jobs_waiting'), {})
})

async function open (t: Parameters<typeof makeDatabase>[0]) {
  const database = openStore(t, (await makeDatabase(t)).url, { deadline: 5000 })
  const gauges = new Map<string, () => Figures>()
  let passed = 0
  const clock = { monotonic: () => createClock().monotonic() + passed, pass: (ms: number) => { passed += ms } }
  const { look } = createJobGauges({
    jobs: { queues: () => ['chores'], counts: createJobStore(database).counts },
    metrics: { gauges: (name, _help, _label, read) => { gauges.set(name, read) } },
    clock
  })

  return { database, look, clock, shown: (name: string) => Object.fromEntries(gauges.get(name)?.() ?? []) }
}
