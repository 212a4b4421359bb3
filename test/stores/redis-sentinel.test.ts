import t from 'tap'
import { check, defaultDeadline, isUnavailable, outcomeOf } from '../failure/nodes.ts'
import { as, deploy, post, refresh, start } from '../support/helper.ts'
import { until } from '../support/until.ts'
import { prepare, showAftermath, twoNodes, wholeFlow } from './redis-flow.ts'
import { ask, isFollowing, startSentinels } from './redis-topologies.ts'

const { url, master, replica, sentinels } = await startSentinels(t)

t.test('the whole flow works on a Redis behind Sentinels', async t => await wholeFlow(t, url))

t.test('with a name that no Sentinel knows, or a wrong password, no server starts', async t => {
  for (const REDIS_URL of [url.replace('/main', '/other'), url.replace(/:[^:@]+@/, ':wrong@')]) {
    await t.rejects(start(t, await deploy(t, { REDIS_URL })))
  }
})

t.test('when a Sentinel and then the master die, its replica takes over and no session is lost', async t => {
  const nodes = await twoNodes(t, { ...defaultDeadline, REDIS_URL: url })
  const [first, second] = nodes
  const before = await prepare(first)
  const [one, two] = before.held
  await first.redis.wait(1, 2000)

  await sentinels[0]?.kill()
  await master.kill()
  for (const [node, tokens] of [[first, one], [second, two]] as const) {
    await isUnavailable(t, 'refresh', () => refresh(node, tokens?.refresh_token ?? ''))
    await isUnavailable(t, 'login', () => post(node, '/auth/login', { email: before.ada.email, password: before.ada.password }))
    t.match(await check(node, tokens?.access_token ?? ''), { statusCode: 204 }, 'check goes on')
  }
  t.match(await as(first, before.ended.access_token, 'POST', '/auth/logout'), { statusCode: 204 }, 'a session ends meanwhile')

  const refused = new Set<string>()
  for (const node of nodes) {
    const took = await until(async () => {
      const answer = await refresh(node, one?.refresh_token ?? '')
      if (answer.statusCode !== 200) refused.add(outcomeOf(answer))
      return answer.statusCode === 200
    }, 20_000)
    t.comment(`served again after ${took} ms`)
  }
  t.ok([...refused].every(outcome => outcome === '503 unavailable'), `nothing but 503 meanwhile: ${[...refused]}`)
  t.match(await ask(replica, 'INFO', 'replication'), /role:master/)
  await showAftermath(t, nodes, before)

  await t.test('when the master comes back as a replica, no node follows it, and nothing revives', async t => {
    await master.start()
    await until(async () => isFollowing(await ask(master, 'INFO', 'replication')), 20_000)
    for (const node of nodes) t.equal(outcomeOf(await refresh(node, before.ended.refresh_token)), '401 session_ended signed_out')
    await wholeFlow(t, url)
  })
})

t.test('when a master steps down, its replica takes over and no session is lost', async t => {
  const nodes = await twoNodes(t, { ...defaultDeadline, REDIS_URL: url })
  const [first] = nodes
  const before = await prepare(first)
  await first.redis.wait(1, 2000)
  // Sentinel may give a failover up half-way; asked again meanwhile it answers that one is in progress.
  await until(async () => {
    if (/role:master/.test(await ask(master, 'INFO', 'replication'))) return true
    await ask(sentinels[1], 'SENTINEL', 'FAILOVER', 'main')
    return false
  }, 30_000)
  await as(first, before.ended.access_token, 'POST', '/auth/logout')
  for (const node of nodes) await until(async () => (await refresh(node, before.held[0]?.refresh_token ?? '')).statusCode === 200, 10_000)
  await showAftermath(t, nodes, before)
})
