import t from 'tap'
import type { Test } from 'tap'
import { buildHttp } from '../../support/http.ts'

t.test('in staging and production a request that reached the proxy over plain http is refused', async t => {
  const app = await build(t, true)
  for (const forwarded of ['http', 'HTTP', 'https, http', 'ftp', '']) {
    const answer = await app.inject({ url: '/', headers: { 'x-forwarded-proto': forwarded } })
    t.match(answer, { statusCode: 403 }, forwarded)
    t.match(answer.json(), { code: 'https_required' })
    t.notOk(answer.headers['location'], 'and not redirected: a secret may have been sent by then')
  }
})

t.test('https, requests without a proxy, and health are let through', async t => {
  const app = await build(t, true)
  t.match(await app.inject({ url: '/', headers: { 'x-forwarded-proto': 'https' } }), { statusCode: 200 })
  t.match(await app.inject('/'), { statusCode: 200 })
  t.match(await app.inject({ url: '/health/live', headers: { 'x-forwarded-proto': 'http' } }), { statusCode: 200 })
  t.match(await app.inject({ url: '/healthy', headers: { 'x-forwarded-proto': 'http' } }), { statusCode: 403 }, 'nothing that only begins like it')
})

t.test('elsewhere plain http is accepted', async t => {
  const app = await build(t, false)
  t.match(await app.inject({ url: '/', headers: { 'x-forwarded-proto': 'http' } }), { statusCode: 200 })
})

async function build (t: Pick<Test, 'teardown'>, isExposed: boolean) {
  const { app } = await buildHttp(t, app => {
    for (const path of ['/', '/health/live', '/healthy']) app.get(path, async () => 'ok')
  }, { isExposed })
  return app
}
