import t from 'tap'
import { createAnnouncementStore } from '../../../lib/announcements/announcement-store.ts'
import type { Database, Transaction } from '../../../lib/stores/database.ts'
import { openDatabase } from '../../support/database.ts'

const lowestId = '00000000-0000-0000-0000-000000000000'

t.test('those who get a letter next are looked for among a thousand users, however few get it', async t => {
  const { database } = await openDatabase(t)
  await database`
    insert into users (id, email, email_canonical, full_name, role, created_at, updated_at)
    select gen_random_uuid(), n || '@example.com', n || '@example.com', 'Ada', 'user', now(), now()
    from generate_series(1, 2300) as n`

  await database.begin(async tx => {
    // As Postgres plans it for a table that has many more rows, after the first batches.
    await tx.unsafe('set local plan_cache_mode = force_generic_plan')
    await tx.unsafe('set local enable_seqscan = off; set local enable_bitmapscan = off')
    const store = createAnnouncementStore(tx as Database)
    const createdAt = new Date(Date.now() + 60_000)
    const before = await readBy(tx)
    const { ids, last } = await store.next({ role: 'admin' }, { afterId: lowestId, createdAt }, 100)
    t.equal(await readBy(tx) - before, 1000)

    const [thousandth] = await tx<{ id: string }>`select id from users order by id offset 999 limit 1`
    t.strictSame({ ids, last }, { ids: [], last: thousandth?.id }, 'the next part begins behind them')
    const first = await store.next({ role: null }, { afterId: lowestId, createdAt }, 100)
    t.strictSame([first.ids.length, first.last], [100, first.ids.at(-1)])
  })
})

/** How many rows of users this connection has read. */
async function readBy (tx: Transaction): Promise<number> {
  const [row] = await tx<{ read: number }>`
    select (seq_tup_read + coalesce(idx_tup_fetch, 0))::int as read
    from pg_stat_xact_user_tables
    where relname = 'users'`
  return row?.read ?? 0
}
