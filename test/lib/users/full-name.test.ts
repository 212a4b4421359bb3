import t from 'tap'
import { asOneLine, canonicalLine } from '../../../lib/formats/one-line.ts'
import { parseFullName } from '../../../lib/users/full-name.ts'
import { names } from '../../support/names.ts'

t.test('a name is one line with something visible in it, in NFC', async t => {
  for (const name of names.accepted) t.equal(parseFullName(name), name.normalize('NFC'), encodeURIComponent(name))
  for (const name of names.refused) t.equal(parseFullName(name), null, encodeURIComponent(name))
})

t.test('a text that was accepted before such a rule becomes one line', async t => {
  t.equal(asOneLine('Ada\r\n King\u202e'), 'Ada  King')
  for (const name of names.accepted) t.equal(asOneLine(name), name.trim(), 'and a name stays as it is')
  for (const nothing of ['', '\n', ' \u200b', '\u3164', '\u202e']) t.equal(asOneLine(nothing), null)
})

t.test('a text that is too long for any line is not composed, because a long run of marks takes very long', async t => {
  const marks = `e${'\u0301'.repeat(8000)}${'\u0316'.repeat(8000)}`
  t.equal(canonicalLine(marks), marks)
  t.equal(parseFullName(marks), null)
})
