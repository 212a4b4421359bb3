import { randomUUID } from 'node:crypto'
import t from 'tap'
import { createChangeStore } from '../../../lib/changes/change-store.ts'
import type { Database } from '../../../lib/stores/database.ts'
import { render } from '../../../lib/stores/statement.ts'
import { connect, makeDatabase, openStore } from '../../support/database.ts'

const minute = 60_000

type Statement = ReturnType<typeof render>

interface ExecutedNode {
  'Relation Name'?: string
  'Actual Rows': number
  'Rows Removed by Filter'?: number
  Plans?: ExecutedNode[]
}

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

t.test('of a subject the change with the highest number counts, also when a clock was put back in between', async t => {
  const { url, sql } = await open(t)
  const ada = randomUUID()
  await sql`
    insert into changes (seq, kind, subject_id, number, at)
    overriding system value
    values (2000001, 'user_changed', ${ada}, 8, now() - interval '2 minutes'),
           (2000000, 'user_changed', ${ada}, 7, now() - interval '1 minute')`
  for (const pageRows of [1, 500]) {
    const { changes } = await createChangeStore(openStore(t, url), { pageRows }).recent(80 * minute)
    t.match(changes, [{ subjectId: ada, number: 8 }], `with ${pageRows} rows a page`)
    t.equal(changes.length, 1)
  }
})

t.test('a session ended by the first raise above its epochs, unless that has spared it', async t => {
  const { url, sql } = await open(t)
  const store = createChangeStore(openStore(t, url))
  const [userId, spared, sessionId] = [randomUUID(), randomUUID(), randomUUID()]
  await sql`
    insert into changes (kind, subject_id, except_id, number, reason)
    values ('user_epoch', ${userId}, null, 3, 'password_reset'),
           ('user_epoch', ${userId}, ${spared}, 4, 'password_changed'),
           ('user_epoch', ${randomUUID()}, null, 9, 'account_disabled'),
           ('everyone', null, null, 8, 'everyone_signed_out'),
           ('user_epoch', ${userId}, null, 5, 'signed_out')`
  const reasonOf = (session: string, userEpoch: number, globalEpoch: number) =>
    store.firstRaise({ sessionId: session, userId, userEpoch, globalEpoch })

  t.equal(await reasonOf(sessionId, 2, 7), 'password_reset')
  t.equal(await reasonOf(sessionId, 3, 7), 'password_changed', 'not by the raise under which it began')
  t.equal(await reasonOf(spared, 3, 8), 'signed_out', 'not by the one that has spared it')
  t.equal(await reasonOf(sessionId, 4, 7), 'everyone_signed_out')
  t.equal(await reasonOf(sessionId, 5, 8), null)
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

t.test('a long tail is read in pages: each change once, in the order of their numbers, as of the first page', async t => {
  const { url, sql } = await open(t)
  const { next: from } = await createChangeStore(openStore(t, url)).recent(80 * minute)
  const write = (number: number) => sql`insert into changes (kind, number) values ('roles_changed', ${number})`
  for (let number = 1; number <= 6; number++) await write(number)
  // What is written before the second page belongs to the next read.
  let statements = 0
  const writing = before(openStore(t, url), async () => { if (++statements === 2) await write(7) })
  const store = createChangeStore(writing, { pageRows: 2 })

  const tail = await store.since(from)
  t.strictSame(tail?.changes.map(({ number }) => number), [1, 2, 3, 4, 5, 6])
  t.equal(statements, 4, 'the last page is empty')
  const later = await store.since(tail?.next ?? from)
  t.strictSame(later?.changes.map(({ number }) => number), [7])
})

t.test('a change of a transaction that was open for long comes first, and no page leaves one out', async t => {
  const { url, sql } = await open(t)
  const store = createChangeStore(openStore(t, url), { pageRows: 2 })
  const write = (tx: typeof sql, number: number) => tx`insert into changes (kind, number) values ('roles_changed', ${number})`
  const { next: start } = await store.recent(80 * minute)
  let middle = start
  await sql.begin(async tx => {
    await write(tx as unknown as typeof sql, 1)
    for (const number of [2, 3]) await write(sql, number)
    const tail = await store.since(start)
    t.strictSame(tail?.changes.map(({ number }) => number), [2, 3])
    middle = tail?.next ?? start
    for (const number of [4, 5, 6]) await write(sql, number)
  })
  t.strictSame((await store.since(middle))?.changes.map(({ number }) => number), [1, 4, 5, 6])
})

t.test('a page of a long tail reads its own rows alone, also where Postgres expects that there are few', async t => {
  const { url, sql } = await open(t)
  const write = () => sql`insert into changes (kind, number) select 'roles_changed', n from generate_series(1, 5000) n`
  await write()
  const { next: from } = await createChangeStore(openStore(t, url)).recent(80 * minute)
  await write()
  const sent: Statement[] = []
  const recording = through(openStore(t, url), async (send, statement) => {
    sent.push(statement)
    return await send()
  })
  await createChangeStore(recording, { pageRows: 50 }).since(from)

  t.equal(sent.length, 101)
  for (const { text, values } of [sent[1], sent[50]] as [Statement, Statement]) {
    const [plan] = await sql.unsafe(`explain (analyze, format json) ${text}`, values as string[])
    t.equal(rowsRead(plan?.['QUERY PLAN'][0].Plan), 50)
  }
})

t.test('a tail whose pages come from two servers is not believed', async t => {
  const { url, sql } = await open(t)
  const { next: from } = await createChangeStore(openStore(t, url)).recent(80 * minute)
  for (let number = 1; number <= 3; number++) {
    await sql`insert into changes (kind, number) values ('roles_changed', ${number})`
  }
  let statements = 0
  const answers = (rows: object[]) => ++statements === 1 ? rows : rows.map(row => ({ ...row, server: 'another' }))
  t.equal(await createChangeStore(answering(openStore(t, url), answers), { pageRows: 2 }).since(from), null)
  t.equal(statements, 2)
})

/** A database that does something before each statement. */
function before (database: Database, work: () => Promise<void>): Database {
  return through(database, async send => {
    await work()
    return await send()
  })
}

/** A database whose rows are changed on their way. */
function answering (database: Database, answers: (rows: object[]) => object[]): Database {
  return through(database, async send => answers(await send()))
}

function through (
  database: Database, pass: (send: () => Promise<object[]>, statement: Statement) => Promise<object[]>
): Database {
  async function query (strings: TemplateStringsArray, ...values: unknown[]) {
    return await pass(() => database(strings, ...values), render(strings, values))
  }

  return Object.assign(query as Database, { ...database })
}

/** How many rows of changes an executed plan has read, those that it has left out included. */
function rowsRead (node: ExecutedNode): number {
  const { 'Relation Name': table, 'Actual Rows': found, 'Rows Removed by Filter': left = 0, Plans: plans = [] } = node
  return plans.map(rowsRead).reduce((sum, rows) => sum + rows, table === 'changes' ? found + left : 0)
}

/** A database of this test's own, without any change in it. */
async function open (t: Parameters<typeof makeDatabase>[0]) {
  const { url } = await makeDatabase(t)
  const sql = connect(t, url)
  await sql`delete from changes`
  return { url, sql }
}
