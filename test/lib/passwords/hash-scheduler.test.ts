import t from 'tap'
import { createClock } from '../../../lib/clock.ts'
import { createHashScheduler } from '../../../lib/passwords/hash-scheduler.ts'
import type { HashTurn, Priority } from '../../../lib/passwords/hash-scheduler.ts'

const known: HashTurn = { priority: 'known', flow: 'ada' }
const stranger: HashTurn = { priority: 'stranger', flow: '203.0.113.7' }

t.test('the configured number runs at once, the others wait for their turn', async t => {
  const { run, scheduler, finish, begun } = start({ concurrency: 2 })
  const all = ['a', 'b', 'c', 'd'].map(name => run('known', name))

  t.same(begun, ['a', 'b'])
  t.match(scheduler.stats(), { running: 2, queued: { known: 2, stranger: 0 } })

  finish('a')
  await all[0]
  t.same(begun, ['a', 'b', 'c'])
  for (const name of ['b', 'c', 'd']) { finish(name); await all['abcd'.indexOf(name)] }

  t.same(await Promise.all(all), ['a', 'b', 'c', 'd'])
  t.match(scheduler.stats(), { running: 0, done: 4, refused: 0, queued: { known: 0, stranger: 0 } })
})

t.test('known callers go before strangers who came first', async t => {
  const { run, finish, begun } = start({ concurrency: 1 })
  const all = [run('stranger', 'first'), run('stranger', 'second'), run('stranger', 'third'), run('known', 'owner')]

  finish('first')
  await all[0]
  t.same(begun, ['first', 'owner'])

  finish('owner')
  await all[3]
  t.same(begun, ['first', 'owner', 'second'], 'then in the order they came')
  finish('second')
  await all[1]
  finish('third')
  await all[2]
})

t.test('strangers hold at most half the queue, known callers all that is left', async t => {
  const { run, release, scheduler } = start({ concurrency: 1, queueMax: 4 })
  const accepted = [run('stranger', 'running'), run('stranger', 'a'), run('stranger', 'b')]

  await t.rejects(run('stranger', 'c'), { code: 'overloaded', status: 503, details: { retryAfter: 1 } })
  accepted.push(run('known', 'd'), run('known', 'e'))
  await t.rejects(run('known', 'f'), { code: 'overloaded' })
  t.match(scheduler.stats(), { refused: 2, queued: { known: 2, stranger: 2 } })

  release()
  t.equal((await Promise.all(accepted)).length, 5, 'who was let in is served')
})

t.test('an account with many callers leaves others their turns', async t => {
  const { run, finish, begun } = start({ concurrency: 1 })
  const all = Array.from({ length: 30 }, (_, n) => run('known', `a${n}`, 'a'))
  all.push(run('known', 'b0', 'b'), run('known', 'c0', 'c'), run('known', 'b1', 'b'))

  for (const name of ['a0', 'a1', 'b0', 'c0', 'a2', 'b1']) {
    t.equal(begun.at(-1), name)
    finish(name)
    await all[['b0', 'c0', 'b1'].includes(name) ? 30 + ['b0', 'c0', 'b1'].indexOf(name) : Number(name.slice(1))]
  }
  for (let n = 3; n < 30; n++) { finish(`a${n}`); await all[n] }
})

t.test('in a full queue the account with most callers makes room for another one', async t => {
  const { run, release, scheduler, begun } = start({ concurrency: 1, queueMax: 8 })
  const waiting = Array.from({ length: 7 }, (_, n) => run('known', `a${n}`, 'a'))
  const outcomes = Promise.allSettled(waiting)
  t.throws(() => scheduler.assertRoom({ priority: 'known', flow: 'a' }), { code: 'overloaded' })

  scheduler.assertRoom({ priority: 'known', flow: 'b' })
  const [first, second, third] = [run('known', 'b0', 'b'), run('known', 'b1', 'b'), run('known', 'b2', 'b')]
  await t.rejects(run('known', 'b3', 'b'), { code: 'overloaded' }, 'three places each')
  t.match(scheduler.stats(), { queued: { known: 6 } })

  release()
  t.same(await Promise.all([first, second, third]), ['b0', 'b1', 'b2'])
  t.same((await outcomes).map(({ status }) => status === 'fulfilled'), [true, true, true, true, false, false, false])
  t.equal(begun.length, 7, 'the work of the callers that made room was never begun')
})

t.test('a caller who waits past the deadline is refused, and their work is never begun', async t => {
  const { run, release, begun, scheduler } = start({ concurrency: 1, deadlineMs: 5 })
  const first = run('known', 'first')

  await t.rejects(run('known', 'late'), { code: 'overloaded' })
  t.match(scheduler.stats(), { queued: { known: 0 }, refused: 1 })

  release()
  await first
  t.same(begun, ['first'])
  t.equal(await run('known', 'next'), 'next', 'and its place is free')
})

t.test('work that fails frees its place and passes its error to the caller', async t => {
  const scheduler = createHashScheduler({ concurrency: 1, queueMax: 4, deadlineMs: 1000, clock: createClock() })

  await t.rejects(scheduler.run(known, async () => { throw new Error('no memory') }), { message: 'no memory' })
  await t.rejects(scheduler.run(known, () => { throw new Error('at once') }), { message: 'at once' })
  t.equal(await scheduler.run(stranger, async () => 'fine'), 'fine')
  t.equal(scheduler.stats().running, 0)
})

t.test('under any load no more run at once than allowed', async t => {
  const scheduler = createHashScheduler({ concurrency: 3, queueMax: 64, deadlineMs: 1000, clock: createClock() })
  let running = 0
  let maxRunning = 0

  async function work () {
    maxRunning = Math.max(maxRunning, ++running)
    await new Promise(resolve => setImmediate(resolve))
    running--
  }
  const outcomes = await Promise.allSettled(Array.from({ length: 500 }, (_, index) => {
    return scheduler.run(index % 3 === 0 ? known : stranger, work)
  }))

  t.equal(maxRunning, 3)
  t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 67, '3 at once and 64 in the queue')
  t.match(scheduler.stats(), { running: 0, done: 67, refused: 433, queued: { known: 0, stranger: 0 } })
})

function start ({ concurrency = 1, queueMax = 64, deadlineMs = 10_000 }) {
  const scheduler = createHashScheduler({ concurrency, queueMax, deadlineMs, clock: createClock() })
  const begun: string[] = []
  const held = new Map<string, () => void>()
  let isOpen = false

  return { run, finish, release, begun, scheduler }

  function run (priority: Priority, name: string, flow = 'one') {
    return scheduler.run({ priority, flow }, () => new Promise<string>(resolve => {
      begun.push(name)
      if (isOpen) resolve(name)
      else held.set(name, () => resolve(name))
    }))
  }

  function finish (name: string) {
    held.get(name)?.()
    held.delete(name)
  }

  function release () {
    isOpen = true
    for (const name of held.keys()) finish(name)
  }
}
