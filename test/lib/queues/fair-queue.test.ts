import t from 'tap'
import { createFairQueue } from '../../../lib/queues/fair-queue.ts'

t.test('flows are served in turn, each in the order in which its work came', async t => {
  const queue = filled('aaa', 'b', 'cc')
  t.same(drain(queue), ['a1', 'b1', 'c1', 'a2', 'c2', 'a3'])
})

t.test('a newcomer waits for one piece of work of each flow, however much they have', async t => {
  const queue = filled('a'.repeat(400), 'bb')
  t.equal(queue.next(), 'a1')
  queue.add('n', 'newcomer')
  t.same([queue.next(), queue.next(), queue.next()], ['b1', 'a2', 'newcomer'])
})

t.test('a flow that is not ready keeps its turn', async t => {
  const queue = filled('aa', 'bb')
  t.equal(queue.next(flow => flow !== 'a'), 'b1')
  t.equal(queue.next(flow => flow === 'c'), undefined)
  t.same(drain(queue), ['a1', 'b2', 'a2'])
})

t.test('a flow with nothing waiting is forgotten', async t => {
  const queue = createFairQueue<number>()
  for (let n = 0; n < 10_000; n++) queue.add(`flow ${n}`, n)
  for (let n = 0; n < 5000; n++) queue.remove(`flow ${n}`, n)
  t.same([queue.size, queue.flows], [5000, 5000])
  while (queue.next() !== undefined);
  t.same([queue.size, queue.flows], [0, 0])

  queue.remove('nobody', 1)
  queue.add('a', 1)
  queue.remove('a', 2)
  t.same([queue.size, queue.flows], [1, 1], 'what is not there is not removed')
})

t.test('the newest work of the longest flow makes room, if that makes the shares more equal', async t => {
  const queue = filled('aaa', 'bb')
  t.equal(queue.displaceable('n'), 'a3')
  t.equal(queue.displaceable('b'), undefined, 'three and two would become two and three')
  t.equal(queue.displaceable('a'), undefined, 'nobody makes room for themselves')
  t.equal(filled('a', 'b').displaceable('n'), undefined, 'one piece each is a fair share')
  t.equal(queue.size, 5, 'asking removes nothing')
})

/** A queue with these flows: `aaa` is the flow a with the work a1, a2 and a3. */
function filled (...flows: string[]) {
  const queue = createFairQueue<string>()
  for (const flow of flows) {
    for (let number = 1; number <= flow.length; number++) queue.add(flow.charAt(0), `${flow.charAt(0)}${number}`)
  }
  return queue
}

function drain (queue: ReturnType<typeof filled>) {
  return Array.from({ length: queue.size }, () => queue.next())
}
