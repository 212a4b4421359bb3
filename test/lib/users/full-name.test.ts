import t from 'tap'
import { asOneLine } from '../../../lib/formats/one-line.ts'
import { isFullName } from '../../../lib/users/full-name.ts'
import { names } from '../../support/names.ts'

t.test('a name is one line with something visible in it', async t => {
  for (const name of names.accepted) t.equal(isFullName(name), true, encodeURIComponent(name))
  for (const name of names.refused) t.equal(isFullName(name), false, encodeURIComponent(name))
})

t.test('a text that was accepted before such a rule becomes one line', async t => {
  t.equal(asOneLine('Ada\r\n King\u202e'), 'Ada  King')
  for (const name of names.accepted) t.equal(asOneLine(name), name.trim(), 'and a name stays as it is')
  for (const nothing of ['', '\n', ' \u200b', '\u3164', '\u202e']) t.equal(asOneLine(nothing), null)
})
