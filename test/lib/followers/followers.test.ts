import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { Change } from '../../../lib/changes/change.ts'
import { createRevocations } from '../../../lib/changes/revocations.ts'
import { createFollowers } from '../../../lib/followers/followers.ts'
import type { Followers } from '../../../lib/followers/followers.ts'
import type { StreamLimits } from '../../../lib/followers/streams.ts'

const server = '2026-11-27 13:00:00+00'

t.test('changes come before the sign of life that vouches for them', async t => {
  const { followers, heard, passes } = open(t)
  const follower = await listen(followers)
  heard([change()])
  heard([change()])
  heard([change()])
  passes(1000)
  followers.tick()

  t.strictSame(await follower.names(), ['opened', 'state', 'changes', 'alive', 'changes', 'changes', 'alive'], 'those that follow closely come together')
  t.equal(follower.events.at(-2)?.data.changes.length, 2)
})

t.test('a node that may not judge gives no sign of life, and takes no follower', async t => {
  const { followers, heard, passes, state } = open(t)
  const follower = await listen(followers)
  state.isFresh = false
  passes(1000)
  followers.tick()
  heard([change()])

  t.strictSame((await follower.names()).slice(4), ['changes'], 'what it learns it still tells')
  await t.rejects(listen(followers), { code: 'unavailable', details: { retryAfter: 1 } })
  await t.rejects(followers.read({ id: 'x', mayFollow: true }, undefined), { code: 'unavailable' })
})

t.test('a feed that starts over tells everything to all', async t => {
  const { followers, heard } = open(t)
  const follower = await listen(followers)
  heard([change()], { isRestart: true })
  t.strictSame((await follower.names()).slice(4), ['state'])
})

t.test('a list of everything is made once for many followers, and what came later is told after it', async t => {
  const { followers, heard, state } = open(t)
  await listen(followers)
  const late = change()
  heard([late])
  const second = await listen(followers)

  t.strictSame(await second.names(), ['opened', 'state', 'changes', 'alive'])
  t.strictSame(second.events[2]?.data.changes, [{ kind: 'session_ended', subject_id: late.subjectId, reason: 'evicted' }])
  t.equal(state.lists, 1)
  const answer = JSON.parse(await answerOf(followers))
  t.match(answer, { event: 'state', changes: [{ kind: 'keys_changed' }, { subject_id: late.subjectId }] })
})

t.test('what the state tells makes an empty memory equal to that of the node', async t => {
  const clock = { monotonic: () => 0 }
  const [node, verifier] = [createRevocations(clock, { keepMs: 1 }), createRevocations(clock, { keepMs: 1 })]
  const [sub, sid, vendorId] = [randomUUID(), randomUUID(), randomUUID()]
  const applied: Partial<Change>[] = [
    { kind: 'everyone', number: 3, reason: 'everyone_signed_out' },
    { kind: 'user_epoch', subjectId: sub, number: 2, reason: 'password_changed', exceptId: sid },
    { kind: 'everyone', number: 2, reason: 'everyone_signed_out' },
    { kind: 'session_ended', subjectId: sid, reason: 'idle' },
    { kind: 'user_changed', subjectId: sub, number: 7 },
    { kind: 'vendor_changed', subjectId: vendorId, number: 4, vendorStatus: 'suspended' }
  ]
  for (const each of applied) node.apply({ ...change(), subjectId: null, reason: null, ...each })
  for (const each of node.list()) verifier.apply(each)

  t.strictSame([...verifier.list()], [...node.list()])
  t.equal(verifier.version(sub), 7)
  t.equal(verifier.vendorStatus(vendorId), 'suspended')
  t.equal(verifier.vendorStatus(randomUUID()), undefined)
})

t.test('a follower that does not keep up is cut off, and others are not', async t => {
  const { followers, heard, passes } = open(t, { lagMaxMs: 5000 })
  const [slow, quick] = [await listen(followers, { isFrozen: true }), await listen(followers)]
  await quick.names()
  for (let second = 0; second < 8; second++) {
    passes(1000)
    heard([change()])
    followers.tick()
    await turn()
  }

  t.ok(slow.readable.destroyed)
  t.notOk(quick.readable.destroyed)
  t.equal(followers.size, 1)
})

t.test('streams are shared out: no credential has all, and the node has a limit', async t => {
  const { followers } = open(t, { streamsMax: 3, streamsPerCredentialMax: 2 })
  const [first] = [await listen(followers, { id: 'a' }), await listen(followers, { id: 'a' })]
  await t.rejects(listen(followers, { id: 'a' }), { code: 'rate_limited' })
  await listen(followers, { id: 'b' })
  await t.rejects(listen(followers, { id: 'c' }), { code: 'overloaded', status: 503 })

  first?.readable.destroy()
  await turn()
  await listen(followers, { id: 'c' })
})

t.test('streams end when their credential is revoked, or when nobody can tell for too long', async t => {
  const { followers, passes, state } = open(t)
  const [gone, stays] = [await listen(followers, { id: 'gone' }), await listen(followers, { id: 'stays' })]
  state.revoked.add('gone')
  followers.tick()
  await turn()
  t.ok((await gone.names(), gone.isOver))
  t.notOk((await stays.names(), stays.isOver))

  state.isStuck = true
  followers.tick()
  passes(9000)
  followers.tick()
  t.notOk((await stays.names(), stays.isOver))
  passes(2000)
  followers.tick()
  t.ok((await stays.names(), stays.isOver))
})

t.test('a service that connects while credentials are confirmed goes on', async t => {
  const { followers, state } = open(t)
  const gone = await listen(followers, { id: 'gone' })
  state.revoked.add('gone')
  let answer = () => {}
  state.gate = new Promise(resolve => { answer = resolve })
  followers.tick()
  const late = await listen(followers, { id: 'late' })
  answer()

  t.ok((await gone.names(), gone.isOver))
  t.notOk((await late.names(), late.isOver))
  t.equal(followers.size, 1)
})

t.test('the end of a node ends every stream, and nothing is written after it', async t => {
  const { followers, heard } = open(t)
  const follower = await listen(followers)
  heard([change()])
  heard([change()])
  followers.end()
  heard([change()])
  followers.tick()

  t.ok((await follower.names(), follower.isOver))
  t.equal(followers.size, 0)
})

t.test('a large state is told whole, and takes many turns of the event loop', async t => {
  const { followers, state } = open(t)
  const memory = changes(20_000)
  state.memory = memory
  const all = Promise.all([listen(followers), listen(followers), answerOf(followers)])
  t.ok(await turnsOf(all) > 20)

  const [first, second, answer] = await all
  t.equal(state.lists, 1, 'it is rendered once for all who ask')
  const ends = memory.map(({ subjectId }) => ({ kind: 'session_ended', subject_id: subjectId, reason: 'evicted' }))
  const told = [...ends, { kind: 'keys_changed' }]
  for (const follower of [first, second]) {
    t.strictSame(await follower.names(), ['opened', 'state', 'changes', 'alive'])
    t.match(follower.events[1]?.data.changes, told)
    t.strictSame(follower.events[2]?.data.changes, [])
  }
  t.match(JSON.parse(answer), { event: 'state', changes: told })
  t.equal(await turnsOf(listen(followers)), 1, 'it is kept')
  t.equal(state.lists, 1)
})

t.test('a change while a large state is rendered is told after it', async t => {
  const { followers, heard, passes, state } = open(t)
  state.memory = changes(20_000)
  const late = change()
  const all = Promise.all([listen(followers), answerOf(followers)])
  await turn()
  passes(500)
  heard([late])
  followers.tick()

  const [follower, answer] = await all
  t.strictSame(await follower.names(), ['opened', 'state', 'changes', 'alive'])
  t.match(follower.events[0]?.data, { clock: 0 }, 'the time of its request, not of the end of its wait')
  t.match(follower.events[2]?.data.changes, [{ subject_id: late.subjectId }])
  t.match(JSON.parse(answer).changes.slice(20_000), [{ kind: 'keys_changed' }, { subject_id: late.subjectId }])
})

t.test('many changes are rendered in many turns, once for all, and told before the sign of life that vouches for them', async t => {
  const { followers, heard, passes } = open(t)
  const follower = await listen(followers)
  const { cursor } = JSON.parse(await answerOf(followers))
  const flood = changes(9000)
  const hearing = heard(flood)
  const readAt = 1000
  passes(readAt)
  followers.tick()
  t.strictSame((await follower.names()).slice(4), ['alive'])
  t.match(follower.events.at(-1)?.data, { clock: 0 }, 'it vouches for the read before')
  const early = JSON.parse(await answerOf(followers, cursor))
  t.match(early, { event: 'changes', cursor, changes: { length: 0 } }, 'an answer has all of a read or nothing')
  t.ok(await turnsOf(hearing) > 5)

  followers.tick()
  t.strictSame((await follower.names()).slice(5), ['changes', 'alive'])
  const told = flood.map(({ subjectId }) => ({ kind: 'session_ended', subject_id: subjectId, reason: 'evicted' }))
  t.strictSame(follower.events[5]?.data.changes, told)
  const late = await listen(followers, { cursor })
  t.equal(await turnsOf(listen(followers, { cursor })), 1, 'they are kept as they were told')
  t.strictSame(await late.names(), ['opened', 'changes', 'alive'])
  t.strictSame(late.events[1]?.data.changes, told)
  t.strictSame(JSON.parse(await answerOf(followers, cursor)).changes, told)
  t.strictSame(JSON.parse(await answerOf(followers, follower.ids.at(-1))).changes, [])
})

t.test('a read with more changes than can be continued is told as everything', async t => {
  const { followers, heard, state } = open(t)
  const follower = await listen(followers)
  const { cursor } = JSON.parse(await answerOf(followers))
  state.memory = changes(10_001)
  await heard([...state.memory as Change[]])
  await until(() => follower.events.length > 4)
  t.strictSame((await follower.names()).slice(4), ['state'])
  t.equal(follower.events[4]?.data.changes.length, 10_002)
  t.match(JSON.parse(await answerOf(followers, cursor)), { event: 'state' })
})

t.test('a change of the keys tells what a node must have read to know it', async t => {
  const { followers, heard } = open(t)
  const follower = await listen(followers)
  const keys: Change = { ...change(), kind: 'keys_changed', subjectId: null, reason: null }
  await heard([...changes(600), keys])
  await follower.names()
  const [{ as_of: asOf }] = follower.events[4]?.data.changes.slice(-1) as [{ as_of: string }]
  t.equal(asOf, follower.ids.at(-1))
  t.ok(followers.hasRead(asOf))
})

t.test('after a restart followers hear nothing until the whole state was written to them', async t => {
  const { followers, heard, passes, state } = open(t)
  const [first, second] = [await listen(followers), await listen(followers)]
  await first.names()
  state.memory = changes(20_000)
  heard([], { isRestart: true })
  const late = change()
  heard([late])
  passes(1000)
  followers.tick()
  t.strictSame((await first.names()).slice(4), [])

  await until(() => first.events.length > 5 && second.events.length > 5)
  passes(1000)
  followers.tick()
  for (const follower of [first, second]) {
    t.strictSame((await follower.names()).slice(4), ['state', 'changes', 'alive'])
    t.equal(follower.events[4]?.data.changes.length, 20_001)
    t.match(follower.events[5]?.data.changes, [{ subject_id: late.subjectId }])
  }
})

t.test('a flood that makes each state useless does not make a node render for ever', async t => {
  const { followers, heard, state } = open(t)
  state.memory = {
    * [Symbol.iterator] () {
      heard(Array.from({ length: 10_001 }, () => change()))
      yield change()
    }
  }

  await t.rejects(listen(followers), { code: 'unavailable', details: { retryAfter: 1 } })
  t.equal(state.lists, 5)
  t.equal(followers.size, 0)
})

t.test('a restart while a large state is rendered makes it begin anew', async t => {
  const { followers, heard, state } = open(t)
  const settled = await listen(followers)
  await settled.names()
  state.memory = changes(20_000)
  heard([], { isRestart: true })
  const waiting = listen(followers)
  await turn()
  const [left] = state.memory = changes(5000)
  heard([], { isRestart: true })

  const follower = await waiting
  t.strictSame(await follower.names(), ['opened', 'state', 'changes', 'alive'])
  t.equal(follower.events[1]?.data.changes.length, 5001)
  t.match(follower.events[1]?.data.changes, [{ subject_id: left?.subjectId }])
  t.strictSame((await settled.names()).slice(4), ['state'], 'what was void is told to nobody')
  t.strictSame(settled.events[4]?.data.changes, follower.events[1]?.data.changes)
})

t.test('followers that wait for the state count among the streams', async t => {
  const { followers, state } = open(t, { streamsMax: 3, streamsPerCredentialMax: 2 })
  state.memory = changes(20_000)
  const waiting = ['a', 'a', 'b'].map(id => listen(followers, { id }))
  t.equal(followers.size, 3)
  await t.rejects(listen(followers, { id: 'a' }), { code: 'rate_limited' })
  await t.rejects(listen(followers, { id: 'c' }), { code: 'overloaded' })
  await Promise.all(waiting)
})

t.test('a follower whose connection closes while it waits leaves nothing behind', async t => {
  const { followers, state } = open(t)
  state.memory = changes(20_000)
  const [broken, closed] = [connection(), Object.assign(connection(), { destroyed: true })]
  const gone = [followers.follow({ id: 'shop', mayFollow: true }, undefined, broken)]
  const stays = listen(followers)
  await turn()
  broken.emit('close')
  t.equal(followers.size, 1)
  gone.push(followers.follow({ id: 'shop', mayFollow: true }, undefined, closed))
  t.equal(followers.size, 1)

  t.strictSame(await (await stays).names(), ['opened', 'state', 'changes', 'alive'])
  for (const readable of await Promise.all(gone)) t.equal(await text(readable), '')
  t.equal(followers.size, 1)
  t.equal(broken.listenerCount('close') + closed.listenerCount('close'), 0)
})

t.test('nothing is told after the wait for a state if the node may not judge any more', async t => {
  const { followers, state } = open(t)
  state.memory = changes(20_000)
  const waiting = [listen(followers), answerOf(followers)]
  state.isFresh = false
  const refused = { status: 'rejected', reason: { code: 'unavailable' } }
  t.match(await Promise.allSettled(waiting), [refused, refused])
  t.equal(followers.size, 0)
})

t.test('the end of a node ends the wait for a state, and the work on it', async t => {
  const { followers, heard, state } = open(t)
  const settled = await listen(followers)
  let read = 0
  state.memory = (function * () {
    for (const each of changes(20_000)) {
      read++
      yield each
    }
  })()
  heard([], { isRestart: true })
  const waiting = [listen(followers), answerOf(followers)]
  await turn()
  followers.end()

  const refused = { status: 'rejected', reason: { code: 'unavailable' } }
  t.match(await Promise.allSettled(waiting), [refused, refused])
  t.ok((await settled.names(), settled.isOver))
  t.ok(read < 5000)
  t.equal(followers.size, 0)
  await t.rejects(listen(followers), { code: 'unavailable' })
})

t.test('a state that fails fails for all who wait, and is rendered anew for the next one', async t => {
  const { followers, heard, state } = open(t)
  const settled = await listen(followers)
  state.memory = (function * () {
    yield * changes(5000)
    throw new Error('out of memory')
  })()
  heard([], { isRestart: true })
  const waiting = [listen(followers), answerOf(followers)]
  const failed = { status: 'rejected', reason: { message: 'out of memory' } }
  t.match(await Promise.allSettled(waiting), [failed, failed])
  await until(() => settled.isOver)
  t.equal(followers.size, 0, 'what its follower remembers cannot be made right')
  t.match(state.warnings, [{ message: 'out of memory' }])

  state.memory = []
  t.strictSame(await (await listen(followers)).names(), ['opened', 'state', 'changes', 'alive'])
})

t.test('a service that may not follow hears nothing', async t => {
  const { followers } = open(t)
  await t.rejects(followers.follow({ id: 'x', mayFollow: false }, undefined, connection()), { code: 'forbidden' })
  await t.rejects(followers.read({ id: 'x', mayFollow: false }, undefined), { code: 'forbidden' })
})

/** Followers of a feed that the test writes, at a time that it sets. */
function open (t: { teardown (end: () => void): void }, limits: Partial<StreamLimits> = {}) {
  let [now, xid] = [0, 100]
  const state = {
    isFresh: true,
    isStuck: false,
    lists: 0,
    memory: [] as Iterable<Change>,
    revoked: new Set<string>(),
    warnings: [] as unknown[],
    gate: Promise.resolve()
  }
  const followers = createFollowers({
    clock: { monotonic: () => now },
    feed: { isFresh: () => state.isFresh },
    list: function * () {
      state.lists++
      yield * state.memory
    },
    mayFollow: async ids => {
      await state.gate
      return state.isStuck ? await new Promise(() => {}) : ids.filter(id => !state.revoked.has(id))
    },
    warn: error => { state.warnings.push(error) },
    limits
  })
  t.teardown(followers.end)
  heard([], { isRestart: true })
  return { followers, heard, passes: (ms: number) => { now += ms }, state }

  function heard (changes: Change[], { isRestart = false } = {}) {
    xid += 10
    const cursor = { snapshot: `${xid}:${xid}:`, server }
    return followers.heard({ changes, cursor, isRestart, sentAt: now, time: 0 })
  }
}

/** A follower whose stream is open. */
async function listen (
  followers: Followers, { id = 'shop', isFrozen = false, cursor }: { id?: string, isFrozen?: boolean, cursor?: string } = {}
) {
  const events: { name: string, data: { changes: object[] } }[] = []
  const ids: string[] = []
  const readable: Readable = await followers.follow({ id, mayFollow: true }, cursor, connection())
  const follower = { readable, events, ids, names, isOver: false }
  readable.on('end', () => { follower.isOver = true })
  let heard = ''
  if (!isFrozen) {
    readable.on('data', (chunk: Buffer) => {
      const parts = `${heard}${chunk}`.split('\n\n')
      heard = parts.pop() ?? ''
      for (const part of parts) {
        const lines = part.split('\n')
        ids.push(...lines.filter(line => line.startsWith('id: ')).map(line => line.slice('id: '.length)))
        const [event = '', data = ''] = lines.filter(line => !line.startsWith('id: '))
        events.push({ name: event.slice('event: '.length), data: JSON.parse(data.slice('data: '.length)) })
      }
    })
  }
  return follower

  async function names () {
    await turn()
    await turn()
    return events.map(({ name }) => name)
  }
}

/** The answer to one question. */
async function answerOf (followers: Followers, cursor?: string) {
  const answer = await followers.read({ id: 'x', mayFollow: true }, cursor)
  return typeof answer === 'string' ? answer : await text(answer)
}

function connection () {
  return Object.assign(new EventEmitter(), { writableLength: 0, destroyed: false, destroy () {} })
}

/** How many turns the event loop has while something is done. */
async function turnsOf (work: Promise<unknown>): Promise<number> {
  let isDone = false
  work.finally(() => { isDone = true }).catch(() => {})
  return await until(() => isDone)
}

/** Waits; returns after how many turns of the event loop the condition holds. */
async function until (holds: () => boolean): Promise<number> {
  for (let turns = 0; ; turns++) {
    if (holds()) return turns
    await turn()
  }
}

function changes (count: number): Change[] {
  return Array.from({ length: count }, change)
}

function change (): Change {
  return { kind: 'session_ended', subjectId: randomUUID(), exceptId: null, number: null, reason: 'evicted' }
}
