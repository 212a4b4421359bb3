import t from 'tap'
import { createHealth } from '../../../lib/operations/health.ts'
import { startStopwatch } from '../../support/stopwatch.ts'

t.test('a node is ready from its start until it drains', async t => {
  const { health } = build()

  t.notOk(health.isReady(), 'not before')
  await health.tick()
  health.started()
  t.ok(health.isReady())
  health.drain()
  t.notOk(health.isReady())
  health.started()
  t.notOk(health.isReady(), 'and never again')
})

t.test('a short failure of a store does not take the node out of the load balancer, a long absence does', async t => {
  const { health, state, pass } = build()
  await health.tick()
  health.started()

  state.redis = 'throws'
  await pass(1000)
  t.notOk(health.isUp('redis'))
  t.equal(health.overall(), 'degraded', 'people are told at once')
  await pass(4000)
  t.ok(health.isReady(), 'within the grace')
  await pass(1001)
  t.notOk(health.isReady(), 'beyond it')

  state.redis = 'answers'
  await pass(1000)
  t.ok(health.isReady(), 'back by itself')
  t.equal(health.overall(), 'healthy')
})

t.test('the grace counts from the first failure of the current absence', async t => {
  const { health, state, pass } = build()
  await health.tick()
  health.started()

  for (let i = 0; i < 4; i++) {
    state.database = 'throws'
    await pass(3000)
    state.database = 'answers'
    await pass(1000)
  }
  t.ok(health.isReady())
})

t.test('a node that cannot sign is unhealthy and gets no traffic', async t => {
  const { health, state, pass } = build()
  await health.tick()
  health.started()

  state.keys = 'throws'
  state.redis = 'throws'
  await pass(1000)
  t.equal(health.overall(), 'unhealthy')
  t.ok(health.isReady(), 'a blip does not empty a whole balancer')
  await pass(5001)
  t.notOk(health.isReady())
})

t.test('a node whose feed is stale or whose clock is wrong is degraded and gets no traffic', async t => {
  const { health, state, pass } = build()
  await health.tick()
  health.started()

  state.feed = 'throws'
  await pass(1000)
  t.equal(health.overall(), 'degraded')
  await pass(5001)
  t.notOk(health.isReady())
})

for (const name of ['database', 'redis', 'feed', 'keys']) {
  t.test(`a node for which ${name} has never worked gets no grace`, async t => {
    const { health, state, pass } = build()
    state[name] = 'throws'
    await health.tick()
    health.started()
    t.notOk(health.isReady())

    state[name] = 'answers'
    await pass(500)
    t.ok(health.isReady(), 'and is looked at again soon')
  })
}

t.test('a node whose keys are proved late, because its machine is busy, is ready meanwhile', async t => {
  const { health, state, pass } = build()
  state.keys = 'hangs'
  await health.tick()
  health.started()
  t.ok(health.isReady())
  await pass(5001)
  t.notOk(health.isReady(), 'but not for ever')
})

t.test('the state of the mail server is shown and changes nothing', async t => {
  const { health, state, pass } = build()
  t.equal(health.isUp('mail'), undefined)
  health.register('mail', () => { throw new Error('no') })
  await health.tick()
  health.started()

  t.equal(health.isUp('mail'), false)
  t.equal(health.overall(), 'healthy')
  await pass(60_000)
  t.ok(health.isReady())
  t.equal(state.database, 'answers')
})

t.test('a probe that hangs fails at its deadline, and is not started again meanwhile', async t => {
  const { health, state, pass, asked } = build()
  state.redis = 'hangs'
  const passed = startStopwatch()

  await health.tick()
  t.ok(passed() < 1000, 'nobody waits longer than the deadline')
  t.equal(health.isUp('redis'), false)
  await pass(1000)
  await pass(1000)
  t.equal(asked['redis'], 1, 'one question hangs there, not three')
  t.equal(asked['database'], 3, 'the others go on')
})

t.test('health requests run no probe, and probes run no more often than they are due', async t => {
  const { health, pass, asked } = build()
  await health.tick()
  for (let i = 0; i < 1000; i++) {
    health.isReady()
    health.overall()
    health.isUp('database')
  }
  await Promise.all(Array.from({ length: 100 }, () => health.tick()))
  t.equal(asked['database'], 1)
  await pass(1000)
  t.equal(asked['database'], 2)
})

/**
 * A node whose stores answer, throw or hang as `state` says; `pass` moves its time and runs the probes that are due.
 */
function build () {
  const state: Record<string, 'answers' | 'throws' | 'hangs'> = { database: 'answers', redis: 'answers', feed: 'answers', keys: 'answers' }
  const asked: Record<string, number> = {}
  let time = 1000
  const health = createHealth({ readyGrace: 5000, now: () => time, deadline: 50 })

  for (const name of Object.keys(state)) {
    health.register(name, async () => {
      asked[name] = (asked[name] ?? 0) + 1
      if (state[name] === 'throws') throw new Error(name)
      if (state[name] === 'hangs') await new Promise(() => {})
    })
  }
  return { health, state, asked, pass }

  async function pass (milliseconds: number) {
    time += milliseconds
    await health.tick()
  }
}
