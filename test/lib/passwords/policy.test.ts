import t from 'tap'
import { dictionary } from '@zxcvbn-ts/language-common'
import { createPasswordPolicy } from '../../../lib/passwords/policy.ts'
import { startStopwatch } from '../../support/stopwatch.ts'

const policy = createPasswordPolicy({ minLength: 8, minStrength: 3 })
const ada = ['ada.lovelace@example.com', 'Ada Lovelace']

t.test('length is counted in code points, whatever they consist of', async t => {
  t.same(await codes('Xq7#vL2'), ['too_short'])
  t.same(await codes('Xq7#vL2m'), [], 'eight random characters')
  t.same(await codes('🦊🐙🌵🎷🧭🛶🍋'), ['too_short'], 'seven of four bytes')
  t.same(await codes('🦊🐙🌵🎷🧭🛶🍋🧦'), [])
  t.same(await codes('e\u0301'.repeat(7)), ['too_short'], 'seven letters typed as fourteen')
  t.same(await codes(''), ['too_short'])
})

t.test('128 code points are accepted, 129 are not, and neither are more than 512 bytes', async t => {
  const long = (length: number) => Array.from({ length }, (_, index) => String.fromCodePoint(0x4e00 + index * 7)).join('')
  const astral = (length: number) => Array.from({ length }, (_, index) => String.fromCodePoint(0x20000 + index * 7)).join('')

  for (const text of [long, astral]) {
    t.same(await codes(text(64)), [])
    t.same(await codes(text(128)), [])
    t.same(await codes(text(129)), ['too_long'])
  }
  t.same(await codes('a'.repeat(1_000_000)), ['too_long'])
  // U+0958 is one code point before NFC and two of three bytes after it.
  t.same(await codes('\u0958'.repeat(100)), ['too_long'])
})

t.test('any characters are allowed, and no class of them is required', async t => {
  for (const password of ['wqzkvjxpmbtlhydrngcf', '73920184650193847561', 'plum orbit kestrel vane', '我的密码是很长的一句话', 'ZQXJKVWBPMGY', ' leading and trailing ', 'tab\tand\u0000nul make it']) {
    t.same(await codes(password), [], JSON.stringify(password))
  }
})

t.test('half a surrogate pair is refused, because it would equal other passwords', async t => {
  t.same(await codes('\ud83eXq7#vL2m9'), ['malformed'])
  t.same(await codes('Xq7#vL2m9\udd8a'), ['malformed'])
})

t.test('the three thousand most common passwords that are long enough are refused, in any case', async t => {
  const common = dictionary['passwords-common'].filter(password => Array.from(password).length >= 8)
  t.ok(common.length > 10_000)

  for (const password of common.slice(0, 3000)) {
    for (const typed of [password, password.toUpperCase()]) {
      if (!(await codes(typed)).includes('blocklisted')) t.fail(`${typed} was accepted`)
    }
  }
  t.pass()
})

t.test('with the estimate switched off, nothing but the blocklist refuses', async t => {
  const lenient = createPasswordPolicy({ minLength: 8, minStrength: 0 })

  t.same(await lenient.check('aaaaaaaaaaaa', []), [])
  t.match(await lenient.check('password1', []), [{ code: 'blocklisted' }])
})

t.test('repeats, sequences and words with a year count as guessable', async t => {
  for (const password of ['a'.repeat(128), 'abcabcabcabc', 'abcabcab', '0123456789'.repeat(6), 'qwertyuiop[]', 'Summer2026!', 'monday-2026', '!!sunshine99', '01.02.1990', 'abcdefghijklmnop']) {
    t.ok((await codes(password)).includes('guessable'), password)
  }
})

t.test('two words in a row are guessable, be they English or common passwords', async t => {
  for (const password of ['happenedhappening', 'pattersonhappened', 'ncc1701trustno1']) {
    t.same(await codes(password), ['guessable'], password)
  }
})

t.test('a long word is guessable as a whole, and as a part counts for what it is made of', async t => {
  t.same(await codes('extraordinarily'), ['guessable'])
  t.same(await codes('123456789987654321'), ['blocklisted', 'guessable'])
  t.same(await codes('an extraordinarily fast kestrel'), [])
})

t.test('a weak beginning does not spoil a strong end', async t => {
  t.same(await codes(`${'a'.repeat(40)}vX9$mQz2!fT`), [])
})

t.test('name, address and product count against a password', async t => {
  for (const password of ['AdaLovelace1', 'lovelace1815', 'ada.lovelace@example.com', 'Latchkey2026!!', '2026-latchkey', 'example.2026']) {
    t.ok((await codes(password, ada)).includes('context_word'), password)
  }
  t.same(await codes('lovelace1815'), [], 'whose name it is makes the difference')
  t.same(await codes('lovelace plum orbit kestrel', ada), [], 'a word among others is fine')
  t.same(await codes('Xq7#vL2m', ['a@b.co', 'Xi Q']), [], 'short names forbid nothing')
})

t.test('each reason names the field, the rule and what to do', async t => {
  t.match(await policy.check('password', ada, '/new_password'), [
    { path: '/new_password', code: 'blocklisted', message: /most common/ },
    { path: '/new_password', code: 'guessable', message: /too easy to guess/ }
  ])
  t.match(await policy.check('short', []), [{ path: '/password', code: 'too_short', message: 'Use 8 characters or more.' }])
  t.match(await createPasswordPolicy({ minLength: 15, minStrength: 3 }).check('plum orbit van', []), [{ code: 'too_short', message: /15/ }])
})

t.test('a password that passes every other rule is looked up among stolen ones, in NFC', async t => {
  const asked: string[] = []
  const stolen = 'plum orbit kestrel vane'
  const { check } = createPasswordPolicy({
    minLength: 8,
    minStrength: 3,
    isBreached: async password => {
      asked.push(password)
      return password === stolen
    }
  })

  t.match(await check(stolen, ada, '/new_password'), [{ path: '/new_password', code: 'breached', message: /stolen.*Choose another/ }])
  t.same(await check('e\u0301tage kestrel vane orbit', ada), [])
  t.same(asked, [stolen, '\u00e9tage kestrel vane orbit'])

  for (const bad of ['short', 'password', 'Latchkey2026!!', 'lovelace1815', 'Summer2026!', 'a'.repeat(129), '\ud83eXq7#vL2m9']) t.not((await check(bad, ada)).length, 0)
  t.equal(asked.length, 2, 'nobody is asked about what is refused anyway')
})

t.test('hostile input and hostile context do not block the event loop', async t => {
  const context = ['a'.repeat(20_000), 'ada '.repeat(5000), `${'x.'.repeat(200)}@example.com`]
  const parts = ['a', 'password', 'p4$$w0rd', '4@8({[<369|!1/0$5+7%2', '@4', '1234567890', '01.02.1990', 'kX9$mQz2#vL7pW4!nR8@tY3%hG6^', '1', '(/\\)|-|1337', 'aabaabb1', '😀', '\u0301']

  for (const part of parts) {
    const password = part.repeat(128).slice(0, 128)
    await policy.check(password, context)
    const times = Array.from({ length: 9 }, () => time(() => policy.check(password, context))).sort((a, b) => a - b)
    // It takes less than 3 ms; the rest is room for machines that do other things as well.
    t.ok(Number(times[4]) < 20, `${part}: ${times[4]?.toFixed(1)} ms`)
  }
})

t.test('an address and a name full of words that fit everywhere into a password cost as little as others', async t => {
  for (const part of ['1', '0', '12', '1l', '111x']) {
    const prefixes = Array.from({ length: 21 }, (_, index) => part.repeat(24).slice(0, 4 + index))
    const password = `${part.repeat(24).slice(0, 23)}xq${part.repeat(24).slice(0, 24)}`
    const address = `${prefixes.slice(0, 7).join('-')}@${prefixes.slice(9, 18).join('.')}.example.com`
    const fitting = [address, prefixes.join(' ').slice(0, 200)]
    const least = { other: Infinity, full: Infinity }
    // Other work of the machine makes single runs longer, never shorter.
    for (let run = 0; run < 15 || (run < 300 && least.full >= limitOf(least.other)); run++) {
      least.other = Math.min(least.other, time(() => policy.check(password, ada)))
      least.full = Math.min(least.full, time(() => policy.check(password, fitting)))
    }
    const { other, full } = least
    t.ok(full < 20, `${part}: ${full.toFixed(1)} ms`)
    t.ok(full < limitOf(other), `${part}: ${full.toFixed(1)} ms instead of ${other.toFixed(1)} ms`)
  }
})

t.test('the words of an address and a name count in the estimate, whatever stands between them', async t => {
  const context = ['mortimer.quillfeather@example.com', '1111 11111 111111 1111111 Coco Zabrowskaya']

  for (const password of ['quillfeather7x', 'zabrowskaya7x', 'cocococo']) {
    t.ok((await codes(password, context)).includes('guessable'), password)
  }
  t.same(await codes('quillfeather vane', []), [], 'for somebody else it is a rare word')
})

async function codes (password: string, context: string[] = []) {
  return (await policy.check(password, context)).map(({ code }) => code)
}

/** What a check may take (ms) whose words fit everywhere, where one with other words takes `other`. */
function limitOf (other: number) {
  return other * 1.5 + 1
}

function time (work: () => void) {
  const passed = startStopwatch()
  work()
  return passed()
}
