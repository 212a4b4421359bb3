import { generateKeyPairSync } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { createKeys } from '../../../clients/verifier/src/keys.ts'
import { until } from '../../support/evidence.ts'

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
  keys.changed(0)
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

/** Keys that have been read once, at a time that the test sets, and the Latchkey that publishes them. */
async function open (t: Pick<Test, 'teardown'>) {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...publicKey.export({ format: 'jwk' }), alg: 'ES256' }
  const latchkey = { isDown: false, published: ['first'], asked: [] as number[], warnings: [] as unknown[] }
  let now = 0
  const keys = createKeys({
    url: 'http://localhost',
    clock: { monotonic: () => now },
    staleAfter: 5000,
    warn: error => latchkey.warnings.push(error),
    fetch: async () => {
      latchkey.asked.push(performance.now())
      if (latchkey.isDown) throw new TypeError('fetch failed')
      const set = { keys: latchkey.published.map(kid => ({ ...jwk, kid })) }
      return Response.json(set, { headers: { 'cache-control': `max-age=${maxAgeMs / 1000}` } })
    }
  })
  t.teardown(keys.close)
  await keys.lookUp('first')
  return { keys, latchkey, passes: (ms: number) => { now += ms } }
}
