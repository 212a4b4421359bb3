import { EventEmitter, once } from 'node:events'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { buildHttp } from '../../support/http.ts'

const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`

t.test('a request whose client hangs up before the answer is logged and measured once, as 499', async t => {
  const { send, arrival, closing, answer, answered, completed, counted } = await build(t)
  const client = await send(request('/slow'))
  await arrival
  client.destroy()
  await closing

  const expected = [{ msg: 'request cut off', req: { method: 'GET', url: '/slow', ip: '127.0.0.1' }, res: { statusCode: 499 }, responseTime: Number, request_id: String }]
  t.match(completed(), expected)
  t.strictSame(await counted(), ['method="GET",route="/slow",status="499"} 1'])

  answer()
  await answered
  await setImmediate()
  t.equal(completed().length, 1, 'the answer that nobody hears is not logged')
  t.strictSame(await counted(), ['method="GET",route="/slow",status="499"} 1'])
})

t.test('a request that is answered is logged and measured once, also when its client hangs up then', async t => {
  const { send, arrival, closing, answer, completed, counted } = await build(t)
  const client = await send(request('/slow'))
  await arrival
  answer()
  await once(client, 'data')
  client.destroy()
  await closing

  t.match(completed(), [{ msg: 'request completed', res: { statusCode: 200 } }])
  t.strictSame(await counted(), ['method="GET",route="/slow",status="200"} 1'])
})

t.test('an answer that is cut off on its way has the status that was sent', async t => {
  const { send, closing, completed, counted } = await build(t)
  const client = await send(request('/stream'))
  await once(client, 'data')
  client.destroy()
  await closing

  t.match(completed(), [{ msg: 'request cut off', res: { statusCode: 200 } }])
  t.strictSame(await counted(), ['method="GET",route="/stream",status="200"} 1'])
})

/** A server with a route that answers when it is told to, and one that begins an answer and never ends it. */
async function build (t: Pick<Test, 'teardown'>) {
  const moments = new EventEmitter()
  const [arrival, closing, answering, answered] = ['arrived', 'closed', 'answer', 'answered'].map(name => once(moments, name))
  const answer = () => moments.emit('answer')
  const { app, lines } = await buildHttp(t, app => {
    app.addHook('onRequest', async (_request, { raw }) => { raw.once('close', () => moments.emit('closed')) })
    app.get('/slow', async () => {
      moments.emit('arrived')
      await answering
      moments.emit('answered')
      return {}
    })
    app.get('/stream', async () => {
      const stream = new PassThrough()
      stream.write('begun')
      return stream
    })
  }, { level: 'info' })
  await app.listen({ host: '127.0.0.1', port: 0 })

  return { send, arrival, closing, answer, answered, completed, counted }

  async function send (bytes: string) {
    const client = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
    t.teardown(() => client.destroy())
    client.on('error', () => {}).write(bytes)
    return client
  }

  function completed () {
    return lines.map(line => JSON.parse(line)).filter(({ res }) => res !== undefined)
  }

  async function counted () {
    const series = /^http_request_duration_seconds_count\{(.*)$/gm
    return [...(await app.metrics.render()).matchAll(series)].map(([, found]) => found)
  }
}
