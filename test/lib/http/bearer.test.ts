import t from 'tap'
import { readBearer } from '../../../lib/http/bearer.ts'
import { startStopwatch } from '../../support/stopwatch.ts'

t.test('the token is read from the header, whatever the case of the scheme', async t => {
  for (const scheme of ['Bearer', 'bearer', 'BEARER', 'bEaReR']) t.equal(read(`${scheme} abc.DEF-_~+/123==`), 'abc.DEF-_~+/123==')
  t.equal(readBearer(undefined, []), undefined)
})

t.test('another scheme or form gives no token, which is not the same as no header', async t => {
  for (const header of ['', 'Bearer', 'Bearer ', 'Bearer  abc', 'Bearer\tabc', ' Bearer abc', 'Bearer abc ', 'Bearer abc def', 'Bearer abc, Bearer def', 'Bearer abc,def', 'Bearer =', 'Bearer a=b', 'Bearer "abc"', 'Basic abc', 'Bearerabc', 'abc', 'Bearer abc\n', 'Bearer äbc', 'Bearer \0', 'Token abc', 'Bearer: abc']) {
    t.equal(read(header), '', JSON.stringify(header))
  }
})

t.test('two headers are refused, in any spelling and even when they are equal', async t => {
  for (const second of ['Authorization', 'authorization', 'AUTHORIZATION']) {
    t.throws(() => readBearer('Bearer abc', ['Authorization', 'Bearer abc', 'Accept', '*/*', second, 'Bearer abc']), { code: 'malformed_request' })
  }
  t.equal(readBearer('Bearer abc', ['Authorization', 'Bearer abc', 'X-Other', 'authorization']), 'abc', 'a value is no name')
})

t.test('a long header is read quickly', async t => {
  const passed = startStopwatch()
  read(`Bearer ${'a'.repeat(1_000_000)} `)
  read(`Bearer ${'='.repeat(1_000_000)}`)
  read(`Bearer a${'='.repeat(1_000_000)}x`)
  t.ok(passed() < 500)
})

function read (header: string) {
  return readBearer(header, ['Authorization', header])
}
