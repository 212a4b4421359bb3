import t from 'tap'
import type { Test } from 'tap'
import { createConfirmations } from '../../../lib/tokens/confirmations.ts'
import type { Confirmation } from '../../../lib/tokens/confirmations.ts'

const iat = 1_700_000_000

t.test('a generation is told once, however often its tokens are seen', async t => {
  const { confirmations, told, confirm } = open()
  for (let n = 0; n < 5; n++) confirmations.note({ sid: 'a', gen: 3, iat })
  await confirmations.flush(confirm)
  confirmations.note({ sid: 'a', gen: 3, iat })
  t.equal(confirmations.size, 0)
  confirmations.note({ sid: 'a', gen: 4, iat })
  await confirmations.flush(confirm)
  t.same(told, [['a', 3], ['a', 4]])
})

t.test('each generation is told: that of a thief does not hide behind the owner’s', async t => {
  const { confirmations, told, confirm } = open()
  for (const gen of [3, 5, 4]) confirmations.note({ sid: 'a', gen, iat })
  await confirmations.flush(confirm)
  t.same(told, [['a', 3], ['a', 5], ['a', 4]])
})

t.test('a token without a generation confirms nothing', async t => {
  const { confirmations } = open()
  confirmations.note({ sid: 'a', iat })
  t.equal(confirmations.size, 0)
})

t.test('what fails waits, and what is noted meanwhile is not lost', async t => {
  const { confirmations, told, confirm } = open()
  confirmations.note({ sid: 'a', gen: 1, iat })
  await t.rejects(confirmations.flush(async () => { throw new Error('away') }), /away/)
  t.equal(confirmations.size, 1)

  await confirmations.flush(async seen => {
    if (seen.generation === 1) confirmations.note({ sid: 'a', gen: 2, iat })
    await confirm(seen)
  })
  await confirmations.flush(confirm)
  t.same(told, [['a', 1], ['a', 2]])
  t.equal(confirmations.size, 0)
})

t.test('what fails does not keep the rest from being told', async t => {
  const { confirmations, told, confirm } = open()
  for (let n = 0; n < 100; n++) confirmations.note({ sid: String(n), gen: 1, iat })
  await t.rejects(confirmations.flush(async seen => {
    if (seen.sessionId === '0') throw new Error('away')
    await confirm(seen)
  }), /away/)
  t.equal(told.length, 99)
  t.equal(confirmations.size, 1)
})

t.test('the queue is bounded, and what does not fit is dropped and counted', async t => {
  const { confirmations, counted, told, confirm } = open()
  for (let n = 0; n < 10_003; n++) confirmations.note({ sid: String(n), gen: 1, iat })
  t.equal(confirmations.size, 10_000)
  t.equal(counted.dropped, 3)

  await confirmations.flush(confirm)
  confirmations.note({ sid: '10001', gen: 1, iat })
  t.equal(confirmations.size, 1, 'it is noted when it is seen again')
  t.equal(told.length, 10_000)
  t.equal(counted.told, 10_000)
})

t.test('few calls are made at once, and two flushes are one', async t => {
  const { confirmations } = open()
  for (let n = 0; n < 100; n++) confirmations.note({ sid: String(n), gen: 1, iat })
  let [running, runningMax, calls] = [0, 0, 0]
  const confirm = async () => {
    calls++
    runningMax = Math.max(runningMax, ++running)
    await new Promise(resolve => setImmediate(resolve))
    running--
  }
  await Promise.all([confirmations.flush(confirm), confirmations.flush(confirm)])
  t.equal(calls, 100)
  t.ok(runningMax <= 16, `${runningMax} at once`)
})

t.test('a flush ends although Redis is slow, and leaves the rest to the next', async t => {
  const { confirmations } = open()
  moveTime(t)
  for (let n = 0; n < 100; n++) confirmations.note({ sid: String(n), gen: 1, iat })
  await confirmations.flush(async () => { elapsed += 100 })
  t.ok(confirmations.size > 0 && confirmations.size < 100, `${confirmations.size} are left`)
})

let elapsed = 0

// Each call takes a tenth of a second of this clock.
function moveTime (t: Pick<Test, 'teardown'>) {
  const { now } = performance
  performance.now = () => elapsed
  t.teardown(() => { performance.now = now })
}

function open () {
  const told: [string, number][] = []
  const counted = { told: 0, dropped: 0 }
  const metrics = {
    increment (_name: string, labels: Record<string, string>) {
      counted[labels['outcome'] as keyof typeof counted]++
    }
  }
  const confirm = async ({ sessionId, generation, issuedAt }: Confirmation) => {
    if (issuedAt !== iat * 1000) throw new Error('in milliseconds')
    told.push([sessionId, generation])
  }
  return { confirmations: createConfirmations(metrics), told, counted, confirm }
}
