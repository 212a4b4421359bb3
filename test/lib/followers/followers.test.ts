import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { Change } from '../../../lib/changes/change.ts'
import { createRevocations } from '../../../lib/changes/revocations.ts'
import { createFollowers } from '../../../lib/followers/followers.ts'
import type { StreamLimits } from '../../../lib/followers/streams.ts'

const server = '2026-11-27 13:00:00+00'

t.test('changes come before the sign of life that vouches for them', async t => {
  const { followers, heard, passes } = open(t)
  const follower = listen(followers)
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
  const follower = listen(followers)
  state.isFresh = false
  passes(1000)
  followers.tick()
  heard([change()])

  t.strictSame((await follower.names()).slice(4), ['changes'], 'what it learns it still tells')
  t.throws(() => listen(followers), { code: 'unavailable', details: { retryAfter: 1 } })
  t.throws(() => followers.read({ id: 'x', mayFollow: true }, undefined), { code: 'unavailable' })
})

t.test('a feed that starts over tells everything to all', async t => {
  const { followers, heard } = open(t)
  const follower = listen(followers)
  heard([change()], { isRestart: true })
  t.strictSame((await follower.names()).slice(4), ['state'])
})

t.test('a list of everything is made once for many followers, and what came later is told after it', async t => {
  const { followers, heard, state } = open(t)
  listen(followers)
  const late = change()
  heard([late])
  const second = listen(followers)

  t.strictSame(await second.names(), ['opened', 'state', 'changes', 'alive'])
  t.strictSame(second.events[2]?.data.changes, [{ kind: 'session_ended', subject_id: late.subjectId, reason: 'evicted' }])
  t.equal(state.lists, 1)
  t.match(JSON.parse(followers.read({ id: 'x', mayFollow: true }, undefined)), { event: 'state', changes: [{ kind: 'keys_changed' }, { subject_id: late.subjectId }] })
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

  t.strictSame(verifier.list(), node.list())
  t.equal(verifier.version(sub), 7)
  t.equal(verifier.vendorStatus(vendorId), 'suspended')
  t.equal(verifier.vendorStatus(randomUUID()), undefined)
})

t.test('a follower that does not keep up is cut off, and others are not', async t => {
  const { followers, heard, passes } = open(t, { lagMaxMs: 5000 })
  const [slow, quick] = [listen(followers, { isFrozen: true }), listen(followers)]
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
  const [first] = [listen(followers, { id: 'a' }), listen(followers, { id: 'a' })]
  t.throws(() => listen(followers, { id: 'a' }), { code: 'rate_limited' })
  listen(followers, { id: 'b' })
  t.throws(() => listen(followers, { id: 'c' }), { code: 'overloaded', status: 503 })

  first?.readable.destroy()
  await turn()
  listen(followers, { id: 'c' })
})

t.test('streams end when their credential is revoked, or when nobody can tell for too long', async t => {
  const { followers, passes, state } = open(t)
  const [gone, stays] = [listen(followers, { id: 'gone' }), listen(followers, { id: 'stays' })]
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
  const gone = listen(followers, { id: 'gone' })
  state.revoked.add('gone')
  let answer = () => {}
  state.gate = new Promise(resolve => { answer = resolve })
  followers.tick()
  const late = listen(followers, { id: 'late' })
  answer()

  t.ok((await gone.names(), gone.isOver))
  t.notOk((await late.names(), late.isOver))
  t.equal(followers.size, 1)
})

t.test('the end of a node ends every stream, and nothing is written after it', async t => {
  const { followers, heard } = open(t)
  const follower = listen(followers)
  heard([change()])
  heard([change()])
  followers.end()
  heard([change()])
  followers.tick()

  t.ok((await follower.names(), follower.isOver))
  t.equal(followers.size, 0)
})

t.test('a service that may not follow hears nothing', async t => {
  const { followers } = open(t)
  t.throws(() => followers.follow({ id: 'x', mayFollow: false }, undefined, { writableLength: 0, destroy () {} }), { code: 'forbidden' })
  t.throws(() => followers.read({ id: 'x', mayFollow: false }, undefined), { code: 'forbidden' })
})

/** Followers of a feed that the test writes, at a time that it sets. */
function open (t: { teardown (end: () => void): void }, limits: Partial<StreamLimits> = {}) {
  let [now, xid] = [0, 100]
  const state = { isFresh: true, isStuck: false, lists: 0, revoked: new Set<string>(), gate: Promise.resolve() }
  const followers = createFollowers({
    clock: { monotonic: () => now },
    feed: { isFresh: () => state.isFresh },
    list: () => { state.lists++; return [] },
    mayFollow: async ids => {
      await state.gate
      return state.isStuck ? await new Promise(() => {}) : ids.filter(id => !state.revoked.has(id))
    },
    warn: () => {},
    limits
  })
  t.teardown(followers.end)
  heard([], { isRestart: true })
  return { followers, heard, passes: (ms: number) => { now += ms }, state }

  function heard (changes: Change[], { isRestart = false } = {}) {
    xid += 10
    followers.heard({ changes, cursor: { snapshot: `${xid}:${xid}:`, server }, isRestart, sentAt: now, time: 0 })
  }
}

function listen (followers: ReturnType<typeof createFollowers>, { id = 'shop', isFrozen = false } = {}) {
  const events: { name: string, data: { changes: object[] } }[] = []
  const readable: Readable = followers.follow({ id, mayFollow: true }, undefined, { writableLength: 0, destroy () {} })
  const follower = { readable, events, names, isOver: false }
  readable.on('end', () => { follower.isOver = true })
  if (!isFrozen) {
    readable.on('data', (chunk: Buffer) => {
      const [event = '', data = ''] = chunk.toString().split('\n').filter(line => !line.startsWith('id: '))
      events.push({ name: event.slice('event: '.length), data: JSON.parse(data.slice('data: '.length)) })
    })
  }
  return follower

  async function names () {
    await turn()
    await turn()
    return events.map(({ name }) => name)
  }
}

function change (): Change {
  return { kind: 'session_ended', subjectId: randomUUID(), exceptId: null, number: null, reason: 'evicted' }
}
