import { createHash } from 'node:crypto'
import t from 'tap'
import { hashRecoveryCode, makeRecoveryCode } from '../../../lib/factors/recovery-code.ts'

t.test('a code is 24 characters in fours, and no two are alike', async t => {
  const codes = Array.from({ length: 1000 }, makeRecoveryCode)
  for (const code of codes) t.match(code, /^([A-Z2-7]{4}-){5}[A-Z2-7]{4}$/)
  t.equal(new Set(codes).size, codes.length)
  t.equal(new Set(codes.join('')).size, 33, 'every character of the alphabet is used')
})

t.test('case and separators do not matter, and everything else does', async t => {
  const code = 'ABCD-EFGH-IJKL-MNOP-QRST-UV23'
  const hash = createHash('sha256').update('ABCDEFGHIJKLMNOPQRSTUV23').digest()
  for (const typed of [code, code.toLowerCase(), code.replaceAll('-', ''), code.replaceAll('-', ' '), ` ${code}\n`]) t.strictSame(hashRecoveryCode(typed), hash, typed)
  for (const typed of ['', 'ABCD', `${code}A`, code.replace('A', '1'), code.replace('A', 'Ä'), code.replace('A', 'ſ'), `${code}-${code}`]) t.equal(hashRecoveryCode(typed), null, typed)
})
