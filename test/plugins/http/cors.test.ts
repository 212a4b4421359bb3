import t from 'tap'
import type { Test } from 'tap'
import { buildHttp } from '../../support/http.ts'

t.test('a listed origin may call with credentials', async t => {
  const app = await build(t)
  for (const origin of ['https://app.example.com', 'capacitor://localhost']) {
    const answer = await app.inject({ url: '/', headers: { origin } })
    t.match(answer.headers, {
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'ETag, X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, WWW-Authenticate',
      vary: /Origin/
    })
  }
})

t.test('a listed origin can read refusals too', async t => {
  const app = await build(t)
  const answer = await app.inject({ url: '/nothing', headers: { origin: 'https://app.example.com' } })
  t.match(answer, { statusCode: 404, headers: { 'access-control-allow-origin': 'https://app.example.com' } })
})

t.test('no other origin gets a CORS header, and no header is reflected', async t => {
  const app = await build(t)
  const origins = [
    'https://evil.com', 'https://app.example.com.evil.com', 'https://evil-app.example.com', 'null', 'http://app.example.com', 'https://app.example.com:8443',
    'https://APP.example.com', 'https://app.example.com/', 'https://app.example.com, https://evil.com', 'capacitor://evil', '*', ''
  ]

  for (const origin of origins) {
    for (const method of ['GET', 'OPTIONS'] as const) {
      const answer = await app.inject({ method, url: '/', headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-evil' } })
      t.strictSame(Object.keys(answer.headers).filter(name => name.startsWith('access-control')), [], `${method} from ${origin}`)
      t.match(answer.headers['vary'], /Origin/)
    }
  }
})

t.test('a preflight is answered from lists, not from what it asks for', async t => {
  const app = await build(t)
  const answer = await app.inject({ method: 'OPTIONS', url: '/', headers: { origin: 'https://app.example.com', 'access-control-request-method': 'EVIL', 'access-control-request-headers': 'x-evil' } })

  t.match(answer, { statusCode: 204, body: '' })
  t.match(answer.headers, {
    'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
    'access-control-allow-headers': 'Authorization, Content-Type, If-Match, X-Request-Id, traceparent, tracestate, baggage, sentry-trace',
    'access-control-max-age': '600'
  })
  t.notMatch(JSON.stringify(answer.headers), /evil/i)
})

async function build (t: Pick<Test, 'teardown'>) {
  const { app } = await buildHttp(t, app => { app.get('/', async () => 'ok') }, { allowedOrigins: ['https://app.example.com', 'capacitor://localhost'] })
  return app
}
