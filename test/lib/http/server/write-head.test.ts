import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import Fastify from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { writeHeadWith } from '../../../../lib/http/server/write-head.ts'
import { sendRaw } from '../../../support/http.ts'

const constants = { 'cache-control': 'no-store', 'x-frame-options': 'DENY' }

t.test('constant headers are added to those of an answer', async t => {
  const { status, headers } = await ask(t, response => { response.writeHead(200, { etag: '"1"' }).end() })
  t.match({ status, headers }, { status: 200, headers: { ...constants, etag: '"1"' } })
})

t.test('a header that the answer sets itself wins, however it is set', async t => {
  const own = 'public, max-age=60'
  const ways: Record<string, (response: ServerResponse) => unknown> = {
    'by name': response => response.writeHead(200, { 'cache-control': own }).end(),
    'by turns': response => response.writeHead(200, ['Cache-Control', own]).end(),
    'with a reason': response => response.writeHead(200, 'Fine', { 'cache-control': own }).end(),
    before: response => response.setHeader('Cache-Control', own).writeHead(200).end(),
    'without a head': response => response.setHeader('Cache-Control', own).end()
  }

  for (const [way, answer] of Object.entries(ways)) {
    const { headers } = await ask(t, answer)
    t.equal(headers['cache-control'], own, way)
    t.equal(headers['x-frame-options'], 'DENY', way)
  }
})

t.test('a reason and several cookies arrive as they were given', async t => {
  const { statusText, cookies } = await ask(t, response => {
    response.writeHead(200, 'Fine', { 'set-cookie': ['a=1', 'b=2'] }).end()
  })
  t.same({ statusText, cookies }, { statusText: 'Fine', cookies: ['a=1', 'b=2'] })
})

t.test('each name is written once by Fastify, for a text, a stream and nothing at all', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  const writeHead = writeHeadWith(constants)
  app.addHook('onRequest', async (_request, reply) => { reply.raw.writeHead = writeHead })
  app.get('/text', async (_request, reply) => reply.header('Cache-Control', 'private').send('text'))
  app.get('/stream', async (_request, reply) => reply.header('Cache-Control', 'private').send(Readable.from(['stream'])))
  app.get('/nothing', async (_request, reply) => reply.header('Cache-Control', 'private').code(204).send())

  for (const path of ['/text', '/stream', '/nothing']) {
    const answer = await sendRaw(app, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    t.same(answer.match(/^cache-control: .*$/gim), ['cache-control: private'], path)
    t.match(answer, /^x-frame-options: DENY$/im, path)
  }
})

async function ask (t: Test, answer: (response: ServerResponse) => unknown) {
  const writeHead = writeHeadWith(constants)
  const server = createServer((_request, response) => {
    response.writeHead = writeHead
    answer(response)
  })
  t.teardown(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')

  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const { status, statusText, headers } = await fetch(`http://127.0.0.1:${address.port}`, { headers: { connection: 'close' } })
  return { status, statusText, headers: Object.fromEntries(headers), cookies: headers.getSetCookie() }
}
