import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster } from 'ioredis'
import t from 'tap'
import type { Test } from 'tap'
import { startRedis } from '../../../dev/services/services.ts'
import { createClock } from '../../../lib/clock.ts'
import { createRateLimitStatuses } from '../../../lib/http/rate-limit-status.ts'
import { createHotSessions } from '../../../lib/sessions/hot-session-store.ts'
import { createRedisScripts } from '../../../lib/stores/redis-scripts.ts'
import { createRateLimitStore } from '../../../lib/throttling/rate-limit-store.ts'
import { createRateLimits } from '../../../lib/throttling/rate-limits.ts'
import { startStopwatch } from '../../support/stopwatch.ts'

const hour = 3600_000
const { redis, masters } = await startCluster(t)
const scripts = createRedisScripts(redis, { concurrency: 500, deadline: 10_000 })
const clock = createClock()

t.test('limits are exact in a Redis Cluster, wherever their keys are', async t => {
  const rate = (limit: number) => [{ limit, window: hour }]
  const limits = createRateLimits({
    statuses: createRateLimitStatuses(),
    store: createRateLimitStore(scripts, clock),
    keys: [Buffer.alloc(32, 7)],
    limits: {
      enabled: true,
      global: rate(1000),
      login: rate(3),
      secondFactor: rate(20),
      register: rate(3),
      refresh: rate(20),
      mail: rate(3),
      mailAddress: rate(10)
    }
  })
  const caller = (n: number) => ({ ip: `203.0.113.${n}`, userAgent: null, requestId: 'r' })
  const codes = await Promise.all(Array.from({ length: 200 }, (_, n) => limits.count({ policy: 'login', caller: caller(n % 40) }, async () => {}).then(() => 'counted', error => String(error.code))))
  t.equal(codes.filter(code => code === 'counted').length, 120)
  t.equal(codes.filter(code => code === 'rate_limited').length, 80)

  for (const address of ['ada@example.com', 'bob@example.com', 'eve@example.com', 'joe@example.com']) {
    const sent = await Promise.all(Array.from({ length: 60 }, (_, n) => limits.countMail({ kind: 'registration', address, caller: caller(n % 30) }, async mayMail => mayMail)))
    t.equal(sent.filter(Boolean).length, 10, `ten mails to ${address}`)
  }
  const spread = await Promise.all(redis.nodes('master').map(node => node.dbsize()))
  t.equal(spread.length, masters)
  t.ok(spread.every(keys => keys > 0), `keys lie everywhere: ${spread}`)
})

t.test('rotations are counted in a Redis Cluster', async t => {
  const hot = createHotSessions(scripts, clock, { graceMs: 0, canResume: true, rates: [{ limit: 2, window: hour }] })
  for (let n = 0; n < 20; n++) {
    const id = randomUUID()
    let newest = await hot.begin(id, hour)
    for (const left of [1, 0]) {
      const step = await hot.present(id, newest, { floor: 0, lifetimeMs: hour })
      t.match(step, { outcome: 'rotated', counts: [{ used: 2 - left }] })
      if (step.outcome === 'rotated') newest = step
    }
    t.match(await hot.present(id, newest, { floor: 0, lifetimeMs: hour }), { outcome: 'limited' })
    t.match(await hot.advance(id, { floor: 0, lifetimeMs: hour }), { generation: 4 })
  }
})

/** A cluster of three masters: enough slots on other masters to notice a key in the wrong slot. */
async function startCluster (t: Pick<Test, 'teardown'>) {
  const password = randomUUID()
  const folder = mkdtempSync(join(tmpdir(), 'cluster-'))
  const servers = await Promise.all([1, 2, 3].map(n => startRedis({
    dataDir: join(folder, String(n)), durable: false, password, config: ['cluster-enabled yes', 'cluster-node-timeout 2000']
  })))
  const [first] = servers
  if (!first) throw new Error('no cluster')

  execFileSync(first.cli, ['-p', String(first.port), '--cluster', 'create', ...servers.map(({ port }) => `127.0.0.1:${port}`), '--cluster-yes'], {
    env: { ...process.env, ...first.env, REDISCLI_AUTH: password }
  })
  const redis = new Cluster(servers.map(({ port }) => ({ host: '127.0.0.1', port })), { keyPrefix: 'test:', redisOptions: { password } })
  t.teardown(async () => {
    redis.disconnect()
    await Promise.all(servers.map(server => server.stop()))
  })
  for (const passed = startStopwatch(); !/cluster_state:ok/.test(String(await redis.cluster('INFO').catch(() => ''))); await sleep(50)) {
    if (passed() > 10_000) throw new Error('the cluster does not come up')
  }
  return { redis, masters: servers.length }
}
