import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { freePort } from '../../dev/services/ports.ts'
import { startRedis } from '../../dev/services/services.ts'
import type { RedisServer } from '../../dev/services/services.ts'
import { until } from '../support/until.ts'

type Teardown = Pick<Test, 'teardown'>

/** A Cluster of three masters, each with a replica that takes its place. */
export async function startCluster (t: Teardown) {
  const password = randomUUID()
  const config = ['cluster-enabled yes', 'cluster-node-timeout 2000', 'cluster-replica-validity-factor 0']
  const servers = await startServers(t, 6, password, { config })
  const [first] = servers
  if (!first) throw new Error('no cluster')

  execFileSync(first.cli, ['-p', String(first.port), '--cluster', 'create', ...servers.map(({ port }) => `127.0.0.1:${port}`), '--cluster-replicas', '1', '--cluster-yes'], {
    env: { ...process.env, ...first.env, REDISCLI_AUTH: password }
  })
  await until(async () => {
    const states = await Promise.all(servers.map(server => ask(server, 'CLUSTER', 'INFO')))
    const roles = await Promise.all(servers.map(server => ask(server, 'INFO', 'replication')))
    return states.every(state => /cluster_state:ok[^]*cluster_known_nodes:6/.test(state)) && roles.filter(isFollowing).length === 3
  }, 20_000)
  // One of the configured nodes is enough.
  const url = `redis://:${password}@${servers.slice(1, 4).map(({ port }) => `127.0.0.1:${port}`).join(',')}?cluster`
  return { url, password, servers, masters: servers.slice(0, 3) }
}

/** A master with a replica, and three Sentinels that watch them. */
export async function startSentinels (t: Teardown) {
  const password = randomUUID()
  const masterPort = await freePort()
  const [master] = await startServers(t, 1, password, { port: masterPort })
  const [replica] = await startServers(t, 1, password, { config: [`replicaof 127.0.0.1 ${masterPort}`] })
  if (!master || !replica) throw new Error('no servers')

  await until(async () => isFollowing(await ask(replica, 'INFO', 'replication')), 20_000)
  const sentinels = await startServers(t, 3, password, {
    args: ['--sentinel'],
    config: [`sentinel monitor main 127.0.0.1 ${masterPort} 2`, `sentinel auth-pass main ${password}`, 'sentinel down-after-milliseconds main 1000', 'sentinel failover-timeout main 4000', 'sentinel parallel-syncs main 1']
  })
  await until(async () => (await Promise.all(sentinels.map(sentinel => ask(sentinel, 'SENTINEL', 'CKQUORUM', 'main')))).every(answer => /^OK 3/.test(answer)), 20_000)
  await until(async () => (await ask(sentinels[0], 'INFO', 'sentinel')).includes('slaves=1,sentinels=3'), 20_000)
  return { url: `redis+sentinel://:${password}@${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/main`, master, replica, sentinels }
}

/** The answer of a server to one command, or the reason why there is none. */
export async function ask (server: Pick<RedisServer, 'port' | 'password'> | undefined, command: string, ...values: string[]): Promise<string> {
  const redis = new Redis({ host: '127.0.0.1', port: server?.port ?? 0, password: server?.password ?? '', lazyConnect: true, enableReadyCheck: false, retryStrategy: () => null, commandTimeout: 1000 })
  redis.on('error', () => {})
  try {
    return String(await redis.call(command, ...values))
  } catch (error) {
    return String(error)
  } finally {
    redis.disconnect()
  }
}

export const isFollowing = (replication: string) => /role:slave[^]*master_link_status:up/.test(replication)

async function startServers (
  t: Teardown,
  count: number,
  password: string,
  options: { port?: number, config?: string[], args?: string[] }
) {
  const folder = mkdtempSync(join(tmpdir(), 'redis-'))
  const servers = await Promise.all(Array.from(
    { length: count },
    (_, n) => startRedis({ dataDir: join(folder, String(n)), durable: false, password, ...options })
  ))
  t.teardown(() => Promise.all(servers.map(server => server.stop())))
  return servers
}
