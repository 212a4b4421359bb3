import t from 'tap'
import { defaultDeadline, isUnavailable, outcomeOf } from '../failure/nodes.ts'
import { as, deploy, refresh, start } from '../support/helper.ts'
import { until } from '../support/until.ts'
import { prepare, showAftermath, twoNodes, wholeFlow } from './redis-flow.ts'
import { ask, isFollowing, startCluster } from './redis-topologies.ts'

/** The number of slots of the first of three masters, as `redis-cli --cluster create` distributes them. */
const firstThird = 5461
const { url, password, masters } = await startCluster(t)

t.test('the whole flow works on a Redis Cluster', async t => {
  await wholeFlow(t, url)
  const sizes = await Promise.all(masters.map(server => ask(server, 'DBSIZE')))
  t.ok(sizes.every(size => Number(size) > 0), `keys lie everywhere: ${sizes}`)
})

t.test('a node finds the others from any single one that is configured', async t => {
  const nodes = await twoNodes(t, { ...defaultDeadline, REDIS_URL: `redis://:${password}@127.0.0.1:1,127.0.0.1:${masters[1]?.port}?cluster` })
  for (const node of nodes) t.equal(await node.redis.ping(), 'PONG')
})

t.test('if no node answers, or with a wrong password, no server starts', async t => {
  for (const REDIS_URL of ['redis://127.0.0.1:1,127.0.0.1:2?cluster', url.replace(password, 'wrong')]) {
    await t.rejects(start(t, await deploy(t, { REDIS_URL })), REDIS_URL.replace(password, ''))
  }
})

t.test('a single master that is full is shown', async t => {
  const node = await start(t, await deploy(t, { ...defaultDeadline, REDIS_URL: url }))
  const takesWrites = () => node.writeWatches.redis.takesWrites()

  for (const master of masters) {
    t.equal(await ask(master, 'CONFIG', 'SET', 'maxmemory', '1'), 'OK')
    await until(() => takesWrites() === false)
    t.match(await node.inject('/health/ready'), { statusCode: 200 })
    t.equal(await ask(master, 'CONFIG', 'SET', 'maxmemory', '0'), 'OK')
    await until(() => takesWrites() === true)
  }
})

t.test('when a master dies, its replica takes over and no session is lost', async t => {
  const nodes = await twoNodes(t, { ...defaultDeadline, REDIS_URL: url })
  const [first] = nodes
  const before = await prepare(first)
  const slots = await Promise.all(before.held.map(async ({ session }) => Number(await ask(masters[1], 'CLUSTER', 'KEYSLOT', `{${session.id}}`))))
  const lost = before.held.find((_, n) => (slots[n] ?? 0) < firstThird)
  const kept = before.held.find((_, n) => (slots[n] ?? 0) >= firstThird)
  if (!lost || !kept) throw new Error('every session lies with one master')
  await until(async () => (await Promise.all(masters.map(server => ask(server, 'INFO', 'replication')))).every(isCaughtUp), 5000)

  await masters[0]?.kill()
  for (const node of nodes) {
    t.match(await refresh(node, kept.refresh_token), { statusCode: 200 }, 'whose record lies elsewhere goes on at once')
    await isUnavailable(t, 'refresh', () => refresh(node, lost.refresh_token))
  }
  t.match(await as(first, before.ended.access_token, 'POST', '/auth/logout'), { statusCode: 204 }, 'a session ends meanwhile')

  const refused = new Set<string>()
  for (const node of nodes) {
    for (const tokens of before.held) {
      await until(async () => {
        const answer = await refresh(node, tokens.refresh_token)
        if (answer.statusCode !== 200) refused.add(outcomeOf(answer))
        return answer.statusCode === 200
      }, 20_000)
    }
  }
  t.ok([...refused].every(outcome => outcome === '503 unavailable'), `nothing but 503 meanwhile: ${[...refused]}`)
  await showAftermath(t, nodes, before)

  await t.test('when the master comes back as a replica, nothing revives', async t => {
    await masters[0]?.start()
    await until(async () => isFollowing(await ask(masters[0], 'INFO', 'replication')), 20_000)
    for (const node of nodes) t.equal(outcomeOf(await refresh(node, before.ended.refresh_token)), '401 session_ended signed_out')
    await wholeFlow(t, url)
  })
})

function isCaughtUp (replication: string) {
  const [, replica] = /slave0:.*offset=(\d+)/.exec(replication) ?? []
  const [, own] = /master_repl_offset:(\d+)/.exec(replication) ?? []
  return replica !== undefined && replica === own
}
