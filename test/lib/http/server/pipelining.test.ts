import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { text } from 'node:stream/consumers'
import t from 'tap'
import type { Test } from 'tap'
import { buildHttp, sendRaw } from '../../../support/http.ts'

const request = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
const lastRequest = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

t.test('a client that sends a thousand requests ahead is cut off, and few of them are begun', async t => {
  const { app, begun } = await build(t)

  t.equal(await sendRaw(app, request.repeat(1000) + lastRequest).catch(() => ''), '', 'the connection is closed')
  t.ok(begun() <= 16, `${begun()} were begun`)
  t.match(await sendRaw(app, lastRequest), /^HTTP\/1\.1 200 /, 'another connection is served')
})

t.test('a few requests sent ahead are all answered', async t => {
  const { app } = await build(t)
  t.equal(countAnswers(await sendRaw(app, request.repeat(15) + lastRequest)), 16)
})

t.test('any number of requests in turn is answered on one connection', async t => {
  const { app } = await build(t)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())

  const ports = new Set<unknown>()
  for (let i = 0; i < 40; i++) {
    const [answer] = await once(get(url, { agent }), 'response')
    ports.add(JSON.parse(await text(answer)).port)
  }
  t.equal(ports.size, 1)
})

const countAnswers = (answers: string) => answers.match(/HTTP\/1\.1 200 /g)?.length

/** A server whose answers need a turn of the event loop. */
async function build (t: Pick<Test, 'teardown'>) {
  let count = 0
  const { app } = await buildHttp(t, app => {
    app.get('/', async ({ socket }) => {
      count++
      await new Promise(resolve => { setImmediate(resolve) })
      return { port: socket.remotePort }
    })
  })
  return { app, begun: () => count }
}
