import t from 'tap'
import { assertMatch, entityTag, readIfMatch } from '../../../lib/http/entity-tags.ts'

t.test('a tag is a quoted text, the same for the same representation and another one for any other', t => {
  t.match(entityTag({ a: 1 }), /^"[\w-]{43}"$/)
  t.equal(entityTag({ a: 1 }), entityTag({ a: 1 }))
  t.not(entityTag({ a: 1 }), entityTag({ a: 2 }))
  t.end()
})

t.test('If-Match is read as RFC 9110 writes it', t => {
  const headers: [string | undefined, ReturnType<typeof readIfMatch>][] = [
    [undefined, null], ['*', '*'], [' * ', '*'], ['"a"', ['"a"']], ['""', ['""']], ['W/"a"', ['W/"a"']],
    ['"a", "b"', ['"a"', '"b"']], ['"a","b"', ['"a"', '"b"']], ['"a,b" ,\tW/"c"', ['"a,b"', 'W/"c"']],
    [', "a", ,"b",', ['"a"', '"b"']], ['', []], ['"\xe4\\"', ['"\xe4\\"']]
  ]
  for (const [header, read] of headers) t.strictSame(readIfMatch(header), read, String(header))
  t.end()
})

t.test('anything else is malformed, and costs no time', t => {
  const wrong = [
    'a', '"a', 'a"', '"a" "b"', '"a""b"', '*, "a"', '"a", *', '**', 'w/"a"', 'W/ "a"', 'W/a', '"a b"', '"a\x7f"', "'a'",
    '"a";"b"', `${'"a",'.repeat(4000)}"`, `${' '.repeat(16_000)}x`
  ]
  for (const header of wrong) t.throws(() => readIfMatch(header), { code: 'malformed_request' }, header.slice(0, 20))
  t.end()
})

t.test('a representation matches by its strong tag, or by * if there is one', t => {
  const representation = { name: 'Ada' }
  const tag = entityTag(representation)
  for (const ifMatch of [null, '*', [tag], ['"other"', tag]] as const) {
    t.doesNotThrow(() => assertMatch(ifMatch, representation))
  }
  for (const ifMatch of [[], ['"other"'], [`W/${tag}`], [tag.slice(1, -1)]]) {
    t.throws(() => assertMatch(ifMatch, representation), { code: 'stale', status: 412 })
  }

  t.doesNotThrow(() => assertMatch(null, null))
  for (const ifMatch of ['*', [tag], [entityTag({})]] as const) {
    t.throws(() => assertMatch(ifMatch, null), { code: 'stale' })
  }
  t.end()
})
