import { EventEmitter, once } from 'node:events'
import t from 'tap'
import { createChangeFeed } from '../../../lib/changes/change-feed.ts'
import type { Tail } from '../../../lib/changes/change-store.ts'
import type { Change } from '../../../lib/changes/change.ts'

t.test('a first read starts nothing over', async t => {
  const { feed, log, answer } = open()
  answer('recent', tail('first', [ended('a')]))
  await feed.read()
  t.same(log, ['a'])
})

t.test('a read of another server starts over, and loses nothing that this node has committed meanwhile', async t => {
  const { feed, log, answer, asked } = open()
  answer('recent', tail('first', []))
  await feed.read()
  answer('since', tail('first', []))
  feed.publish([ended('before')])
  await feed.read()

  const reading = feed.read()
  await asked('since')
  answer('since', null)
  await asked('recent')
  feed.publish([ended('meanwhile')])
  answer('recent', tail('second', [ended('a')]))
  await reading
  t.same(log, ['before', 'meanwhile', 'starts over', 'meanwhile', 'a'])

  answer('since', tail('second', [ended('b')]))
  await feed.read()
  t.same(log.slice(5), ['b'], 'the reads go on from there')
})

t.test('a node that was suspended knows nothing until it has read', async t => {
  const { feed, answer, time } = open()
  answer('recent', tail('first', []))
  await feed.read()
  t.ok(feed.isFresh())
  time.suspended = 3000
  t.notOk(feed.isFresh(), 'its monotonic clock stood still')
  answer('since', tail('first', []))
  await feed.read()
  t.ok(feed.isFresh())
})

t.test('a node that was suspended for longer than the feed lasts starts over', async t => {
  const { feed, log, answer, time } = open()
  answer('recent', tail('first', []))
  await feed.read()
  time.suspended = 90 * 60_000
  answer('recent', tail('first', [ended('a')]))
  await feed.read()
  t.same(log, ['starts over', 'a'])
})

t.test('a node whose wall clock was put back knows how old its last read is', async t => {
  const { feed, answer, time } = open()
  answer('recent', tail('first', []))
  await feed.read()
  time.monotonic += 3000
  time.suspended = -3000
  t.notOk(feed.isFresh())
})

/** A feed whose reads the test answers, and what it applies. */
function open () {
  const log: string[] = []
  const [answers, questions] = [channel<Tail | null>(), channel<true>()]
  const ask = (name: string) => { questions.put(name, true); return answers.take(name) }
  // What the node's monotonic clock shows, and how long (ms) it stood still.
  const time = { monotonic: 0, suspended: 0 }
  const feed = createChangeFeed({
    store: { since: () => ask('since'), recent: async () => await ask('recent') ?? tail('', []) },
    clock: {
      monotonic: () => ++time.monotonic,
      now: () => time.monotonic + time.suspended,
      offset: 0,
      advance: () => {}
    },
    apply: ({ subjectId }) => { log.push(subjectId ?? '') },
    startOver: () => { log.push('starts over') },
    wake: async () => {},
    warn: error => { throw error }
  })
  return { feed, log, time, answer: answers.put, asked: questions.take }
}

/** Values by name; whoever takes one waits until it is put. */
function channel<T> () {
  const values = new Map<string, T>()
  const emitter = new EventEmitter()

  async function take (name: string): Promise<T> {
    if (!values.has(name)) await once(emitter, name)
    const value = values.get(name) as T
    values.delete(name)
    return value
  }

  function put (name: string, value: T) {
    values.set(name, value)
    emitter.emit(name)
  }

  return { put, take }
}

function tail (server: string, changes: Change[]): Tail {
  return { changes, next: { snapshot: '1:1:', server }, time: 0 }
}

function ended (subjectId: string): Change {
  return { kind: 'session_ended', subjectId, exceptId: null, number: null, reason: 'signed_out' }
}
