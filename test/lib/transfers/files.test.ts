import t from 'tap'
import { formatCsv, parseCsv } from '../../../lib/formats/csv.ts'
import { readLines } from '../../../lib/formats/lines.ts'
import { formatOf, formatUser, headOf, readUserFile } from '../../../lib/transfers/files.ts'
import type { FileFormat } from '../../../lib/transfers/files.ts'
import { collectGarbage } from '../../support/garbage.ts'

t.test('lines are the same in whatever chunks the text arrives', async t => {
  const text = Buffer.from('\ufefffirst\r\nsecond é\n\nfourth\n\ufefffifth')
  const expected = [{ number: 1, text: 'first' }, { number: 2, text: 'second é' }, { number: 3, text: '' }, { number: 4, text: 'fourth' }, { number: 5, text: '\ufefffifth' }]

  for (let size = 1; size <= text.length; size++) t.strictSame(await all(readLines(chunksOf(text, size), 100)), expected, `${size} bytes at a time`)
  t.strictSame(await all(readLines(chunksOf(Buffer.alloc(0), 1), 100)), [])
  t.strictSame(await all(readLines(chunksOf(Buffer.from('a\n'), 1), 100)), [{ number: 1, text: 'a' }], 'the end of the last line begins no other')
})

t.test('a line that is too long or not UTF-8 is reported, and the lines around it are read', async t => {
  const text = Buffer.concat([Buffer.from(`a\n${'x'.repeat(11)}\nb\n`), Buffer.from([0xc3, 0x28, 10, 0xff, 0xfe, 10]), Buffer.from('c')])

  for (const size of [1, 3, 100]) {
    t.strictSame(await all(readLines(chunksOf(text, size), 10)), [
      { number: 1, text: 'a' }, { number: 2, problem: 'is longer than 10 bytes' }, { number: 3, text: 'b' },
      { number: 4, problem: 'is not UTF-8' }, { number: 5, problem: 'is not UTF-8' }, { number: 6, text: 'c' }
    ])
  }
})

t.test('a line without end is not kept in memory', async t => {
  const before = heldBytes()
  let maxBytes = 0
  async function * endless () {
    for (let i = 1; i <= 1000; i++) {
      yield Buffer.alloc(65_536, 'x')
      if (i % 100 === 0) maxBytes = Math.max(maxBytes, heldBytes() - before)
    }
  }
  t.match(await all(readLines(endless(), 1000)), [{ number: 1, problem: 'is longer than 1000 bytes' }])
  t.ok(maxBytes < 3_000_000, `${maxBytes} bytes of 65,536,000`)
})

t.test('CSV is read as RFC 4180 says', t => {
  t.strictSame(parseCsv('a,b,c'), ['a', 'b', 'c'])
  t.strictSame(parseCsv('"a,""b""",,c '), ['a,"b"', '', 'c '])
  t.strictSame(parseCsv(''), [''])
  t.strictSame(parseCsv(','), ['', ''])
  t.strictSame(parseCsv('a,""'), ['a', ''])
  t.strictSame(parseCsv('"",a'), ['', 'a'])
  t.strictSame(parseCsv('""""'), ['"'])
  for (const line of ['"a', 'a"b', '"a"b', '"a""', '"', '"""', 'a,"b', '"a" ,b', 'a,b"']) t.equal(parseCsv(line), null, line)
  for (const cells of [['a', 'b'], ['a,b', '"', '""', ''], [' a ', 'é"x"', ','], ['']]) t.strictSame(parseCsv(formatCsv(cells)), cells)
  t.end()
})

t.test('the name decides the format, else the beginning of the text', async t => {
  t.strictSame(['a.csv', 'a.CSV', 'a.ndjson', 'a.jsonl', 'a.json', 'a', '-', 'csv'].map(formatOf), ['csv', 'csv', 'ndjson', 'ndjson', 'ndjson', null, null, null])

  const values = { email: 'a@b.c', full_name: 'A' }
  t.strictSame(await read('{"email":"a@b.c","full_name":"A"}\n'), [{ line: 1, values }])
  t.strictSame(await read('\n{"email":"a@b.c","full_name":"A"}\n'), [{ line: 2, values }])
  t.strictSame(await read('email,full_name\na@b.c,A\n'), [{ line: 2, values }])
  t.strictSame(await read('\ufeffEmail , FULL_NAME\r\n\r\n"a@b.c",A\r\n'), [{ line: 3, values }])
})

t.test('a line that is no user is reported', async t => {
  t.match(await read('{"email":1}\nnot json\n[1]\n"x"\nnull\n{"email":"a","password":"x"}\n{"email":'), [
    { line: 1, values: { email: 1 } }, { line: 2, problem: 'is not a JSON object' }, { line: 3, problem: 'is not a JSON object' }, { line: 4, problem: 'is not a JSON object' },
    { line: 5, problem: 'is not a JSON object' }, { line: 6, problem: /has a field that is none of email, full_name/ }, { line: 7, problem: 'is not a JSON object' }
  ])
  t.match(await read('email,full_name\n"a@b.c,A\na@b.c\na@b.c,A,x\n,\n'), [
    { line: 2, problem: 'has quotes that do not fit' }, { line: 3, problem: 'has 1 cells, not 2' }, { line: 4, problem: 'has 3 cells, not 2' }, { line: 5, values: { email: '', full_name: '' } }
  ])
  t.match(await read(`email,full_name\n${'x'.repeat(20_000)}\na@b.c,A`), [{ line: 2, problem: 'is longer than 16384 bytes' }, { line: 3 }])
})

t.test('a wrong header line stops at once, and shows nothing that may be a user’s', async t => {
  const hash = '$2b$12$LZSJchsWG/DrBy1erNs4ee31eJ7DaWiuwhDOC7aqIyqGGggfu6Y/.'
  const cases: [string, RegExp][] = [
    [`ada@example.com,Ada King,${hash}`, /^line 1: the first line of CSV names the columns/],
    ['email;full_name', /^line 1: the first line/],
    [`email,full_name,${hash}`, /^line 1: column 3 is none of email, full_name, role/],
    ['email,full_name,password', /^line 1: column 3 is none of/],
    ['email,full_name,email', /^line 1: two columns have one name/],
    ['"email,full_name', /^line 1: the first line/],
    ['[{"email":"a@b.c"}]', /^line 1: the first line/]
  ]
  for (const [head, message] of cases) {
    const error = await read(`${head}\n`).then(() => new Error('no error'), error => error)
    t.match(error.message, message, head)
    t.notMatch(error.message, /LZSJ|ada@/)
  }
  await t.rejects(read('{"email":"a@b.c"}\n', 'csv'), /line 1/, 'the name of the file counts more')
})

t.test('written files can be read again', async t => {
  const values = { email: 'a@b.c', full_name: '"Ada", the first', role: 'user', locale: 'en', created_at: '2024-02-29T12:00:00.000Z', email_verified: true, password_hash: null, status: null, approval: 'pending', must_change_password: null }

  t.match(await read(headOf('csv') + formatUser('csv', values)), [{ values: { ...values, email_verified: 'true', password_hash: '', status: '', must_change_password: '' } }])
  t.strictSame(await read(headOf('ndjson') + formatUser('ndjson', values)), [{ line: 1, values: Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) }])
})

t.test('no written cell is a formula to a spreadsheet, and every name is read as it was', async t => {
  const values = { email: '=1+1@b.c', role: 'user', locale: 'en', created_at: '', email_verified: true, password_hash: null, status: null, approval: null, must_change_password: null }
  const formulas = ['=HYPERLINK("http://x","y")', '+1', '-1', '@SUM(A1)', '\t=1', '＝1', '＋1', '－1', '＠1']
  const names = [...formulas, ...formulas.map(name => `'${name}`), ...formulas.map(name => `''${name}`), "'Ada", "'t Hooft", "'", "''", "a'=b", 'a=b', '1-1', ' =1']

  for (const name of names) {
    const text = formatUser('csv', { ...values, full_name: name })
    for (const cell of parseCsv(text.trimEnd()) ?? []) t.notMatch(cell, /^[=+\-@\t\r＝＋－＠]/)
    t.match(await read(headOf('csv') + text), [{ values: { full_name: name, email: values.email } }], name)
  }
  t.equal(parseCsv(formatUser('csv', { ...values, full_name: "'Ada" }))?.[1], "'Ada", 'an apostrophe alone needs no other')
  t.match(await read(`${JSON.stringify({ email: 'a@b.c', full_name: "'=1" })}\n`), [{ values: { full_name: "'=1" } }], 'JSON has no such escape')
})

async function read (text: string, format: FileFormat | null = null) {
  return await all(readUserFile(chunksOf(Buffer.from(text), 7), format))
}

async function all<T> (items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

async function * chunksOf (bytes: Buffer, size: number) {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

/** The bytes of buffers that something still refers to. */
function heldBytes (): number {
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}
