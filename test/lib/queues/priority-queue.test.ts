import t from 'tap'
import { createPriorityQueue } from '../../../lib/queues/priority-queue.ts'
import type { Priority, Turn } from '../../../lib/queues/priority-queue.ts'

t.test('three known callers go before each stranger', async t => {
  const queue = createPriorityQueue<string>(100)
  for (let n = 1; n <= 7; n++) queue.add(turn('known', 'ada'), `k${n}`)
  for (let n = 1; n <= 3; n++) queue.add(turn('stranger', '203.0.113.7'), `s${n}`)
  t.same(drain(queue), ['k1', 'k2', 'k3', 's1', 'k4', 'k5', 'k6', 's2', 'k7', 's3'])
})

t.test('a known caller waits for one stranger at most, however many networks those come from', async t => {
  const queue = createPriorityQueue<string>(1000)
  for (let n = 0; n < 400; n++) queue.add(turn('stranger', `2001:db8:${n}::/64`), `s${n}`)
  queue.next()
  queue.add(turn('known', 'ada'), 'ada')
  queue.add({ priority: 'known', flow: null }, 'own')
  t.same([queue.next(), queue.next()], ['ada', 'own'])
})

t.test('who is not ready keeps their turn, and the other priority goes on meanwhile', async t => {
  const queue = createPriorityQueue<string>(100)
  queue.add(turn('known', 'ada'), 'k1')
  queue.add(turn('stranger', '203.0.113.7'), 's1')
  t.equal(queue.next(({ flow }) => flow !== 'ada'), 's1')
  t.equal(queue.next(({ flow }) => flow !== 'ada'), undefined)
  t.equal(queue.next(), 'k1')
  t.same([queue.size, queue.flows], [0, 0])
})

t.test('strangers take half of the places at most, known callers three quarters, and all of them together no more', async t => {
  const queue = createPriorityQueue<number>(8)
  t.equal(fill(queue, 'stranger'), 4)
  t.notOk(queue.isFull('known'))
  t.equal(fill(queue, 'known'), 4)
  t.same(queue.sizes, { known: 4, stranger: 4 })

  const other = createPriorityQueue<number>(8)
  t.equal(fill(other, 'known'), 6)
  t.equal(fill(other, 'stranger'), 2)
})

t.test('room is made within a priority only', async t => {
  const queue = createPriorityQueue<string>(8)
  for (let n = 1; n <= 3; n++) queue.add(turn('stranger', '203.0.113.7'), `s${n}`)
  t.equal(queue.displaceable(turn('stranger', '203.0.113.8')), 's3')
  t.equal(queue.displaceable(turn('known', 'ada')), undefined)
})

function turn (priority: Priority, flow: string): Turn {
  return { priority, flow }
}

/** Adds work of a flow of its own each until there is no room. Returns how much found room. */
function fill (queue: ReturnType<typeof createPriorityQueue<number>>, priority: Priority) {
  let added = 0
  for (; !queue.isFull(priority); added++) queue.add(turn(priority, `flow ${added}`), added)
  return added
}

function drain (queue: ReturnType<typeof createPriorityQueue<string>>) {
  return Array.from({ length: queue.size }, () => queue.next())
}
