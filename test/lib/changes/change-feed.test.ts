import { EventEmitter, once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { createChangeFeed } from '../../../lib/changes/change-feed.ts'
import type { FeedRead } from '../../../lib/changes/change-feed.ts'
import type { Cursor, Tail } from '../../../lib/changes/change-store.ts'
import type { Change, VendorStatus } from '../../../lib/changes/change.ts'
import { createRenewableRevocations } from '../../../lib/changes/renewable-revocations.ts'
import type { Revocations, TokenState } from '../../../lib/changes/revocations.ts'
import { Refusal } from '../../../lib/errors.ts'
import type { EndReason } from '../../../lib/errors.ts'

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
  t.same(log, ['before', 'meanwhile', 'starts over', 'meanwhile', 'a', 'settles'])

  answer('since', tail('second', [ended('b')]))
  await feed.read()
  t.same(log.slice(6), ['b'], 'the reads go on from there')
})

t.test('a start over applies nothing again that was committed before its read was sent', async t => {
  const { feed, log, answer, asked } = open()
  answer('recent', tail('first', []))
  await feed.read()
  await asked('recent')
  const reading = feed.read()
  await asked('since')
  feed.publish([raise('raised', 7, 'signed_out')])
  answer('since', tail('first', []))
  await reading

  answer('since', null)
  answer('recent', tail('second', []))
  await feed.read()
  t.same(log, ['raised', 'starts over', 'settles'], 'the other server may have lost it, and counts on from less')
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

t.test('a start reads as far back as a token may live, and a while', async t => {
  const { feed, answer, lookBacks } = open()
  answer('recent', tail('first', []))
  await feed.read()
  t.equal(lookBacks.length, 1)
  t.ok(Number(lookBacks[0]) >= 70 * 60_000, 'an hour, and what clocks and long transactions take')
})

t.test('a node that was suspended for longer than the feed lasts starts over', async t => {
  const { feed, log, answer, time } = open()
  answer('recent', tail('first', []))
  await feed.read()
  time.suspended = 90 * 60_000
  answer('recent', tail('first', [ended('a')]))
  await feed.read()
  t.same(log, ['starts over', 'a', 'settles'])
})

t.test('a read tells what there was when it was sent, however late its answer comes', async t => {
  const { feed, answer, asked, time } = open()
  const reading = feed.read()
  await asked('recent')
  time.monotonic += 2900
  answer('recent', tail('first', []))
  await reading
  t.ok(feed.isFresh())
  time.monotonic += 100
  t.notOk(feed.isFresh(), 'what has ended meanwhile may be unknown for three seconds')
})

t.test('a node whose wall clock was put back knows how old its last read is', async t => {
  const { feed, answer, time } = open()
  answer('recent', tail('first', []))
  await feed.read()
  time.monotonic += 3000
  time.suspended = -3000
  t.notOk(feed.isFresh())
})

t.test('a large read leaves turns to others, and counts once all of it is applied', async t => {
  const { feed, log, answer, heard, asked } = open()
  const flood = Array.from({ length: 2000 }, (_, n) => ended(`${n}`))
  answer('recent', tail('first', flood))
  const first = feed.read()
  await asked('recent')
  const seen = await inTurnsOf(first, () => ({ applied: log.length, isFresh: feed.isFresh(), heard: heard.length }))
  t.ok(seen.some(({ applied }) => applied > 0 && applied < 2000), 'others had a turn meanwhile')
  t.ok(seen.every(({ applied, isFresh, heard }) => applied === 2000 || (!isFresh && heard === 0)))
  t.strictSame(log, flood.map(({ subjectId }) => subjectId), 'each change once, in its order')
  t.ok(feed.isFresh())
  t.equal(heard.length, 1)

  answer('since', tail('first', flood))
  const ageMs = feed.ageMs()
  const ages = await inTurnsOf(feed.read(), () => ({ applied: log.length, ageMs: feed.ageMs() }))
  t.ok(ages.some(({ applied }) => applied > 2000 && applied < 4000))
  t.ok(ages.every(({ applied, ageMs: age }) => applied === 4000 || age > ageMs), 'until then the read before it counts')
  t.equal(heard.length, 2)
})

t.test('a read that is asked for between two parts begins after the last one', async t => {
  const { feed, log, answer, asked } = open()
  answer('recent', tail('first', Array.from({ length: 2000 }, () => ended('a'))))
  const first = feed.read()
  await asked('recent')
  await turn()
  answer('since', tail('first', [ended('b')]))
  await Promise.all([first, feed.read()])
  t.equal(log.length, 2001)
  t.equal(log.at(-1), 'b')
})

t.test('what this node commits between two parts is not undone by an older row', async t => {
  for (const server of ['first', 'second']) {
    const { feed, log, answer, asked, memory } = open()
    answer('recent', tail('first', []))
    await feed.read()
    const flood = Array.from({ length: 2000 }, (_, n) => ended(`${n}`))
    const older = [vendor(3, 'suspended'), raise('ada', 2, 'signed_out')]
    answer('since', server === 'first' ? tail(server, [...flood, ...older]) : null)
    answer('recent', tail(server, [...flood, ...older]))
    const reading = feed.read()
    await asked(server === 'first' ? 'since' : 'recent')
    await turn()
    t.ok(log.length > 0 && log.length < 2000)
    feed.publish([vendor(4, 'active'), raise('ada', 3, 'password_changed'), ended('late')])
    t.equal(memory.vendorStatus('vendor'), 'active', 'it counts at once')
    await reading

    t.equal(memory.version('vendor'), 4)
    t.equal(memory.vendorStatus('vendor'), 'active')
    t.equal(reasonOf(memory, { sub: 'ada', epoch: [0, 2] }), 'password_changed')
    t.equal(reasonOf(memory, { sid: 'late' }), 'signed_out')
  }
})

t.test('while a start over is applied, what was known before it goes on to count', async t => {
  const { feed, answer, asked, memory } = open()
  answer('recent', tail('first', [raise('ada', 2, 'signed_out'), raise('bob', 5, 'signed_out'), vendor(3, 'suspended')]))
  await feed.read()
  const flood = Array.from({ length: 2000 }, (_, n) => ended(`${n}`))
  answer('since', null)
  answer('recent', tail('second', [...flood, raise('ada', 2, 'signed_out')]))
  const reading = feed.read()
  await asked('recent')
  const isRefused = (sub: string) => reasonOf(memory, { sub, epoch: [0, 1] }) !== null
  const seen = await inTurnsOf(reading, () => ({
    isDone: memory.vendorStatus('vendor') === undefined,
    isFresh: feed.isFresh(),
    refused: ['ada', 'bob'].filter(isRefused)
  }))
  t.ok(seen.some(({ isDone }) => !isDone))
  for (const { isDone, isFresh, refused } of seen) {
    t.ok(isFresh)
    t.strictSame(refused, isDone ? ['ada'] : ['ada', 'bob'], 'a raise that Postgres has is never unknown')
  }
  t.notOk(isRefused('bob'), 'one that Postgres has lost is forgotten')
})

t.test('a feed that stops between two parts applies nothing more and claims nothing', async t => {
  const { feed, log, answer, asked, heard } = open()
  answer('recent', tail('first', Array.from({ length: 2000 }, () => ended('a'))))
  const starting = feed.start()
  await asked('recent')
  await turn()
  feed.read().catch(() => {})
  await feed.stop()
  const applied = log.length
  t.ok(applied > 0 && applied < 2000)
  await starting
  await turn()

  t.equal(log.length, applied)
  t.notOk(feed.isFresh())
  t.equal(heard.length, 0)
})

t.test('a read that is asked for at the very end of another one is not lost', async t => {
  for (let turns = 0; turns < 12; turns++) {
    let asked = 0
    const asking: Promise<void>[] = []
    const feed = openOver(async () => { asked++; return tail('first', []) }, () => {
      if (asked === 1) asking.push(after(turns).then(() => feed.read()))
    })
    await feed.read()
    await turn()
    await Promise.all(asking)
    t.equal(asked, 2, `${turns} microtasks after it was heard`)
  }
})

t.test('what a listener could not take is told again', async t => {
  const since: (Cursor | null)[] = []
  const told: FeedRead[] = []
  const next = (number: number) => ({ snapshot: `${number}:${number}:`, server: 'first' })
  const feed = openOver(async from => {
    since.push(from)
    return { changes: [ended(`${since.length}`)], next: next(since.length), time: 0 }
  }, read => {
    if (since.length === 1 || since.length === 3) throw new Error('a listener has failed')
    told.push(read)
  })
  for (const isHeard of [false, true, false, true, true]) {
    if (isHeard) await feed.read()
    else await t.rejects(feed.read(), { message: 'a listener has failed' })
    t.ok(feed.isFresh(), 'this node knows it')
  }

  t.strictSame(since, [null, null, next(2), next(2), next(4)])
  t.match(told, [{ isRestart: true, cursor: next(2) }, { isRestart: false, cursor: next(4) }, { cursor: next(5) }])
})

t.test('a feed that stops while a read is heard asks nothing more', async t => {
  let asked = 0
  const hearing = channel<true>()
  const feed = openOver(async () => { asked++; return tail('first', []) }, async () => {
    hearing.put('begun', true)
    await hearing.take('done')
  })
  const reading = feed.read()
  await hearing.take('begun')
  feed.read().catch(() => {})
  const stopping = feed.stop()
  hearing.put('done', true)
  await Promise.all([reading, stopping])
  t.equal(asked, 1)
})

/** Why a token is refused; null if it is not. */
function reasonOf (memory: Revocations, token: Partial<TokenState>) {
  try {
    memory.check({ sid: 'a session', sub: 'a user', epoch: [0, 0], ...token })
    return null
  } catch (error) {
    if (error instanceof Refusal) return error.details.reason ?? error.code
    throw error
  }
}

/** What is seen in each turn of the event loop while something is done. */
async function inTurnsOf<T> (work: Promise<unknown>, look: () => T): Promise<T[]> {
  const seen: T[] = []
  let isDone = false
  const done = work.finally(() => { isDone = true })
  for (;;) {
    await turn()
    seen.push(look())
    if (!isDone) continue
    await done
    return seen
  }
}

/** A feed whose reads the test answers, what it applies, and a memory of that. */
function open () {
  const log: string[] = []
  const heard: FeedRead[] = []
  const lookBacks: number[] = []
  const memory = createRenewableRevocations({ monotonic: () => 0 }, { keepMs: 1 })
  const [answers, questions] = [channel<Tail | null>(), channel<true>()]
  const ask = (name: string) => { questions.put(name, true); return answers.take(name) }
  // What the node's monotonic clock shows, and how long (ms) it stood still.
  const time = { monotonic: 0, suspended: 0 }
  const feed = createChangeFeed({
    store: {
      since: () => ask('since'),
      recent: async milliseconds => {
        lookBacks.push(milliseconds)
        return await ask('recent') ?? tail('', [])
      }
    },
    clock: {
      monotonic: () => ++time.monotonic,
      now: () => time.monotonic + time.suspended,
      offset: 0,
      advance: () => {}
    },
    apply: change => {
      log.push(change.subjectId ?? '')
      memory.apply(change)
    },
    startOver: () => {
      log.push('starts over')
      memory.startOver()
    },
    settle: () => {
      log.push('settles')
      memory.settle()
    },
    wake: async () => {},
    warn: error => { throw error },
    onRead: read => { heard.push(read) }
  })
  return { feed, log, heard, lookBacks, memory, time, answer: answers.put, asked: questions.take }
}

/** A feed that applies nothing, whose questions are all answered in the same way. */
function openOver (
  answer: (from: Cursor | null) => Promise<Tail>, onRead: (read: FeedRead) => void | Promise<void>
) {
  const clock = { monotonic: () => 0, now: () => 0, offset: 0, advance () {} }
  const [nothing, wake, warn] = [() => {}, async () => {}, (error: unknown) => { throw error }]
  const store = { since: answer, recent: () => answer(null) }
  return createChangeFeed({ store, clock, apply: nothing, startOver: nothing, settle: nothing, wake, warn, onRead })
}

/** Resolves after this many microtasks. */
async function after (turns: number) {
  for (let n = 0; n < turns; n++) await null
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

function raise (subjectId: string, number: number, reason: EndReason): Change {
  return { kind: 'user_epoch', subjectId, exceptId: null, number, reason }
}

function vendor (number: number, vendorStatus: VendorStatus): Change {
  return { kind: 'vendor_changed', subjectId: 'vendor', exceptId: null, number, reason: null, vendorStatus }
}
