import t from 'tap'
import type { Change } from '../../../lib/changes/change.ts'
import type { NewChange } from '../../../lib/changes/change-store.ts'
import { createUnitsOfWork } from '../../../lib/changes/unit-of-work.ts'
import type { Database, Transaction } from '../../../lib/stores/database.ts'

const change: NewChange = { kind: 'roles_changed' }
const row: Change = { kind: 'roles_changed', subjectId: null, exceptId: null, number: null, reason: null }
const evicted: Change = { ...row, kind: 'session_ended', subjectId: 'a session', reason: 'evicted' }

t.test('the changes that were written are published in their order, after the commit and before the answer', async t => {
  const { commit, events } = units()
  const answer = await commit(async ({ change: write, note }) => {
    await write(change)
    note([evicted])
    await write({ ...change, number: 2 })
    return 'done'
  })
  events.push('answered')

  t.equal(answer, 'done')
  t.strictSame(events, ['begin', row, { ...row, number: 2 }, 'commit', { published: [row, evicted, { ...row, number: 2 }] }, 'answered'])
})

t.test('a transaction that is rolled back publishes nothing', async t => {
  const { commit, events } = units()
  await t.rejects(commit(async ({ change: write }) => {
    await write(change)
    throw new Error('no')
  }), { message: 'no' })

  t.strictSame(events, ['begin', row, 'rollback'])
})

t.test('a commit without an answer publishes nothing', async t => {
  const { commit, events } = units({ commits: false })
  await t.rejects(commit(async ({ change: write }) => { await write(change) }), { message: 'connection lost' })

  t.strictSame(events, ['begin', row])
})

t.test('work that answers null is undone without an error, other work is not', async t => {
  const { commitUnlessNull, events } = units()
  t.equal(await commitUnlessNull(async ({ change: write }) => {
    await write(change)
    return null
  }), null)
  t.strictSame(events.splice(0), ['begin', row, 'rollback'])

  for (const answer of [undefined, false, 0, '']) t.equal(await commitUnlessNull(async () => answer), answer)
  t.notOk(events.includes('rollback'))

  await t.rejects(commitUnlessNull(async () => { throw new Error('no') }), { message: 'no' })
})

t.test('a statement that commits by itself needs no transaction', async t => {
  const { commitStatement, events } = units()
  t.equal(await commitStatement(async ({ note }) => {
    note([evicted])
    return 1
  }), 1)
  t.strictSame(events, [{ published: [evicted] }])

  await t.rejects(commitStatement(async () => { throw new Error('no') }), { message: 'no' })
  t.equal(events.length, 1)
})

t.test('work upon a user whose request may not be theirs waits for its connection in the flow of that user', async t => {
  const { commit, commitUnlessNull, commitStatement, events } = units()
  await commit(async () => {}, 'ada')
  t.strictSame(events.splice(0), [{ flow: 'ada' }, 'begin', 'commit', { published: [] }])
  await commitUnlessNull(async () => 1, 'ada')
  t.strictSame(events.splice(0)[0], { flow: 'ada' })
  await commitStatement(async () => {}, 'ada')
  t.strictSame(events.splice(0), [{ flow: 'ada' }, { published: [] }])
  await commit(async () => {})
  t.strictSame(events, ['begin', 'commit', { published: [] }], 'other work stays in its own')
})

/** Units of work over a database that only records what it is told to do. */
function units ({ commits = true } = {}) {
  const events: unknown[] = []
  const database = { begin } as unknown as Database
  const changes = { append }
  return {
    events,
    ...createUnitsOfWork({
      database,
      changes,
      publish: published => { events.push({ published }) },
      flows: {
        runForUser: (user, work) => {
          events.push({ flow: user })
          return work()
        }
      }
    })
  }

  async function begin<T> (work: (tx: Transaction) => Promise<T>): Promise<T> {
    events.push('begin')
    const result = await work(database).catch(error => {
      events.push('rollback')
      throw error
    })
    if (!commits) throw new Error('connection lost')
    events.push('commit')
    return result
  }

  async function append (
    _tx: Transaction,
    { kind, subjectId = null, exceptId = null, number = null, reason = null }: NewChange
  ): Promise<Change> {
    const written = { kind, subjectId, exceptId, number, reason }
    events.push(written)
    return written
  }
}
