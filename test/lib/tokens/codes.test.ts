import { createHash, randomUUID } from 'node:crypto'
import t from 'tap'
import { createCodes } from '../../../lib/tokens/codes.ts'
import type { CodePurpose } from '../../../lib/tokens/codes.ts'

const key = createHash('sha256').update('a key').digest()
const otherKey = createHash('sha256').update('another key').digest()

t.test('a row and number have one code, however often it is computed', async t => {
  const codes = createCodes([key])
  const id = randomUUID()

  t.match(codes.codeFor('verify_email', id, 1), /^\d{6}$/)
  t.equal(codes.codeFor('verify_email', id, 1), createCodes([key, otherKey]).codeFor('verify_email', id, 1))
  t.ok(codes.matches('verify_email', id, 1, codes.codeFor('verify_email', id, 1)))
})

t.test('another row, number or key gives another code', async t => {
  const ids = Array.from({ length: 200 }, () => randomUUID())
  const same = (of: (id: string) => boolean) => ids.filter(of).length
  const codes = createCodes([key])
  const code = (id: string) => codes.codeFor('verify_email', id, 1)

  t.ok(same(id => code(id) === codes.codeFor('verify_email', id, 2)) < 3)
  t.ok(same(id => code(id) === createCodes([otherKey]).codeFor('verify_email', id, 1)) < 3)
  t.ok(same(id => codes.matches('verify_email', randomUUID(), 1, code(id))) < 3)
})

t.test('another purpose gives another code', async t => {
  const ids = Array.from({ length: 200 }, () => randomUUID())
  const codes = createCodes([key])
  const other = 'erase_account' as CodePurpose
  t.ok(ids.filter(id => codes.matches(other, id, 1, codes.codeFor('verify_email', id, 1))).length < 3)
})

t.test('a code made under any listed key is recognised; the first key makes new ones', async t => {
  const id = randomUUID()
  const old = createCodes([key]).codeFor('verify_email', id, 1)

  t.ok(createCodes([otherKey, key]).matches('verify_email', id, 1, old))
  t.notOk(createCodes([otherKey]).matches('verify_email', id, 1, old))
  t.equal(createCodes([otherKey, key]).codeFor('verify_email', id, 1), createCodes([otherKey]).codeFor('verify_email', id, 1))
})

t.test('anything but the code in one piece does not match', async t => {
  const codes = createCodes([key])
  const id = randomUUID()
  const code = codes.codeFor('verify_email', id, 1)

  for (const given of ['', code.slice(1), `${code} `, ` ${code}`, `${code}0`, `${code.slice(0, 3)} ${code.slice(3)}`, String(Number(code) + 0.1), '１２３４５６', code.replace(/\d$/, digit => String(9 - Number(digit)))]) {
    t.notOk(codes.matches('verify_email', id, 1, given), JSON.stringify(given))
  }
})

t.test('codes are uniform and keep their leading zeros', async t => {
  const codes = createCodes([key])
  const drawn = Array.from({ length: 20_000 }, (_, number) => codes.codeFor('verify_email', '00000000-0000-4000-8000-000000000000', number))

  t.ok(drawn.every(code => /^\d{6}$/.test(code)))
  t.ok(drawn.filter(code => code.startsWith('0')).length > 1800)
  t.ok(new Set(drawn).size > 19_600)
  for (const place of [0, 1, 2, 3, 4, 5]) {
    const counts = Array.from({ length: 10 }, (_, digit) => drawn.filter(code => code[place] === String(digit)).length)
    const chiSquare = counts.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0)
    // With 9 degrees of freedom 33.7 is exceeded once in 10,000 times, and these keys are fixed.
    t.ok(chiSquare < 33.7, `place ${place}: ${chiSquare.toFixed(1)}`)
  }
})

t.test('without a key there is no code', async t => {
  t.throws(() => createCodes([]).codeFor('verify_email', randomUUID(), 1), TypeError)
})
