import { generateKeyPairSync } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { createKeys } from '../../../clients/verifier/src/keys.ts'
import { until } from '../../support/until.ts'

const maxAgeMs = 60_000
/** The time (ms) in which keys that nobody knows are asked for once. */
const lookUpInterval = 10_000
/** The longest pause (ms) after a read that has failed. */
const pauseMax = 1000

t.test('while Latchkey is away, tokens make a verifier ask now and then, and the first error alone is told', async t => {
  const { keys, latchkey, passes } = await open(t)
  latchkey.isDown = true
  passes(maxAgeMs)

  for (let series = 1; series <= 3; series++) {
    for (let token = 0; token < 50; token++) {
      t.ok(keys.find('first'), 'what is known is kept')
      await turn()
    }
    t.equal(latchkey.asked.length, 1 + series)
    passes(pauseMax)
  }
  t.equal(latchkey.warnings.length, 1)

  latchkey.isDown = false
  keys.find('first')
  await until(() => latchkey.asked.length === 5)
  await turn()
  latchkey.isDown = true
  passes(maxAgeMs)
  keys.find('first')
  await until(() => latchkey.warnings.length === 2)
})

t.test('a change that cannot be read is asked about after longer and longer pauses, and told once', async t => {
  const { keys, latchkey, passes } = await open(t)
  latchkey.isDown = true
  keys.changed(0, null)
  await until(() => latchkey.asked.length === 5)

  const [, ...times] = latchkey.asked
  const pauses = times.slice(1).map((time, n) => time - (times[n] ?? NaN))
  for (const [n, least] of [100, 200, 400].entries()) t.ok((pauses[n] ?? NaN) > least - 5, `${pauses[n]} ms`)
  t.equal(latchkey.warnings.length, 1)
  passes(5000)
  t.notOk(keys.isTrusted())

  latchkey.isDown = false
  await until(() => keys.isTrusted())
  t.equal(latchkey.asked.length, 6)
})

t.test('a key that was looked up in vain while Latchkey was away is found soon after it is back', async t => {
  const { keys, latchkey, passes } = await open(t)
  latchkey.isDown = true
  latchkey.published = ['first', 'second']
  passes(lookUpInterval)
  for (let token = 0; token < 3; token++) t.equal(await keys.lookUp('second'), undefined)
  t.equal(latchkey.asked.length, 2)

  latchkey.isDown = false
  passes(pauseMax)
  t.ok(await keys.lookUp('second'))
  for (let token = 0; token < 3; token++) t.equal(await keys.lookUp('nobody’s'), undefined)
  t.equal(latchkey.asked.length, 3, 'and a key that nobody knows is not asked for each time')
})

t.test('a change counts as read when a node that knows of it has answered, and no cache', async t => {
  const { keys, latchkey, passes } = await open(t)
  keys.changed(0, '48.1')
  await until(() => latchkey.asked.length === 3)
  t.equal(latchkey.questions.at(-1), '?as_of=48.1')
  t.equal(latchkey.headers.at(-1)?.get('cache-control'), 'no-cache')
  t.ok(keys.find('first'), 'what is known is trusted for a while')
  passes(5000)
  t.notOk(keys.isTrusted(), 'an answer that does not say that it is of then may be of before')

  latchkey.asOf = '47.1'
  const asked = latchkey.asked.length
  await until(() => latchkey.asked.length === asked + 2)
  t.notOk(keys.isTrusted())
  latchkey.asOf = '48.1'
  latchkey.published = ['second']
  await until(() => keys.isTrusted())
  t.equal(keys.find('first'), undefined)
  t.ok(keys.find('second'))
})

t.test('keys that are read again later are not those of before the last change', async t => {
  const { keys, latchkey, passes } = await open(t)
  keys.changed(0, '48.1')
  latchkey.asOf = '48.1'
  latchkey.published = ['second']
  await until(() => keys.find('second') !== undefined)

  latchkey.asOf = undefined
  latchkey.published = ['first']
  passes(maxAgeMs)
  t.ok(keys.find('second'))
  await turn()
  t.equal(latchkey.questions.at(-1), '?as_of=48.1')
  passes(lookUpInterval)
  t.equal(await keys.lookUp('first'), undefined)
  t.ok(keys.find('second'), 'what is known is kept')
})

t.test('after a change that an older node has told, the keys are read once more, until a node answers', async t => {
  const { keys, latchkey, passes } = await open(t, { nodesLag: 20 })
  keys.changed(0, null)
  await until(() => latchkey.asked.length === 2)
  latchkey.isDown = true
  await until(() => latchkey.asked.length === 4)
  t.ok(keys.isTrusted())
  passes(5000)
  t.notOk(keys.isTrusted(), 'the first answer may have been that of a node that lags')

  latchkey.isDown = false
  latchkey.published = ['second']
  await until(() => keys.isTrusted())
  t.equal(keys.find('first'), undefined)
  t.strictSame(latchkey.questions.filter(Boolean), [])
})

/** Keys that have been read once, at a time that the test sets, and the Latchkey that publishes them. */
async function open (t: Pick<Test, 'teardown'>, parts: { nodesLag?: number } = {}) {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...publicKey.export({ format: 'jwk' }), alg: 'ES256' }
  const latchkey = {
    isDown: false,
    published: ['first'],
    asOf: undefined as string | undefined,
    asked: [] as number[],
    questions: [] as string[],
    headers: [] as Headers[],
    warnings: [] as unknown[]
  }
  let now = 0
  const keys = createKeys({
    url: 'http://localhost',
    clock: { monotonic: () => now, wall: () => now },
    staleAfter: 5000,
    warn: error => latchkey.warnings.push(error),
    ...parts,
    fetch: async (url, init) => {
      latchkey.asked.push(performance.now())
      latchkey.questions.push(new URL(String(url)).search)
      latchkey.headers.push(new Headers(init?.headers))
      if (latchkey.isDown) throw new TypeError('fetch failed')
      const set = { keys: latchkey.published.map(kid => ({ ...jwk, kid })), as_of: latchkey.asOf }
      return Response.json(set, { headers: { 'cache-control': `max-age=${maxAgeMs / 1000}` } })
    }
  })
  t.teardown(keys.close)
  await keys.lookUp('first')
  return { keys, latchkey, passes: (ms: number) => { now += ms } }
}
