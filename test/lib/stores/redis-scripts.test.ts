import t from 'tap'
import type { Test } from 'tap'
import { createRedisScripts } from '../../../lib/stores/redis-scripts.ts'

const deadline = 1000

t.test('an answer that took longer does not replace the time of Redis that is known, if both may be right', async t => {
  const { scripts, pinged, time } = open(t)
  await pinged({ tookMs: 1 })
  await pinged({ tookMs: 20 })
  t.equal(scripts.latest(), time() + deadline)
  await pinged({ tookMs: 20, aheadMs: 15 })
  t.equal(scripts.latest(), time() + deadline, 'it was on its way for some of that time')
})

for (const aheadMs of [5000, -5000]) {
  t.test(`an answer that contradicts the time that is known replaces it at once: ${aheadMs} ms`, async t => {
    const { scripts, pinged, time } = open(t)
    await pinged({ tookMs: 1 })
    await pinged({ tookMs: 20, aheadMs })
    t.equal(scripts.latest(), time() + aheadMs - 20 + deadline, 'as after a failover to another Redis')
    await pinged({ tookMs: 1, aheadMs })
    t.equal(scripts.latest(), time() + aheadMs + deadline, 'and a quicker answer is exact again')
  })
}

t.test('a clock that is far off gives no time', async t => {
  const { scripts, pinged } = open(t)
  t.equal(scripts.latest(), '', 'nothing is known yet')
  await pinged({ tookMs: 1 })
  t.ok(scripts.latest())
  await pinged({ tookMs: 20, aheadMs: 60_000 })
  t.throws(() => scripts.latest(), { code: 'unavailable' })
})

t.test('Redis that cannot serve is unavailable, also where it names the reason inside of the error of a script', async t => {
  // Redis before 7 wraps what a command inside a script has met.
  const wrapped = (reason: string) => {
    return `ERR Error running script (call to f_${'0a'.repeat(20)}): @user_script:41: @user_script: 41: ${reason}`
  }
  for (const reason of [
    "-OOM command not allowed when used memory > 'maxmemory'.",
    "-READONLY You can't write against a read only replica.",
    '-MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk.',
    '-LOADING Redis is loading the dataset in memory',
    '-NOREPLICAS Not enough good replicas to write.'
  ]) {
    await t.rejects(failing(reason.slice(1))(), { code: 'unavailable' }, reason)
    await t.rejects(failing(wrapped(reason))(), { code: 'unavailable' }, `wrapped: ${reason}`)
  }
  for (const mistake of [
    'WRONGTYPE Operation against a key holding the wrong kind of value',
    wrapped('-WRONGTYPE Operation against a key holding the wrong kind of value'),
    wrapped('-ERR value is not an integer or out of range'),
    wrapped("Script attempted to access nonexistent global variable 'x'")
  ]) {
    await t.rejects(failing(mistake)(), { message: mistake, code: undefined }, mistake)
  }
})

/** A script that Redis answers with this error. */
function failing (message: string) {
  const fail = async () => { throw Object.assign(new Error(message), { name: 'ReplyError' }) }
  const redis = { evalsha: fail, eval: fail, time: async () => [], xadd: async () => null, set: fail }
  const script = createRedisScripts(redis, { concurrency: 1, deadline }).script('uncount-request')
  return () => script(['a'], [1])
}

/**
 * Scripts of a Redis whose clock is `aheadMs` ahead of ours, on a machine whose monotonic clock moves only while Redis
 * answers. Redis reads its clock at the beginning of a call, unless it takes one millisecond.
 */
function open (t: Test) {
  const began = Date.now()
  let [passed, next] = [0, { tookMs: 0, aheadMs: 0 }]
  t.intercept(performance, 'now', { value: () => passed })
  const redis = {
    async time () {
      const readAt = next.tookMs === 1 ? passed + 1 : passed
      passed += next.tookMs
      const read = began + readAt + next.aheadMs
      return [Math.floor(read / 1000), read % 1000 * 1000]
    },
    async evalsha () {},
    async eval () {},
    async xadd () { return null },
    async set () { return null }
  }
  const scripts = createRedisScripts(redis, { concurrency: 1, deadline })
  return { scripts, pinged, time: () => began + passed }

  async function pinged ({ tookMs, aheadMs = 0 }: { tookMs: number, aheadMs?: number }) {
    next = { tookMs, aheadMs }
    await scripts.ping()
  }
}
