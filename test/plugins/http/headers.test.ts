import helmet from '@fastify/helmet'
import Fastify from 'fastify'
import t from 'tap'
import { helmetOptions, securityHeaders } from '../../../plugins/http/security-headers.ts'
import { buildHttp, sendRaw } from '../../support/http.ts'

t.test('every answer of every kind carries the same security headers', async t => {
  const { app } = await buildHttp(t, app => {
    app.get('/', async () => ({}))
    app.get('/empty', async (_request, reply) => { reply.code(204) })
    app.get('/moved', async (_request, reply) => reply.redirect('/'))
    app.get('/broken', async () => { throw new Error('broken') })
    app.post('/json', async () => ({}))
  })
  const requests: [string, number][] = [
    ['GET / HTTP/1.1\r\nHost: x', 200], ['GET /empty HTTP/1.1\r\nHost: x', 204], ['GET /moved HTTP/1.1\r\nHost: x', 302], ['GET /nothing HTTP/1.1\r\nHost: x', 404],
    ['PUT / HTTP/1.1\r\nHost: x', 405], ['GET / HTTP/1.1\r\nHost: x\r\nExpect: x', 417], ['GET /broken HTTP/1.1\r\nHost: x', 500], ['POST /json HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 1', 415],
    ['GET /%zz HTTP/1.1\r\nHost: x', 400], ['GET / HTTP/1.1', 400], ['GET / HTTP/1.1\r\nHost: x\r\nHost: y', 400], ['nonsense', 400], [`GET / HTTP/1.1\r\nHost: x\r\nX-Big: ${'x'.repeat(17_000)}`, 431]
  ]

  for (const [request, status] of requests) {
    const answer = await sendRaw(app, `${request}\r\nConnection: close\r\n\r\n`)
    t.match(answer, new RegExp(`^HTTP/1.1 ${status} `), request.slice(0, 40))
    for (const [name, value] of Object.entries({ ...securityHeaders, 'x-request-id': '' })) t.ok(answer.toLowerCase().includes(`${name}: ${value}`.toLowerCase()), `${status} has ${name}`)
    if (status >= 400) t.match(answer, /application\/problem\+json/)
    t.notMatch(answer, /^(server|x-powered-by):/im)
  }
})

t.test('an answer names its character set', async t => {
  const { app } = await buildHttp(t, app => { app.get('/', async () => ({})) })
  t.equal((await app.inject('/')).headers['content-type'], 'application/json; charset=utf-8')
})

t.test('the headers are those that helmet would set', async t => {
  t.strictSame(securityHeaders, {
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none';base-uri 'none';frame-ancestors 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'origin-agent-cluster': '?1',
    'referrer-policy': 'no-referrer',
    'strict-transport-security': 'max-age=63072000; includeSubDomains',
    'x-content-type-options': 'nosniff',
    'x-dns-prefetch-control': 'off',
    'x-download-options': 'noopen',
    'x-frame-options': 'DENY',
    'x-permitted-cross-domain-policies': 'none',
    'x-xss-protection': '0'
  })
  t.ok(Object.isFrozen(securityHeaders))
})

t.test('they are what helmet sets for a request', async t => {
  const app = Fastify()
  await app.register(helmet, helmetOptions)
  app.get('/', async (_request, reply) => { reply.header('cache-control', 'no-store').code(204) })

  const { date, connection, ...headers } = (await app.inject('/')).headers
  t.ok(date && connection)
  t.same(headers, securityHeaders)
})
