import t from 'tap'
import { createSharedRead } from '../../../lib/changes/shared-read.ts'

t.test('all calls within the time share one read, and a later call starts another', async t => {
  const { shared, state } = open()
  t.same(await Promise.all(Array.from({ length: 100 }, () => shared.read())), Array(100).fill(1))
  state.time += 999
  t.equal(await shared.read(), 1)
  state.time += 1
  t.equal(await shared.read(), 2)
})

t.test('an error is shared too, and is not kept', async t => {
  const { shared, state } = open()
  state.isAway = true
  await t.rejects(shared.read(), /away/)
  state.isAway = false
  await t.rejects(shared.read(), /away/)
  t.equal(state.reads, 1)
  state.time += 1000
  t.equal(await shared.read(), 2)
})

t.test('a node that knows of a newer state reads at once', async t => {
  const { shared } = open()
  await shared.read()
  shared.forget()
  t.equal(await shared.read(), 2)
  t.equal(await shared.read(), 2)
})

function open () {
  const state = { time: 0, reads: 0, isAway: false }
  const shared = createSharedRead(async () => {
    state.reads++
    if (state.isAway) throw new Error('away')
    return state.reads
  }, { clock: { monotonic: () => state.time }, everyMs: 1000 })
  return { shared, state }
}
