import fc from 'fast-check'
import t from 'tap'
import { currentTurn, inOrderOfTurns, jwksMaxAgeSeconds, publicationLeadMs, retirementMs, ringSteps } from '../../../lib/keys/rotation.ts'
import type { KeyTurn } from '../../../lib/keys/rotation.ts'

const day = 86_400_000
const ttl = 30 * day
let made = 0

t.test('an empty ring gets one key that signs at once and one that is published', async t => {
  const ring = turn([], 1000)

  t.match(ring, [{ status: 'active', publishedAt: 1000, activatedAt: 1000 }, { status: 'next', publishedAt: 1000 }])
  t.same(ringSteps(ring, 1000, ttl), [], 'and nothing more')
})

t.test('keys stand in the order in which they sign, also if they were made at the same time', async t => {
  const [active, next] = turn([], 1000)
  const retired = { ...active, status: 'retired', retiredAt: 2000, expiresAt: 3000 }
  for (const keys of [[next, retired, active], [active, next, retired], [retired, active, next]]) {
    t.same(inOrderOfTurns(keys as KeyTurn[]).map(({ status }) => status), ['retired', 'active', 'next'])
  }
})

t.test('the next key takes over when its turn has come, and another one is published', async t => {
  const ring = turn([], 0)

  t.same(ringSteps(ring, ttl - 1, ttl), [])
  t.match(turn(ring, ttl), [
    { id: ring[0]?.id, status: 'retired', retiredAt: ttl, expiresAt: ttl + retirementMs },
    { id: ring[1]?.id, status: 'active', activatedAt: ttl },
    { status: 'next', publishedAt: ttl }
  ])
})

t.test('a key that was published a moment ago does not sign yet, however overdue the rotation is', async t => {
  const [active, next] = turn([], 0)
  const ring = [active, { ...next, publishedAt: ttl + day }] as KeyTurn[]

  t.same(ringSteps(ring, ttl + day + publicationLeadMs - 1, ttl), [])
  t.equal(ringSteps(ring, ttl + day + publicationLeadMs, ttl).length, 3)
})

t.test('a retired key is removed when its last token has expired, not sooner', async t => {
  const ring = turn(turn([], 0), ttl)

  t.same(ringSteps(ring, ttl + retirementMs - 1, ttl), [])
  t.match(ringSteps(ring, ttl + retirementMs, ttl), [{ do: 'remove', key: { id: ring[0]?.id } }])
})

t.test('a key signs when nobody has a list without it, and verifies until its last token has expired', async t => {
  t.ok(publicationLeadMs >= (jwksMaxAgeSeconds + 60) * 1000, 'a list may be kept for that long, and clocks differ')
  t.ok(retirementMs >= 61 * 60_000, 'a token may live for an hour, and a node may sign a little later')
})

t.test('a lost key is replaced', async t => {
  const [active, next] = turn([], 0)

  t.match(turn([next] as KeyTurn[], 10), [{ id: next?.id, status: 'active' }, { status: 'next' }])
  t.match(turn([active] as KeyTurn[], 10), [{ id: active?.id, status: 'active' }, { status: 'next' }])
})

t.test('the end of a turn can be told before: when the next key may sign, and not before the key has had its time', async t => {
  const [active, next] = turn([], 1000) as [KeyTurn, KeyTurn]

  t.same(currentTurn([active, next], ttl), { activatedAt: 1000, rotatesAt: 1000 + ttl })
  t.same(
    currentTurn([active, { ...next, publishedAt: 1000 + ttl }], ttl),
    { activatedAt: 1000, rotatesAt: 1000 + ttl + publicationLeadMs }
  )
  t.same(currentTurn([{ ...active, retiredAt: 5000 }, next], ttl)?.rotatesAt, 1000 + publicationLeadMs, 'a rotation that was asked for')
  t.equal(currentTurn([next], ttl), null)
})

t.test('whenever a ring is looked at, one key signs, and nobody meets a key that was not announced', async t => {
  const anyTimes = fc.array(fc.integer({ min: 0, max: 40 * day }), { maxLength: 30 })
  t.doesNotThrow(() => fc.assert(fc.property(anyTimes, elapsedTimes => {
    let now = 0
    let ring = turn([], now)

    for (const elapsed of elapsedTimes) {
      now += elapsed
      const before = ring
      ring = turn(ring, now)
      if (count(ring, 'active') !== 1 || count(ring, 'next') !== 1) return false

      const active = ring.find(({ status }) => status === 'active')
      const retired = before.find(key => key.status === 'active' && key.id !== active?.id)
      if (retired && now - (active?.publishedAt ?? now) < publicationLeadMs) return false
      if (retired && !ring.some(({ id, expiresAt }) => id === retired.id && expiresAt === now + retirementMs)) {
        return false
      }
    }
    return true
  })))
})

function count (ring: KeyTurn[], status: KeyTurn['status']) {
  return ring.filter(key => key.status === status).length
}

/** The ring after it has taken the steps that it needs. */
function turn (ring: KeyTurn[], now: number): KeyTurn[] {
  const keys = new Map(ring.map(key => [key.id, key]))

  for (const step of ringSteps(ring, now, ttl)) {
    if (step.do === 'remove') keys.delete(step.key.id)
    if (step.do === 'save') keys.set(step.key.id, step.key)
    if (step.do === 'make') keys.set(`key ${++made}`, { id: `key ${made}`, ...step.turn })
  }
  return [...keys.values()]
}
