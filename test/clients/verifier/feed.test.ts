import { randomUUID } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { readEvents } from '../../../clients/verifier/src/events.ts'
import { createFeed } from '../../../clients/verifier/src/feed.ts'
import { createKnowledge } from '../../../clients/verifier/src/knowledge.ts'
import { until } from '../../support/until.ts'

const silenceMax = 60_000
const freshAt = '2026-11-27T13:00:00.000Z'

t.test('signs of life that were delayed do not count as fresh', async t => {
  const { knowledge, streams, passes } = await open(t)
  streams[0]?.send('opened', { clock: 50_000 }).send('state', { changes: [] }).send('alive', { clock: 50_000, fresh_at: freshAt })
  await until(() => knowledge.isFresh())
  t.equal(knowledge.now(), Date.parse(freshAt))

  passes(6000)
  streams[0]?.send('alive', { clock: 51_000, fresh_at: freshAt }).send('alive', { clock: 52_000, fresh_at: freshAt })
  await until(() => knowledge.knownUntil === 2000)
  passes(1000)
  t.notOk(knowledge.isFresh(), 'what was sent 5 s ago tells nothing about now')
})

t.test('a machine that was suspended trusts nothing until a node has told what has ended meanwhile', async t => {
  const { knowledge, streams, passes, sleeps } = await open(t)
  streams[0]?.send('opened', { clock: 0 }).send('state', { changes: [] }).send('alive', { clock: 0, fresh_at: freshAt }, '2.1')
  await until(() => knowledge.isFresh())

  sleeps(4000)
  t.ok(knowledge.isFresh())
  sleeps(1000)
  t.notOk(knowledge.isFresh(), 'its monotonic clock stood still')
  passes(1000)
  streams[0]?.send('alive', { clock: 6000, fresh_at: freshAt })
  await until(() => streams.length === 2)
  t.notOk(knowledge.isFresh(), 'that sign of life comes from later than now')
  streams[1]?.send('opened', { clock: 6000 }).send('alive', { clock: 6000, fresh_at: freshAt })
  await until(() => knowledge.isFresh())
  t.equal(knowledge.knownUntil, 1000)
})

t.test('a node that was suspended is asked anew', async t => {
  const silences = watchSilences(t)
  const { knowledge, streams, passes } = await open(t)
  streams[0]?.send('opened', { clock: 0 }).send('state', { changes: [] }).send('alive', { clock: 0, fresh_at: freshAt })
  await until(() => knowledge.isFresh())

  const before = silences.begun
  passes(2 * silenceMax + 1000)
  streams[0]?.send('alive', { clock: 1000, fresh_at: freshAt })
  await until(() => knowledge.knownUntil === 1000)
  t.equal(silences.begun, before, 'that its signs of life arrive late keeps no connection')
  silences.end()
  await until(() => streams.length === 2)
  streams[1]?.send('opened', { clock: 2000 }).send('alive', { clock: 2000, fresh_at: freshAt })
  await until(() => knowledge.isFresh())
})

t.test('a stream is opened anew after an hour, before clocks that drift apart are of no use', async t => {
  const { knowledge, streams, asked, passes } = await open(t)
  streams[0]?.send('opened', { clock: 0 }).send('state', { changes: [] }).send('alive', { clock: 0, fresh_at: freshAt }, '2.1')
  await until(() => knowledge.isFresh())
  passes(3_600_000)
  streams[0]?.send('alive', { clock: 3_600_000, fresh_at: freshAt }, '7.1')
  await until(() => streams.length === 2)

  t.strictSame(asked.map(headers => headers['last-event-id']), [undefined, '7.1'])
  t.ok(knowledge.isFresh(), 'what is known counts meanwhile')
})

t.test('the cursor of the last sign of life is continued, and what was told after it is told again', async t => {
  const { knowledge, streams, asked } = await open(t)
  const [first, second] = [randomUUID(), randomUUID()]
  streams[0]?.send('opened', { clock: 0 }).send('state', { changes: [ended(first)] }, '1.1').send('alive', { clock: 0, fresh_at: freshAt }, '2.1')
  streams[0]?.send('changes', { changes: [ended(second)] }, '3.1')
  await until(() => verdictOf(knowledge, second) === 'signed_out')
  streams[0]?.end()
  await until(() => streams.length === 2)

  t.strictSame(asked.map(headers => headers['last-event-id']), [undefined, '2.1'])
  t.equal(verdictOf(knowledge, first), 'signed_out', 'and nothing is forgotten')
})

t.test('a new beginning counts as a whole, and only when a sign of life vouches for it', async t => {
  const { knowledge, streams } = await open(t)
  const [old, late] = [randomUUID(), randomUUID()]
  streams[0]?.send('opened', { clock: 0 }).send('state', { changes: [ended(old)] }).send('alive', { clock: 0, fresh_at: freshAt }).send('state', { changes: [] }).send('changes', { changes: [ended(late)] })
  await until(() => verdictOf(knowledge, late) === 'signed_out')
  t.equal(verdictOf(knowledge, old), 'signed_out')
  streams[0]?.send('alive', { clock: 0, fresh_at: freshAt })
  await until(() => verdictOf(knowledge, old) === 'fine')
  t.equal(verdictOf(knowledge, late), 'signed_out')
})

t.test('a beginning may take long to arrive; later on only signs of life keep a connection', async t => {
  const silences = watchSilences(t)
  const { knowledge, streams } = await open(t)
  const [early, late] = [randomUUID(), randomUUID()]
  const state = `event: state\nid: 9.1\ndata: ${JSON.stringify({ changes: [ended(early)] })}\n\n`
  streams[0]?.send('opened', { clock: 0 })
  for (let start = 0; start < state.length; start += 40) {
    const before = silences.begun
    streams[0]?.write(state.slice(start, start + 40))
    await until(() => silences.begun > before)
  }
  t.equal(streams.length, 1)
  streams[0]?.send('alive', { clock: 0, fresh_at: freshAt })
  await until(() => verdictOf(knowledge, early) === 'signed_out')
  t.ok(knowledge.isFresh())

  const before = silences.begun
  streams[0]?.send('changes', { changes: [ended(late)] })
  await until(() => verdictOf(knowledge, late) === 'signed_out')
  t.equal(silences.begun, before, 'a node that may not judge tells changes, too')
  streams[0]?.send('alive', { clock: 0, fresh_at: freshAt })
  await until(() => silences.begun === before + 1)
  silences.end()
  await until(() => streams.length === 2)
})

t.test('kinds and reasons of a later version do no harm', async t => {
  const { knowledge, streams } = await open(t)
  const [sid, keys] = [randomUUID(), { kind: 'keys_changed' }]
  streams[0]?.send('opened', { clock: 0 }).send('later', {}).send('state', { changes: [{ kind: 'grant_ended', subject_id: sid }, keys, { ...ended(sid), reason: 'a_new_reason' }] }).send('alive', { clock: 0, fresh_at: freshAt })
  await until(() => verdictOf(knowledge, sid) === 'signed_out')
})

for (const [what, lines] of Object.entries({
  'data that is not JSON': 'event: alive\ndata: {\n\n',
  'a sign of life without its time': 'event: opened\ndata: {"clock":1}\n\nevent: alive\ndata: {"clock":1}\n\n',
  'a sign of life before the beginning': `event: alive\ndata: {"clock":1,"fresh_at":"${freshAt}"}\n\n`,
  'a state without changes': 'event: state\ndata: {}\n\n'
})) {
  t.test(`${what} makes the verifier connect again, and know nothing`, async t => {
    const { knowledge, streams } = await open(t)
    streams[0]?.write(lines)
    await until(() => streams.length === 2)
    t.notOk(knowledge.isFresh())
  })
}

t.test('events are read wherever the connection has divided them', async t => {
  const text = 'event: changes\nid: 1.2\ndata: {"name":"Ada’s"}\n\nevent: alive\ndata: 1\n\n: a comment\n\n'
  const bytes = new TextEncoder().encode(text)
  for (const size of [1, 2, 3, 7, 1000]) {
    const events = []
    for await (const event of readEvents(inPieces(bytes, size))) events.push(event)
    t.strictSame(events.slice(0, 2), [{ event: 'changes', id: '1.2', data: { name: 'Ada’s' } }, { event: 'alive', id: '', data: 1 }], `${size} at a time`)
  }
})

/** Counts how often a feed begins to wait for a sign of life; `end` ends the last wait. */
function watchSilences (t: { teardown (end: () => unknown): void }) {
  const { setTimeout } = globalThis
  const silences = { begun: 0, end: () => {} }
  t.teardown(() => { globalThis.setTimeout = setTimeout })
  globalThis.setTimeout = Object.assign((callback: () => void, ms?: number) => {
    if (ms === silenceMax) Object.assign(silences, { begun: silences.begun + 1, end: callback })
    return setTimeout(callback, ms)
  }, setTimeout)
  return silences
}

/** A feed whose answers the test writes, at a time that it sets. */
async function open (t: { teardown (end: () => unknown): void }) {
  let [now, asleep] = [0, 0]
  const clock = { monotonic: () => now, wall: () => now + asleep }
  const knowledge = createKnowledge({ clock, staleAfter: 5000 })
  const streams: ReturnType<typeof makeStream>[] = []
  const asked: Record<string, string>[] = []
  const feed = createFeed({
    url: 'http://localhost',
    authorization: 'Basic x',
    clock,
    knowledge,
    silenceMax,
    keysChanged: () => {},
    warn: () => {},
    fetch: async (_url, init) => {
      asked.push(Object.fromEntries(new Headers(init?.headers)))
      streams.push(makeStream())
      return new Response(streams.at(-1)?.body ?? null)
    }
  })
  const running = feed.run()
  t.teardown(() => { feed.close(); return running })
  await until(() => streams.length === 1)
  return { knowledge, streams, asked, passes: (ms: number) => { now += ms }, sleeps: (ms: number) => { asleep += ms } }
}

function makeStream () {
  const { readable: body, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  writer.closed.catch(() => {})
  const stream = { body, send, write, end: () => { writer.close().catch(() => {}) } }
  return stream

  function send (event: string, data: object, id = '9.1') {
    return write(`event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`)
  }

  function write (text: string) {
    writer.write(new TextEncoder().encode(text)).catch(() => {})
    return stream
  }
}

async function * inPieces (bytes: Uint8Array, size: number) {
  for (let start = 0; start < bytes.length; start += size) {
    await turn()
    yield bytes.slice(start, start + size)
  }
}

function ended (sid: string) {
  return { kind: 'session_ended', subject_id: sid, reason: 'signed_out' }
}

function verdictOf (knowledge: ReturnType<typeof createKnowledge>, sid: string): string {
  try {
    knowledge.revocations.check({ sid, sub: sid, epoch: [0, 0] })
    return 'fine'
  } catch (error) {
    return (error as { details: { reason: string } }).details.reason
  }
}
