import { Agent, request as requestHttp } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { freePort } from '../../dev/ports.ts'
import { startNginx, withoutNginx } from '../browser/nginx.ts'
import { createAuthority } from '../stores/certificates.ts'
import { deploy, signIn, start } from '../support/helper.ts'
import { api, spawnNode } from './nodes.ts'

const restarts = 10
/** Requests under way at once. */
const clients = 6

t.test(`${restarts} rolling restarts behind nginx lose no request`, { skip: withoutNginx, timeout: 300_000 }, async t => {
  const deployment = await deploy(t, { SHUTDOWN_TIMEOUT: '4s', TRUST_PROXY: '127.0.0.1' })
  const token = (await signIn(await start(t, deployment, { workers: false }))).access_token
  const ports: [number, number] = [await freePort(), await freePort()]
  const nodes = await Promise.all(ports.map(async port => await startAt(port)))
  const { http, errorLog } = await startNginx(t, { latchkey: ports, reports: await freePort(), certified: createAuthority('Latchkey test').issue('auth.example.com') })

  const load = sendWithoutPause(http, token)
  t.teardown(load.stop)
  for (let turn = 0; turn < restarts; turn++) {
    const index = turn % 2
    const stopping = performance.now()
    process.kill(nodes[index]?.pid ?? 0, 'SIGTERM')
    t.equal(await nodes[index]?.exited, 0)
    const took = performance.now() - stopping
    t.ok(took < 3800, `the drain ended before SHUTDOWN_TIMEOUT: ${Math.round(took)} ms`)
    nodes[index] = await startAt(ports[index] ?? 0)
    // nginx tries a node that was away again after a second: fail_timeout.
    await sleep(2000)
  }
  const outcomes = await load.stop()

  t.comment(JSON.stringify(outcomes))
  t.strictSame(Object.keys(outcomes).sort(), ['GET 204', 'POST 422'], errorLog().split('\n').filter(line => !line.includes('Connection refused')).join('\n'))
  t.ok(Object.values(outcomes).reduce((sum, count) => sum + count) > 400, 'under load')

  async function startAt (port: number) {
    return await spawnNode(t, { ...deployment, PORT: String(port), LOG_LEVEL: 'warn' })
  }
})

/** Sends requests through nginx until it is stopped; then returns how many had which outcome. */
function sendWithoutPause (port: number, token: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const outcomes: Record<string, number> = {}
  const over = new AbortController()
  const sending = Array.from({ length: clients }, async (_, client) => {
    for (let number = client; !over.signal.aborted; number++) {
      const method = number % 2 === 0 ? 'GET' : 'POST'
      const outcome = `${method} ${await ask(method).catch((error: Error) => error.message)}`
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      await sleep(100)
    }
  })

  return {
    async stop () {
      over.abort()
      await Promise.all(sending)
      agent.destroy()
      return outcomes
    }
  }

  // A POST that nginx may not repeat, and that needs no hash of a password.
  async function ask (method: 'GET' | 'POST') {
    return await new Promise<string>((resolve, reject) => {
      const path = api(method === 'GET' ? '/auth/check' : '/auth/refresh')
      const headers = method === 'GET' ? { authorization: `Bearer ${token}` } : { 'content-type': 'application/json' }
      const sent = requestHttp({ agent, host: '127.0.0.1', port, method, path, headers: { host: 'auth.example.com', ...headers } }, response => {
        response.resume().on('end', () => resolve(`${response.statusCode}${isRefusedBy(response)}`))
      })
      sent.on('error', reject).end(method === 'POST' ? '{"refresh_token":1}' : undefined)
    })
  }
}

/** Who could not answer: each answer of a node has the id of its request. */
function isRefusedBy ({ statusCode = 0, headers }: IncomingMessage) {
  if (statusCode < 500) return ''
  return headers['x-request-id'] === undefined ? ' of nginx' : ' of a node'
}
