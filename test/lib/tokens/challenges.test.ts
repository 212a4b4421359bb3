import { randomBytes } from 'node:crypto'
import t from 'tap'
import { challengePurposes, challengeSeconds, createChallenges } from '../../../lib/tokens/challenges.ts'

const keys = [randomBytes(32), randomBytes(32)]
let now = 1_795_771_800_000
const clock = { now: () => now }
const challenges = createChallenges(keys, clock)

t.test('a challenge opens for its own purpose and binding only', async t => {
  for (const purpose of challengePurposes) {
    for (const boundTo of [null, 'a session', 'another']) {
      const text = challenges.issue(purpose, boundTo)
      t.match(text, /^[\w-]{96}$/)
      const expiresAt = new Date(now + challengeSeconds * 1000 + 30_000)
      const { purpose: read, expiresAt: over } = challenges.read(text, [purpose], boundTo) ?? {}
      t.same([read, over], [purpose, expiresAt])
      t.equal(challenges.read(text, challengePurposes.filter(other => other !== purpose), boundTo), null)
      for (const other of [null, 'a session', 'another']) {
        t.equal(challenges.read(text, [purpose], other) !== null, other === boundTo)
      }
    }
  }
})

t.test('each has a nonce of its own, of 16 bytes', async t => {
  const nonces = Array.from({ length: 1000 }, () => challenges.read(challenges.issue('login', null), ['login'], null)?.nonce.toString('hex'))
  t.equal(new Set(nonces).size, 1000)
  t.match(nonces[0], /^[0-9a-f]{32}$/)
})

t.test('it is over after ten minutes, and one from the future is not accepted', async t => {
  const text = challenges.issue('login', null)
  now += challengeSeconds * 1000 - 1
  t.ok(challenges.read(text, ['login'], null))
  now += 1
  t.equal(challenges.read(text, ['login'], null), null)
  now -= challengeSeconds * 1000 + 30_000
  t.ok(challenges.read(text, ['login'], null), 'another node’s clock may be a little ahead')
  now -= 1
  t.equal(challenges.read(text, ['login'], null), null)
})

t.test('every key that is listed opens it; a changed, foreign or respelt one is none', async t => {
  now = 1_795_771_800_000
  const text = createChallenges([keys[1] ?? Buffer.alloc(0)], clock).issue('login', null)
  t.ok(challenges.read(text, ['login'], null))
  t.equal(createChallenges([randomBytes(32)], clock).read(text, ['login'], null), null)
  for (let place = 0; place < text.length; place++) {
    const changed = text.slice(0, place) + (text[place] === 'A' ? 'B' : 'A') + text.slice(place + 1)
    t.equal(challenges.read(changed, ['login'], null), null)
  }
  for (const other of ['', 'x', `${text}=`, `${text}A`, text.slice(1)]) t.equal(challenges.read(other, ['login'], null), null)
})
