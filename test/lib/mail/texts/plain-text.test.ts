import t from 'tap'
import { asName, oneLine } from '../../../../lib/mail/texts/plain-text.ts'

t.test('a joiner stays where a script or an emoji needs it', async t => {
  const names = { sinhala: 'ක්\u200dෂමා', persian: 'می\u200cخواهم', family: '👩\u200d👩\u200d👧', heart: '👩\u200d❤\ufe0f\u200d👩' }

  for (const [what, name] of Object.entries(names)) {
    t.equal(oneLine(name), name, what)
    t.equal(asName(name), name, what)
  }
})

t.test('an invisible character is a blank everywhere else', async t => {
  const texts = {
    'a joiner between Latin letters': 'ad\u200da',
    'a joiner at the end': 'ක්\u200d',
    'a joiner after a blank': 'ක \u200dෂ',
    'two joiners': 'ක්\u200d\u200dෂ',
    'a zero-width space': 'ක්\u200bෂ',
    'a mark of direction': 'می\u200fخواهم',
    'an override of direction': 'ක\u202eෂ',
    'a variation selector after a letter': 'a\ufe0fb'
  }

  for (const [what, text] of Object.entries(texts)) {
    t.notMatch(oneLine(text), /[\p{Cf}\p{Default_Ignorable_Code_Point}]/u, what)
  }
})
