import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { createServer, connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { spawnGuarded } from '../../dev/processes/guarded.ts'
import { program } from '../../dev/processes/program.ts'
import { freePort } from '../../dev/services/ports.ts'
import { startPostgres, startRedis } from '../../dev/services/services.ts'
import type { PostgresOptions } from '../../dev/services/services.ts'
import { migrate } from '../../dev/services/template.ts'
import { api, as, post } from '../support/helper.ts'
import { startStopwatch } from '../support/stopwatch.ts'
import { until } from '../support/until.ts'

type Teardown = Pick<Test, 'teardown'>

/** The time limit of a statement in a deployment with default settings; `deploy` allows more. */
export const defaultDeadline = { DB_STATEMENT_TIMEOUT: '1500ms', DB_CONNECT_TIMEOUT: '2s' }

/** A folder that servers running as other users can enter. */
function folder (name: string) {
  return join(mkdtempSync(join(tmpdir(), 'failure-')), name)
}

/** A Redis that a test may flush, freeze and kill; it keeps nothing but what SAVE has written. */
export async function ownRedis (t: Teardown) {
  const redis = await startRedis({ dataDir: folder('redis'), durable: false })
  t.teardown(redis.stop)
  return redis
}

/** A migrated Postgres that a test may freeze and kill, with the settings to reach it. */
export async function ownPostgres (t: Teardown, redisUrl: string, options: Partial<PostgresOptions> = {}) {
  const postgres = await startPostgres({ dataDir: folder('postgres'), durable: true, ...options })
  const settings = {
    DATABASE_URL: postgres.databaseUrl,
    DATABASE_DIRECT_URL: postgres.databaseDirectUrl,
    ...defaultDeadline
  }
  t.teardown(postgres.stop)

  await migrate({ ...settings, REDIS_URL: redisUrl, NODE_ENV: 'test', ENCRYPTION_KEY: randomBytes(32).toString('base64') })
  return { postgres, settings }
}

/**
 * A connection to a store that can fail: `cut` refuses and resets, `swallow` keeps connections open and lets nothing
 * through, `shut` accepts and closes at once, `slow` keeps back each part of an answer. `restore` is for new
 * connections; those that were swallowed stay dead, as behind a firewall that has forgotten them.
 */
export async function openProxy (t: Teardown, url: string) {
  const target = new URL(url)
  const { hostname, port } = target
  const pairs = new Set<{ client: Socket, server: Socket, isDead: boolean }>()
  let mode: 'open' | 'cut' | 'swallow' | 'shut' = 'open'
  let accepted = 0
  let delayMs = 0

  const proxy = createServer(client => {
    accepted++
    if (mode === 'cut') return client.resetAndDestroy()
    if (mode === 'shut') return client.end()

    const server = connect(Number(port), hostname)
    const pair = { client, server, isDead: mode === 'swallow' }
    pairs.add(pair)
    relay(client, server, pair)
    relay(server, client, pair, () => delayMs)
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    proxy.close()
    reset()
  })

  target.hostname = '127.0.0.1'
  target.port = String((proxy.address() as AddressInfo).port)
  return {
    url: target.href,
    cut () { mode = 'cut'; reset() },
    shut () { mode = 'shut'; reset() },
    swallow () { mode = 'swallow'; for (const pair of pairs) pair.isDead = true },
    slow (milliseconds: number) { delayMs = milliseconds },
    restore () { mode = 'open' },
    get accepted () { return accepted }
  }

  function relay (from: Socket, to: Socket, pair: { isDead: boolean }, delay = () => 0) {
    const pass = (chunk: Buffer) => { if (!pair.isDead) to.write(chunk) }
    from.setNoDelay(true)
    from.on('data', chunk => { if (delay() === 0) pass(chunk); else setTimeout(pass, delay(), chunk) })
    from.on('error', () => {})
    from.on('close', () => { if (!pair.isDead) to.destroy() })
  }

  function reset () {
    for (const { client, server } of pairs) {
      client.resetAndDestroy()
      server.destroy()
    }
    pairs.clear()
  }
}

/** A node in a process of its own, at the port of the settings or a free one; `entry` is the file that it runs. */
export async function spawnNode (t: Teardown, settings: NodeJS.ProcessEnv, entry = 'server.ts') {
  const port = Number(settings['PORT'] ?? await freePort())
  const node = await spawnGuarded([process.execPath, ...program(entry)], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TMPDIR: process.env['TMPDIR'], LOG_LEVEL: 'info', HOST: '127.0.0.1', PORT: String(port), ...settings },
    output: 'pipe'
  })
  let output = ''
  for (const stream of [node.stdout, node.stderr]) stream?.on('data', chunk => { output += String(chunk) })
  t.teardown(async () => { await node.kill() })

  const url = `http://127.0.0.1:${port}`
  let hasEnded = false
  node.exited.then(() => { hasEnded = true })
  await until(async () => hasEnded || await isReady(), 20_000, () => output, 50)
  if (hasEnded) throw new Error(`the node has ended: ${output}`)
  return { url, pid: node.pid, exited: node.exited, output: () => output, send }

  async function isReady () {
    return (await fetch(`${url}/health/ready`).catch(() => null))?.status === 200
  }

  /** A request to the API; null when the node closes the connection instead of answering. */
  async function send (method: string, path: string, { token, body }: { token?: string, body?: object } = {}) {
    return await fetch(`${url}${path}`, {
      method,
      headers: { ...(token && { authorization: `Bearer ${token}` }), ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) })
    }).catch(() => null)
  }
}

/** Repeats an action for this many milliseconds. */
export async function during (milliseconds: number, act: () => Promise<unknown>) {
  for (const end = performance.now() + milliseconds; performance.now() < end; await sleep(200)) await act()
}

/** An answer and how many milliseconds it took on an idle machine. */
export async function timed<T> (ask: () => Promise<T>) {
  const passed = startStopwatch()
  const answer = await ask()
  return { answer, took: Math.round(passed()) }
}

export const check = (app: FastifyInstance, token: string) => as(app, token, 'GET', '/auth/check')

/** The refusal of a request: status, code and reason, or only the status. */
export function outcomeOf ({ statusCode, body }: { statusCode: number, body: string }): string {
  if (statusCode < 400) return String(statusCode)
  const { code, reason } = JSON.parse(body)
  return [statusCode, code, reason].filter(Boolean).join(' ')
}

/** The claims of an access token. */
export function claimsOf (token: string): { auth_time: number, sid: string, exp: number } {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}

/** Fails unless the answer is a correct 503, in time. */
export async function isUnavailable (
  t: Test,
  name: string,
  ask: () => Promise<{ statusCode: number, headers: Record<string, unknown>, body: string }>,
  limitMs = 2000
) {
  const { answer, took } = await timed(ask)
  t.match(answer, { statusCode: 503, headers: { 'retry-after': /^\d+$/, 'content-type': /^application\/problem\+json/ } }, `${name} answers 503`)
  t.ok(took < limitMs, `${name} answers within ${limitMs} ms (${took} ms)`)
}

export const login = (app: FastifyInstance, { email, password }: { email: string, password: string }) => post(app, '/auth/login', { email, password })
export const live = (app: FastifyInstance) => app.inject({ method: 'GET', url: '/health/live' })
export { api }
