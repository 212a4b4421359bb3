import t from 'tap'
import { freePort } from '../../dev/services/ports.ts'
import { startNginx, withoutNginx } from '../browser/nginx.ts'
import { createAuthority } from '../stores/certificates.ts'
import { deploy, signIn, start } from '../support/helper.ts'
import { until } from '../support/until.ts'
import { sendWithoutPause } from './load.ts'
import { spawnNode } from './nodes.ts'

const operationsToken = 'operations-token'
const restarts = 10
/** Requests under way at once. */
const clients = 6

t.test(`${restarts} rolling restarts behind nginx lose no request`, { skip: withoutNginx }, async t => {
  const deployment = await deploy(t, { SHUTDOWN_TIMEOUT: '4s', TRUST_PROXY: '127.0.0.1', OPERATIONS_TOKEN: operationsToken })
  const token = (await signIn(await start(t, deployment, { workers: false }))).access_token
  const ports: [number, number] = [await freePort(), await freePort()]
  const nodes = await Promise.all(ports.map(async port => await startAt(port)))
  const { http, errorLog } = await startNginx(t, { latchkey: ports, reports: await freePort(), certified: createAuthority('Latchkey test').issue('auth.example.com') })

  const load = sendWithoutPause({ port: http, token, clients })
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
    await until(async () => await refreshesAt(ports[index] ?? 0) > 0, 10_000)
  }
  const outcomes = await load.stop()

  t.comment(JSON.stringify(outcomes))
  t.strictSame(Object.keys(outcomes).sort(), ['GET 204', 'POST 422'], errorLog().split('\n').filter(line => !line.includes('Connection refused')).join('\n'))
  t.ok(Object.values(outcomes).reduce((sum, count) => sum + count) > 400, 'under load')

  /** How many refreshes a node has answered since it started. */
  async function refreshesAt (port: number) {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { authorization: `Bearer ${operationsToken}` } })
    const counts = [...(await answer.text()).matchAll(/^http_request_duration_seconds_count\{[^}]*auth\/refresh[^}]*\} (\d+)$/gm)]
    return counts.reduce((sum, [, count]) => sum + Number(count), 0)
  }

  async function startAt (port: number) {
    return await spawnNode(t, { ...deployment, PORT: String(port), LOG_LEVEL: 'warn' })
  }
})
