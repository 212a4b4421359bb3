import t from 'tap'
import type { Test } from 'tap'
import { serverOptions } from '../../../../lib/http/server/server-options.ts'
import { buildHttp, sendRaw } from '../../../support/http.ts'

t.test('a request that two readers could understand differently is refused, and the connection is closed', async t => {
  const app = await build(t)
  const requests = [
    'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n',
    'POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
    'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd',
    'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc',
    'GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n folded\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nX-Nul: a\0b\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nX: a\rb: c\r\n\r\n',
    'GET / HTTP/1.1\r\nHost : x\r\n\r\n',
    'GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n'
  ]

  for (const request of requests) {
    const answer = await sendRaw(app, request)
    t.match(answer, /^HTTP\/1\.1 400 /, JSON.stringify(request.slice(0, 90)))
    t.match(answer, /connection: close/i)
    t.equal(answer.match(/HTTP\/1\.1/g)?.length, 1, 'nothing behind it is taken for a second request')
  }
  t.match(await app.inject('/'), { statusCode: 200 })
})

t.test('an absolute URL and a foreign Host do not change where a request goes', async t => {
  const app = await build(t)
  t.match(await sendRaw(app, 'GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 (200|404) (?![^]*evil)/)
})

t.test('a long address, many headers and a large body are refused early', async t => {
  const app = await build(t)
  t.match(await sendRaw(app, `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`), /^HTTP\/1\.1 431 /)
  t.match(await sendRaw(app, `GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${'X: y\r\n'.repeat(5000)}\r\n`), /^HTTP\/1\.1 400 /)
  t.match(await sendRaw(app, `GET /things/${'x'.repeat(300)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`), /^HTTP\/1\.1 414 /)
  t.match(await sendRaw(app, 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n', /\r\n\r\n\{/), /^HTTP\/1\.1 413 [^]*connection: close/i)
  const chunk = `8000\r\n${' '.repeat(0x8000)}\r\n`
  t.match(await sendRaw(app, `POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}${chunk}`, /\r\n\r\n\{/), /^HTTP\/1\.1 413 /)
})

t.test('no request may take forever', async t => {
  const { requestTimeout, connectionTimeout, keepAliveTimeout, http } = serverOptions({
    http: { apiPrefix: '', trustProxy: [], clientAddressHeader: null, issuer: '', isExposed: false },
    logger: { level: 'silent', pretty: false }
  }, {})

  const timeouts = { requestTimeout, connectionTimeout, headersTimeout: http.headersTimeout }
  for (const [name, milliseconds] of Object.entries(timeouts)) {
    t.ok(milliseconds > 0 && milliseconds <= 30_000, name)
  }
  t.ok(keepAliveTimeout > 60_000, 'longer than the usual balancer keeps a connection')

  const app = await build(t)
  t.match(app.server, {
    requestTimeout,
    headersTimeout: http.headersTimeout,
    timeout: connectionTimeout,
    keepAliveTimeout
  })
  // The same server with a shorter time-out: the test shows that the time-out is enforced.
  Object.assign(app.server, { headersTimeout: 50, requestTimeout: 50 })
  t.match(await sendRaw(app, 'GET / HTTP/1.1\r\nHost: x\r\n'), /^HTTP\/1\.1 408 [^]*application\/problem\+json/, 'headers that never end')
  t.match(await sendRaw(app, 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{'), /^HTTP\/1\.1 408 /, 'a body that never comes')
})

t.test('two parameters with the same name are not merged into one', async t => {
  const app = await build(t)
  t.match((await app.inject('/?id=a&id=b')).json(), { code: 'invalid_request' })
  t.match((await app.inject('/?__proto__[x]=1&constructor=2')).json(), { code: 'invalid_request' })
  t.notOk(Reflect.get({}, 'x'))
})

async function build (t: Pick<Test, 'teardown'>) {
  const { app } = await buildHttp(t, app => {
    app.get('/', { schema: { querystring: { type: 'object', properties: { id: { type: 'string' } }, additionalProperties: false } } }, async () => ({}))
    app.get('/things/:id', async () => ({}))
    app.post('/echo', async ({ body }) => ({ body }))
  })
  return app
}
