import t from 'tap'
import type { Test } from 'tap'
import { buildHttp, sendRaw } from '../../support/http.ts'

t.test('a known path with another method is answered 405 with the methods it has', async t => {
  const { app } = await build(t)
  const cases: [string, string, string][] = [
    ['PUT', '/things', 'GET, HEAD, POST'], ['DELETE', '/things/', 'GET, HEAD, POST'], ['POST', '/things/7', 'DELETE, GET, HEAD'], ['PATCH', '/things/a%2Fb?x=1', 'DELETE, GET, HEAD'],
    ['OPTIONS', '/things', 'GET, HEAD, POST'], ['TRACE', '/things', 'GET, HEAD, POST'], ['PROPFIND', '/things/7', 'DELETE, GET, HEAD'], ['GET', '/only-post', 'POST'], ['HEAD', '/only-post', 'POST']
  ]

  for (const [method, url, allow] of cases) {
    const answer = await app.inject({ method: method as 'GET', url })
    t.match(answer, { statusCode: 405, headers: { allow } }, `${method} ${url}`)
    if (method !== 'HEAD') t.match(answer.json(), { code: 'method_not_allowed' })
  }
})

t.test('an unknown path is 404, whatever the method and the body', async t => {
  const { app } = await build(t)
  for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'] as const) {
    const answer = await app.inject({ method: method as 'GET', url: '/nothing', ...(method === 'POST' && { payload: '{', headers: { 'content-type': 'text/plain' } }) })
    t.match(answer, { statusCode: 404 }, method)
    t.match(answer.json(), { code: 'not_found' })
  }
})

t.test('a route that finds nothing is answered like an unknown path', async t => {
  const { app } = await build(t)
  const [found, unknown] = [await app.inject('/files/none'), await app.inject('/nothing')]
  t.match(found, { statusCode: 404, headers: { 'content-type': unknown.headers['content-type'] } })
  t.match(found.json(), { ...unknown.json(), code: 'not_found', request_id: String })
})

t.test('a path is taken literally: no trick leads to a route', async t => {
  const { app } = await build(t)
  for (const url of ['//things', '/./things', '/%2e%2e/things', '/x/../things', '/things%2F', '/things;x=1', '/things.', '/Things', '/things%00', '/things//7', '/%2fthings']) {
    t.match(await sendRaw(app, `POST ${url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`), /^HTTP\/1\.1 40[04] /, url)
  }
})

t.test('a method is taken literally: no header and no parameter overrides it', async t => {
  const { app } = await build(t)
  const answer = await app.inject({ method: 'GET', url: '/things/7?_method=DELETE', headers: { 'x-http-method-override': 'DELETE', 'x-http-method': 'DELETE', 'x-method-override': 'DELETE' } })
  t.equal(answer.body, 'read')
})

t.test('HEAD follows GET and has no body', async t => {
  const { app } = await build(t)
  const answer = await app.inject({ method: 'HEAD', url: '/things' })
  t.match(answer, { statusCode: 200, body: '' })
})

t.test('a trailing slash is ignored', async t => {
  const { app } = await build(t)
  t.match(await app.inject('/things/'), { statusCode: 200 })
  t.match(await app.inject('/things/7/'), { body: 'read' })
})

async function build (t: Pick<Test, 'teardown'>) {
  return await buildHttp(t, app => {
    app.get('/things', async () => 'all')
    app.post('/things', async () => 'made')
    app.get('/things/:id', async () => 'read')
    app.delete('/things/:id', async () => 'gone')
    app.post('/only-post', async () => 'made')
    app.get('/files/:name', async (_request, reply) => reply.callNotFound())
  })
}
