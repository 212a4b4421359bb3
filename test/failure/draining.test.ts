import { connect } from 'node:net'
import t from 'tap'
import { api, deploy, signIn, start } from '../support/helper.ts'
import { until } from '../support/until.ts'
import { spawnNode } from './nodes.ts'

/** More than the node can answer as fast as they ask. */
const clients = 200

t.test('a node that stops while it has more to do than it can answers each request that has reached it', async t => {
  const deployment = await deploy(t, { SHUTDOWN_TIMEOUT: '10s' })
  const token = (await signIn(await start(t, deployment, { workers: false }))).access_token

  for (let stop = 0; stop < 2; stop++) {
    const node = await spawnNode(t, { ...deployment, LOG_LEVEL: 'warn' })
    const outcomes = { answered: 0, refused: 0, reset: 0 }
    const asking = Array.from({ length: clients }, async () => {
      while (outcomes.refused < clients) outcomes[await ask(Number(new URL(node.url).port), token)]++
    })
    await until(() => outcomes.answered > 10 * clients, 60_000)

    process.kill(node.pid, 'SIGTERM')
    t.equal(await node.exited, 0)
    await Promise.all(asking)
    t.match(outcomes, { reset: 0 })
  }
})

/** One request on a connection of its own. Where the connection was refused, another node could be asked. */
async function ask (port: number, token: string) {
  return await new Promise<'answered' | 'refused' | 'reset'>(resolve => {
    let isConnected = false
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => {
      isConnected = true
      const headers = ['host: localhost', 'connection: close', `authorization: Bearer ${token}`]
      socket.write([`GET ${api('/auth/check')} HTTP/1.1`, ...headers, '\r\n'].join('\r\n'))
    })
    socket.on('data', data => { answer += String(data) })
    socket.on('error', () => {})
    socket.on('close', () => {
      resolve(answer.startsWith('HTTP/1.1 204') ? 'answered' : isConnected ? 'reset' : 'refused')
    })
  })
}
