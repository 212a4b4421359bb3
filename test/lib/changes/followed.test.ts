import t from 'tap'
import { createFollowed } from '../../../lib/changes/followed.ts'

interface Read { resolve (answer: string): void, reject (error: Error): void }

t.test('before the first read the value is undefined, or the one given at the start', async t => {
  const { followed, store } = open()
  t.equal(followed.held, null)
  t.throws(() => followed.current, { code: 'unavailable' })

  await store.answer(followed.read(), 'one')
  t.equal(followed.current, 'one')
  t.equal(createFollowed(async () => 'one', { name: 'the things', clock: { monotonic: () => 0 }, initial: 'none' }).current, 'none')
})

t.test('however often it is notified during a read, it reads once more and not oftener', async t => {
  const { followed, store } = open()
  followed.follow()
  for (let n = 0; n < 100; n++) followed.follow()
  t.equal(store.pending.length, 1)

  await store.settle('one')
  t.equal(followed.current, 'one')
  t.equal(store.pending.length, 1, 'the answer may be older than the last change')
  await store.settle('two')
  t.equal(followed.current, 'two')
  t.equal(store.pending.length, 0)
  t.equal(store.reads, 2)
})

t.test('a read that fails is tried again, one at a time, and the first failure is reported', async t => {
  const { followed, store, warnings } = open({ retryAfterMs: 1 })
  await store.answer(followed.read(), 'one')
  followed.follow()
  for (let n = 0; n < 3; n++) {
    await store.settle(new Error('away'))
    for (let m = 0; m < 10; m++) followed.follow()
    await store.asked()
    t.equal(store.pending.length, 1)
  }
  t.equal(warnings.length, 1)
  while (store.pending.length > 0) await store.settle('two')
  t.equal(followed.current, 'two')
})

t.test('the first failure of each series is reported', async t => {
  const { followed, store, warnings } = open({ retryAfterMs: 1 })
  followed.follow()
  await store.settle(new Error('away'))
  await store.asked()
  followed.follow()
  await store.settle('one')
  await store.settle(new Error('away again'))
  await store.asked()
  await store.settle('two')
  t.match(warnings, [{ message: 'away' }, { message: 'away again' }])
  t.equal(warnings.length, 2)
})

t.test('a value that has changed and cannot be read is trusted for three seconds', async t => {
  const { followed, store, clock } = open({ retryAfterMs: 1 })
  await store.answer(followed.read(), 'one')
  followed.follow()
  await store.settle(new Error('away'))
  clock.time += 2999
  t.equal(followed.current, 'one')
  followed.follow()
  clock.time += 1
  t.throws(() => followed.current, { code: 'unavailable', status: 503 }, 'a second report does not buy time')
  t.equal(followed.held, 'one')

  await store.asked()
  while (store.pending.length > 0) await store.settle('two')
  t.equal(followed.current, 'two', 'it recovers by itself')
})

t.test('a read that hangs is distrusted like one that fails', async t => {
  const { followed, store, clock } = open()
  await store.answer(followed.read(), 'one')
  followed.follow()
  clock.time += 3000
  t.throws(() => followed.current, { code: 'unavailable' })
  await store.settle('two')
  t.equal(followed.current, 'two')
})

t.test('an unending flow of changes does not make a value distrusted that is read again all the while', async t => {
  const { followed, store, clock } = open()
  followed.follow()
  for (let n = 0; n < 10; n++) {
    clock.time += 900
    followed.follow()
    clock.time += 100
    await store.settle(`answer ${n}`)
    t.equal(followed.current, `answer ${n}`)
  }
})

t.test('a slow read that answers late does not replace a newer one', async t => {
  const { followed, store } = open()
  const [slow, quick] = [followed.read(), followed.read()]
  await store.settle('new', 1)
  t.equal(await quick, 'new')
  await store.settle('old')
  t.equal(await slow, 'new')
  t.equal(followed.current, 'new')
})

t.test('a read that began before the change does not count as a read of it', async t => {
  const { followed, store, clock } = open()
  const early = followed.read()
  const reload = followed.reload()
  await store.settle('old')
  t.equal(await early, 'old')
  clock.time += 3000
  t.throws(() => followed.current, { code: 'unavailable' })
  await store.answer(reload, 'new')
  t.equal(followed.current, 'new')
})

t.test('a reload that fails reports its error and is repeated', async t => {
  const { followed, store } = open()
  await store.answer(followed.read(), 'one')
  const reload = followed.reload()
  reload.catch(() => {})
  await store.settle(new Error('away'))
  await t.rejects(reload, /away/)
  await store.settle('two')
  t.equal(followed.current, 'two')
})

t.test('a read that fails without a change affects nothing', async t => {
  const { followed, store, clock } = open()
  await store.answer(followed.read(), 'one')
  const read = followed.read()
  read.catch(() => {})
  await store.settle(new Error('away'))
  await t.rejects(read, /away/)
  clock.time += 60_000
  t.equal(followed.current, 'one')
  t.equal(store.pending.length, 0)
})

t.test('after it is stopped it reads no more by itself', async t => {
  const { followed, store } = open({ retryAfterMs: 1 })
  followed.follow()
  followed.stop()
  await store.settle(new Error('away'))
  await new Promise(resolve => setTimeout(resolve, 10))
  t.equal(store.pending.length, 0)
  t.equal(store.reads, 1)
})

/** A followed value, whose store answers when the test says so, and a clock that stands still. */
function open ({ retryAfterMs = 200 } = {}) {
  const clock = { time: 1e6, monotonic: () => clock.time }
  const warnings: unknown[] = []
  const store = { pending: [] as Read[], reads: 0, settle, answer, asked }
  const followed = createFollowed(() => new Promise<string>((resolve, reject) => {
    store.reads++
    store.pending.push({ resolve, reject })
  }), { name: 'the things', clock, retryAfterMs, warn: error => warnings.push(error) })
  return { followed, store, clock, warnings }

  /** Answers the waiting read at this place, and lets the work that waits for it continue. */
  async function settle (answer: string | Error, place = 0) {
    const [read] = store.pending.splice(place, 1)
    if (answer instanceof Error) read?.reject(answer)
    else read?.resolve(answer)
    await new Promise(resolve => setImmediate(resolve))
  }

  async function answer (read: Promise<string>, text: string) {
    await settle(text)
    await read
  }

  /** Waits for a read: the one that follows a failure comes after a delay. */
  async function asked () {
    for (let n = 0; n < 1000 && store.pending.length === 0; n++) await new Promise(resolve => setTimeout(resolve, 1))
  }
}
