import t from 'tap'
import { createGate } from '../../../lib/stores/gate.ts'
import type { Slot } from '../../../lib/stores/gate.ts'

t.test('the configured number runs at once, the others follow in the order they came', async t => {
  const gate = createGate({ concurrency: 2, queueMax: 10, deadline: 10_000 })
  const calls = Array.from({ length: 5 }, () => call())
  const results = calls.map(async ({ work }, place) => { await gate.pass(work); return place })

  t.same([gate.running, gate.waiting], [2, 3])
  t.same(calls.map(({ isBegun }) => isBegun()), [true, true, false, false, false])
  calls[1]?.finish()
  await results[1]
  t.same(calls.map(({ isBegun }) => isBegun()), [true, true, true, false, false])
  for (const { finish } of calls) finish()
  t.same(await Promise.all(results), [0, 1, 2, 3, 4])
  t.same([gate.running, gate.waiting], [0, 0])
})

t.test('a call beyond the queue is refused at once and never begun', async t => {
  const gate = createGate({ concurrency: 1, queueMax: 1, deadline: 10_000 })
  const [running, waiting, refused] = [call(), call(), call()]
  const passed = [gate.pass(running.work), gate.pass(waiting.work)]
  await t.rejects(gate.pass(refused.work), { code: 'unavailable', details: { retryAfter: 1 } })
  t.notOk(refused.isBegun())
  running.finish()
  await passed[0]
  waiting.finish()
  await passed[1]
})

t.test('after the deadline a waiting call is refused and never begun, and a running one is told to stop', async t => {
  const gate = createGate({ concurrency: 1, queueMax: 10, deadline: 30 })
  const [running, waiting] = [call(), call()]
  const answers = await Promise.allSettled([gate.pass(running.work), gate.pass(waiting.work)])
  for (const answer of answers) t.match(answer, { status: 'rejected', reason: { code: 'unavailable' } })
  t.ok(running.isAborted())
  t.notOk(waiting.isBegun())

  t.equal(gate.running, 1, 'its place is taken until it has really ended')
  const later = call()
  const passed = gate.pass(later.work)
  t.notOk(later.isBegun())
  running.finish()
  await later.begun
  later.finish()
  t.equal(await passed, 'done')
  t.notOk(waiting.isBegun())
})

t.test('an error is passed on and frees the place; an error that comes late does no harm', async t => {
  const gate = createGate({ concurrency: 1, queueMax: 10, deadline: 30 })
  await t.rejects(gate.pass(async () => { throw new Error('a bug') }), /a bug/)
  const late = call()
  await t.rejects(gate.pass(late.work), { code: 'unavailable' })
  late.fail(new Error('too late'))
  t.equal(await gate.pass(async () => 'next'), 'next')
})

t.test('a running call is told when its caller has been answered', async t => {
  let told = 0
  const gate = createGate({ concurrency: 1, queueMax: 10, deadline: 10 })
  const hung = call()
  await t.rejects(gate.pass(async slot => {
    slot.onOver = () => { told++; hung.finish() }
    return await hung.work(slot)
  }), { code: 'unavailable' })
  await hung.ended
  await new Promise(resolve => setImmediate(resolve))
  t.equal(told, 1)
  t.same([gate.running, gate.waiting], [0, 0])
})

function call () {
  const [begun, end] = [deferred<Slot>(), deferred<string>()]
  let signal: Slot | undefined
  end.promise.catch(() => {})

  return {
    work: async (given: Slot) => {
      signal = given
      begun.resolve(given)
      return await end.promise
    },
    begun: begun.promise,
    ended: end.promise,
    isBegun: () => signal !== undefined,
    isAborted: () => signal?.isOver === true,
    finish: () => end.resolve('done'),
    fail: (error: Error) => end.reject(error)
  }
}

function deferred<T> () {
  const parts: { resolve: (value: T) => void, reject: (error: Error) => void } = { resolve: () => {}, reject: () => {} }
  const promise = new Promise<T>((resolve, reject) => { Object.assign(parts, { resolve, reject }) })
  return { promise, resolve: (value: T) => parts.resolve(value), reject: (error: Error) => parts.reject(error) }
}
