import { randomUUID } from 'node:crypto'
import t from 'tap'
import { createChangeStore } from '../../../lib/changes/change-store.ts'
import { connect, makeDatabase, openStore } from '../../support/database.ts'

const minute = 60_000

t.test('a flood of changes does not keep a node from starting, and hides nothing', async t => {
  const { url, sql } = await open(t)
  const [ada, bob, ended] = [randomUUID(), randomUUID(), randomUUID()]
  await sql`insert into changes (kind, subject_id, reason) values ('session_ended', ${ended}, 'signed_out')`
  await sql`
    insert into changes (kind, subject_id, number)
    select 'user_changed', case when n % 2 = 0 then ${ada}::uuid else ${bob}::uuid end, n
    from generate_series(1, 300000) n`
  await sql`insert into changes (kind, number, reason) values ('everyone', 7, 'everyone_signed_out')`
  const { changes } = await createChangeStore(openStore(t, url, { deadline: 1500 })).recent(80 * minute)

  t.strictSame(changes, [
    { kind: 'session_ended', subjectId: ended, exceptId: null, number: null, reason: 'signed_out' },
    { kind: 'user_changed', subjectId: bob, exceptId: null, number: 299_999, reason: null },
    { kind: 'user_changed', subjectId: ada, exceptId: null, number: 300_000, reason: null },
    { kind: 'everyone', subjectId: null, exceptId: null, number: 7, reason: 'everyone_signed_out' }
  ])
})

t.test('each kind and subject comes once, across pages and at one time', async t => {
  const { url, sql } = await open(t)
  const subjects = Array.from({ length: 12_000 }, () => randomUUID())
  await sql`
    insert into changes (kind, subject_id, reason, at)
    select 'session_ended', id, 'evicted', now() - interval '1 minute' from unnest(${subjects}::uuid[]) id`
  await sql`insert into changes (kind, number, at) values ('keys_changed', null, now()), ('roles_changed', null, now())`
  await sql`insert into changes (kind, number, at) values ('roles_changed', null, now() - interval '3 hours')`
  const { changes } = await createChangeStore(openStore(t, url)).recent(80 * minute)

  t.strictSame(changes.slice(0, 12_000).map(({ subjectId }) => subjectId).sort(), subjects.sort())
  t.match(changes.slice(12_000), [{ kind: 'keys_changed' }, { kind: 'roles_changed' }])
  t.equal(changes.length, 12_002)
})

t.test('what becomes visible while a start reads comes with the next read', async t => {
  const { url, sql } = await open(t)
  const store = createChangeStore(openStore(t, url))
  const late = randomUUID()
  let commit = () => {}
  const committed = new Promise<void>(resolve => { commit = resolve })
  const writing = new Promise<void>((resolve, reject) => {
    sql.begin(async tx => {
      await tx`insert into changes (kind, subject_id, reason) values ('session_ended', ${late}, 'evicted')`
      resolve()
      await committed
    }).catch(reject)
  })
  await writing
  const { changes, next } = await store.recent(80 * minute)
  commit()

  t.strictSame(changes, [])
  for (;;) {
    const tail = await store.since(next)
    if (tail?.changes.length) return t.match(tail.changes, [{ kind: 'session_ended', subjectId: late }])
  }
})

/** A database of this test's own, without any change in it. */
async function open (t: Parameters<typeof makeDatabase>[0]) {
  const { url } = await makeDatabase(t)
  const sql = connect(t, url)
  await sql`delete from changes`
  return { url, sql }
}
