import { gzipSync } from 'node:zlib'
import t from 'tap'
import type { Test } from 'tap'
import { buildHttp, sendRaw } from '../../support/http.ts'

t.test('JSON in UTF-8 is read', async t => {
  const { app } = await build(t)
  for (const type of ['application/json', 'Application/JSON', 'application/json; charset=utf-8', 'application/json;charset=UTF-8', 'application/json; charset=utf8', 'application/json; charset="utf-8"']) {
    const answer = await app.inject({ method: 'POST', url: '/echo', headers: { 'content-type': type }, payload: '{"a":"é"}' })
    t.match(answer.json(), { body: { a: 'é' } }, type)
  }
})

t.test('any other kind of body is refused with 415, whatever is in it', async t => {
  const { app } = await build(t)
  const types = [
    'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/ json', 'application/json\t;x', 'application/json ;charset=utf-8',
    'application/json;charset=utf-7', 'application/json; charset=utf-16', 'application/json; charset=iso-8859-1', 'application/problem+json', 'application/jsonx', 'json', '*/*',
    'application/json, text/plain', 'application/json; charset=utf-8; charset=utf-7', 'text/plain; application/json'
  ]

  for (const type of types) {
    const answer = await app.inject({ method: 'POST', url: '/echo', headers: { 'content-type': type }, payload: '{"a":"b"}' })
    t.match(answer, { statusCode: 415 }, type)
    t.match(answer.json(), { code: 'unsupported_media_type' })
  }
  t.match(await app.inject({ method: 'POST', url: '/echo', headers: { 'content-length': '9' }, payload: Buffer.from('{"a":"b"}') }), { statusCode: 415 }, 'no type at all')
})

t.test('a compressed body is refused and not inflated', async t => {
  const { app } = await build(t)
  for (const encoding of ['gzip', 'br', 'deflate', 'gzip, gzip', 'identity', '']) {
    const answer = await app.inject({ method: 'POST', url: '/echo', headers: { 'content-type': 'application/json', 'content-encoding': encoding }, payload: gzipSync('{"a":"b"}') })
    t.match(answer, { statusCode: 415 }, encoding)
  }
})

t.test('a body in another transfer coding than chunked is refused, and the connection is closed', async t => {
  const { app, bodies } = await build(t)
  const send = async (coding: string) => await sendRaw(app, [
    'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n',
    `Transfer-Encoding: ${coding}\r\n\r\n7\r\n{"a":1}\r\n0\r\n\r\n`,
    'GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
  ].join(''))

  for (const coding of ['gzip, chunked', 'GZIP,chunked', 'identity, chunked']) {
    const answer = await send(coding)
    t.match(answer, /^HTTP\/1\.1 415 [^]*connection: close[^]*"code":"unsupported_media_type"/i, coding)
    t.equal(answer.match(/HTTP\/1\.1/g)?.length, 1, 'nothing behind it is answered')
  }
  t.strictSame(bodies, [], 'none reached the route')
  t.match(await send('Chunked'), /^HTTP\/1\.1 200 /)
})

t.test('a body that is not JSON, or could be read in two ways, is refused with 400', async t => {
  const { app } = await build(t)
  const bad = [
    '{', '{"a":1,}', "{'a':1}", '{"a":NaN}', '{"a":01}', '// c\n{}', '{"a":1} x', '\ufeff{}', '[1,]', '{"a":"\u0001"}', '{"a":"\\x41"}', 'nul', '{"a" 1}',
    '{"a":1,"a":2}', '{"b":[{"a":1,"\\u0061":2}]}', '{"b":{"a":1,"c":{},"a":2}}',
    '{"__proto__":{"polluted":1}}', '{"\\u005f_proto__":{"polluted":1}}', '{"a":[{"b":{"__proto__":1}}]}', '{"constructor":{"prototype":{"polluted":1}}}', '{"\\u0063onstructor":{"prototype":{"polluted":1}}}',
    '{"a":"\\u0000"}', '{"a":"\\ud800"}', '{"\\udc00":1}', '['.repeat(30_000), `${'['.repeat(33)}${']'.repeat(33)}`, `${'['.repeat(16_000)}${']'.repeat(16_000)}`
  ]

  for (const payload of bad) await refused(payload)
  for (const bytes of [[0xc0, 0xaf], [0xff], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]]) {
    await refused(Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')]))
  }
  t.notOk(Reflect.get({}, 'polluted'))
  t.match(await app.inject({ method: 'POST', url: '/echo', payload: { a: 1 } }), { statusCode: 200 }, 'the next request is as ever')

  async function refused (payload: string | Buffer) {
    const answer = await app.inject({ method: 'POST', url: '/echo', headers: { 'content-type': 'application/json' }, payload })
    t.match(answer, { statusCode: 400 }, JSON.stringify(payload.toString().slice(0, 60)))
    t.match(answer.json(), { code: 'malformed_request' })
  }
})

t.test('unusual but valid JSON is read', async t => {
  const { app } = await build(t)
  for (const payload of ['{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}', '{"a":"a","b":"a"}', '{"a":["a",{"b":"a,{"}],"c":"\\"}"}', '"x"', '[]', ' {"a":"\\ud83d\\ude00"}\n', '{"":1}', '{"a":123456789012345678901234567890}', `${'['.repeat(32)}${']'.repeat(32)}`]) {
    const answer = await app.inject({ method: 'POST', url: '/echo', headers: { 'content-type': 'application/json' }, payload })
    t.equal(answer.statusCode, 200, payload.slice(0, 50))
    t.strictSame(answer.json().body, JSON.parse(payload))
  }
})

t.test('an empty JSON body counts as none', async t => {
  const { app } = await build(t)
  const answer = await app.inject({ method: 'POST', url: '/echo', headers: { 'content-type': 'application/json' }, payload: '' })
  t.strictSame(answer.json(), {}, 'there is no body')
})

t.test('an empty body counts as none, whatever its content type', async t => {
  const { app } = await build(t)
  const types = ['text/plain;charset=UTF-8', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/json\t;x', 'json', '*/*', '']

  for (const type of types) {
    for (const encoding of [{}, { 'content-encoding': 'gzip' }]) {
      const answer = await app.inject({ method: 'POST', url: '/echo', headers: { 'content-type': type, 'content-length': '0', ...encoding } })
      t.equal(answer.statusCode, 200, type)
      t.strictSame(answer.json(), {})
    }
  }
  for (const head of [...types.map(type => `Content-Type: ${type}\r\nContent-Length: 0`), 'Content-Type: text/plain', 'Content-Type: text/plain\r\nContent-Length: 000']) {
    t.match(await sendRaw(app, `POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${head}\r\n\r\n`), /^HTTP\/1\.1 200 [^]*\{\}$/, head)
  }
})

t.test('an empty chunked body counts as none, and one that is not empty is read as ever', async t => {
  const { app } = await build(t)
  const ask = (type: string, ...chunks: string[]) => sendRaw(app, `POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${type}Transfer-Encoding: chunked\r\n\r\n${chunks.map(chunk => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}0\r\n\r\n`)

  for (const type of ['', 'Content-Type: text/plain\r\n', 'Content-Type: application/json\r\n', 'Content-Type: json\r\n']) {
    t.match(await ask(type), /^HTTP\/1\.1 200 [^]*\{\}$/, type)
  }
  t.match(await ask('Content-Type: application/json\r\n', '{"a":', '"e"}', ' '), /^HTTP\/1\.1 200 [^]*\{"body":\{"a":/)
  t.match(await ask('Content-Type: application/json\r\n', `{"a":"${'x'.repeat(20_000)}`, `${'y'.repeat(10_000)}"}`), /^HTTP\/1\.1 200 [^]*xy/, 'in several reads')
  t.match(await ask('Content-Type: application/json\r\n', ...Array.from({ length: 40 }, () => ' '.repeat(1000))), /^HTTP\/1\.1 413 /)
  for (const type of ['', 'Content-Type: text/plain\r\n', 'Content-Type: json\r\n']) t.match(await ask(type, 'x'), /^HTTP\/1\.1 415 [^]*unsupported_media_type/, type)
})

t.test('a body beyond 32 KiB is refused before it is read', async t => {
  const { app } = await build(t)
  const largestBody = JSON.stringify({ a: 'x'.repeat(32 * 1024 - 8) })

  t.equal((await app.inject({ method: 'POST', url: '/echo', headers: { 'content-type': 'application/json' }, payload: largestBody })).statusCode, 200)
  const answer = await app.inject({ method: 'POST', url: '/echo', headers: { 'content-type': 'application/json' }, payload: `${largestBody} ` })
  t.match(answer, { statusCode: 413, headers: { connection: 'close' } })
  t.match(answer.json(), { code: 'body_too_large' })
})

async function build (t: Pick<Test, 'teardown'>) {
  const bodies: unknown[] = []
  const built = await buildHttp(t, app => {
    app.post('/echo', async ({ body }) => {
      bodies.push(body)
      return { body }
    })
  })
  return { ...built, bodies }
}
