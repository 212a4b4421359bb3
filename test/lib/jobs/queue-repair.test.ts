import t from 'tap'
import type { Test } from 'tap'
import { createJobStore } from '../../../lib/jobs/job-store.ts'
import { createQueueRepair } from '../../../lib/jobs/queue-repair.ts'
import { createQueueStore } from '../../../lib/jobs/queue-store.ts'
import { connect, openDatabase } from '../../support/database.ts'

t.test('failed jobs are begun again a hundred at a time, the oldest first, and no more than are done', async t => {
  const { sql, repair, addFailed, due } = await open(t)
  const ids = await addFailed(250)
  const begun: number[] = []
  const reports: unknown[] = []

  const retried = await repair.retryAll('mail', {
    report: progress => reports.push(progress),
    pause: async () => {
      const now = await due()
      t.ok(now.length <= 100, `${now.length} at once`)
      begun.push(...now)
      await sql`delete from jobs where id = any(${now})`
    }
  })
  t.equal(retried, 250)
  t.strictSame([...begun, ...await due()], ids)
  t.strictSame(reports, [
    { retried: 100, isWaiting: false }, { retried: 100, isWaiting: true },
    { retried: 200, isWaiting: false }, { retried: 200, isWaiting: true },
    { retried: 250, isWaiting: false }
  ])
})

t.test('failed jobs wait behind new ones', async t => {
  const { sql, repair, addFailed, due } = await open(t)
  await sql`insert into jobs (queue) select 'mail' from generate_series(1, 120)`
  const ids = await addFailed(3)
  let pauses = 0
  const pause = async () => {
    t.equal((await due()).length, 120, 'nothing is begun')
    if (++pauses === 2) await sql`delete from jobs where failed_at is null`
  }

  t.equal(await repair.retryAll('mail', { report: () => {}, pause }), 3)
  t.equal(pauses, 2)
  t.strictSame(await due(), ids)
})

t.test('jobs that fail again meanwhile are not begun twice', async t => {
  const { sql, repair, addFailed } = await open(t)
  await addFailed(101)
  const pause = async () => { await sql`update jobs set failed_at = now(), attempts = 1 where failed_at is null` }

  t.equal(await repair.retryAll('mail', { report: () => {}, pause }), 101)
  t.equal((await sql`select from jobs where failed_at is not null and attempts = 1`).length, 100)
})

t.test('a job that waits for a late attempt is hurried; one that a node may have in hand, or that waits for its time, is not', async t => {
  const { sql, repair } = await open(t)
  const rows = await sql<{ id: number }[]>`
    insert into jobs (queue, attempts, due_at, error)
    values ('mail', 7, now() + interval '2 hours', 'away'), ('mail', 3, now() + interval '1 minute', 'away'),
           ('mail', 0, now() + interval '2 hours', null), ('chores', 2, now() + interval '2 hours', 'away')
    returning id`
  const pause = async () => { throw new Error('it waits') }

  t.equal(await repair.retryAll('mail', { report: () => {}, pause }), 1)
  t.same(await sql`select id, attempts, due_at <= now() as is_due from jobs order by id`, [
    { id: rows[0]?.id, attempts: 0, isDue: true }, { id: rows[1]?.id, attempts: 3, isDue: false },
    { id: rows[2]?.id, attempts: 0, isDue: false }, { id: rows[3]?.id, attempts: 2, isDue: false }
  ])
})

t.test('nothing more is begun while those that were begun fail again', async t => {
  const { sql, repair, addFailed } = await open(t)
  await addFailed(150)
  const pause = async () => { await sql`update jobs set attempts = 3, error = 'away', due_at = now() + interval '3 minutes' where failed_at is null` }

  await t.rejects(repair.retryAll('mail', { report: () => {}, pause }), /None of them has been sent for ten minutes/)
  t.equal((await sql`select from jobs where failed_at is not null`).length, 50)
})

async function open (t: Test) {
  const { database, directUrl } = await openDatabase(t)
  const sql = connect(t, directUrl)
  const repair = createQueueRepair(createQueueStore(database), createJobStore(database))
  return { sql, repair, addFailed, due }

  /** Adds jobs that failed a day ago; returns their ids. */
  async function addFailed (count: number) {
    const rows = await sql<{ id: number }[]>`
      insert into jobs (queue, attempts, failed_at, error)
      select 'mail', 11, now() - interval '1 day', 'away'
      from generate_series(1, ${count}::int)
      returning id`
    return rows.map(({ id }) => id)
  }

  /** The ids of the jobs that a node would take. */
  async function due () {
    const rows = await sql<{ id: number }[]>`select id from jobs where failed_at is null and due_at <= now() order by id`
    return rows.map(({ id }) => id)
  }
}
