import t from 'tap'
import fc from 'fast-check'
import { canonicalise } from '../../../lib/users/email-address.ts'
import { startStopwatch } from '../../support/stopwatch.ts'

t.test('the case of the local part and of the domain does not matter', async t => {
  t.same(canonicalise('Ada.Lovelace+News@EXAMPLE.com'), {
    address: 'Ada.Lovelace+News@example.com',
    canonical: 'ada.lovelace+news@example.com'
  })
  t.equal(canonicalise('ADA@example.com')?.canonical, canonicalise('ada@example.com')?.canonical)
})

t.test('plus signs and dots are significant', async t => {
  const addresses = ['adalovelace@gmail.com', 'ada.lovelace@gmail.com', 'adalovelace+1@gmail.com', 'adalovelace@googlemail.com']
  t.equal(new Set(addresses.map(address => canonicalise(address)?.canonical)).size, 4)
})

t.test('composed letters have one spelling, and so have international domains', async t => {
  t.equal(canonicalise('jose\u0301@example.com')?.canonical, canonicalise('jos\u00e9@example.com')?.canonical)
  t.equal(canonicalise('ada@bücher.example')?.canonical, 'ada@xn--bcher-kva.example')
  t.equal(canonicalise('ada@BÜCHER.example')?.canonical, 'ada@xn--bcher-kva.example')
  t.equal(canonicalise('ada@xn--bcher-kva.example')?.canonical, 'ada@xn--bcher-kva.example')
  t.equal(canonicalise('用户@例子.中国')?.address, '用户@xn--fsqu00a.xn--fiqs8s')
})

t.test('letters that only look alike or fold alike stay different mailboxes', async t => {
  for (const [one, other] of [
    ['mi\u0307ke', 'mike'], ['m\u0130ke', 'mike'], ['m\u0131ke', 'mike'], ['\u017fam', 'sam'], ['stra\u00dfe', 'strasse'],
    ['STRA\u1e9eE', 'strasse'], ['\ufb01n', 'fin'], ['\u0430da', 'ada'], ['\u03b1\u03c2', '\u03b1\u03c3'], ['\uff41da', 'ada']
  ]) {
    t.not(canonicalise(`${one}@example.com`)?.canonical, canonicalise(`${other}@example.com`)?.canonical, `${one} is not ${other}`)
  }
})

t.test('the Kelvin sign becomes a K by normalisation, so mail goes to the K as well', async t => {
  t.same(canonicalise('\u212a@example.com'), { address: 'K@example.com', canonical: 'k@example.com' })
})

t.test('text that is not a plain address is refused', async t => {
  for (const input of [
    '', '@', 'ada', 'ada@', '@example.com', 'ada@@example.com', 'a@b@example.com', 'ada@localhost', 'ada@example.com.', '.ada@example.com',
    'ada.@example.com', 'a..da@example.com', 'ada@.example.com', 'ada@example..com', 'ada@-example.com', 'ada@example-.com', 'ada@exa_mple.com',
    '"ada lovelace"@example.com', '"ada"@example.com', 'ada(comment)@example.com', 'ada@(comment)example.com', '<ada@example.com>', 'Ada <ada@example.com>',
    'ada@[127.0.0.1]', 'ada@[IPv6:::1]', 'ada@127.0.0.1', 'ada@127.1', 'ada@0x7f.1', 'ada@１２７.0.0.1', 'ada@example.123',
    'ada@exa%2emple.com', 'ada@exam\u00adple.com', 'ada@example.com:25', 'ada@example.com/x', 'ada@xn--a.com', 'ada\uff20example.com',
    ' ada@example.com', 'ada@example.com ', 'a da@example.com', 'ada@example.com\n', 'ada\t@example.com', '\u00a0ada@example.com', 'ada\u3000@example.com',
    'ada@example.com\r\nBcc: eve@example.com', 'ada@example.com,eve@example.com', 'ada;eve@example.com', 'ada\u0000@example.com', 'ada@example.com\u0000',
    'a\u200bda@example.com', 'a\u200dda@example.com', 'a\u2060da@example.com', '\ufeffada@example.com', 'ada\u202e@example.com', 'ada\u2066@example.com',
    'a\u00adda@example.com', 'a\ufe0fda@example.com', 'a\u3164da@example.com', '\u0301da@example.com', 'a.\u0301da@example.com',
    '\ud800@example.com', 'ada@exam\u200dple.com', 'ada@\u202eexample.com', 'a=\u0338da@example.com', '😀@example.com'
  ]) {
    t.equal(canonicalise(input), null, JSON.stringify(input))
  }
})

t.test('64 octets before the at sign and 254 in all are accepted, more are not', async t => {
  const label = 'd'.repeat(63)
  const domain = (length: number) => `${label}.${label}.${label}`.slice(0, length - 4) + '.com'

  t.ok(canonicalise(`${'a'.repeat(64)}@example.com`))
  t.equal(canonicalise(`${'a'.repeat(65)}@example.com`), null)
  t.equal(canonicalise(`${'é'.repeat(33)}@example.com`), null, 'octets, not letters')
  t.ok(canonicalise(`${'a'.repeat(64)}@${domain(189)}`), '254')
  t.equal(canonicalise(`${'a'.repeat(64)}@${domain(190)}`), null, '255')
  t.equal(canonicalise(`ada@${'d'.repeat(64)}.com`), null, 'a label of 64')
})

t.test('a hostile string of 64 KiB costs next to nothing', async t => {
  for (const input of ['a.'.repeat(32_768), 'a@'.repeat(32_768), `${'a'.repeat(65_536)}!@x`, '\u0301'.repeat(65_536), `${'a'.repeat(1000)}@`, '-.'.repeat(500) + '@a']) {
    const passed = startStopwatch()
    canonicalise(input)
    t.ok(passed() < 50)
  }
})

t.test('for every string: the result survives a round trip and reaches exactly one mailbox', async t => {
  fc.assert(fc.property(anAddress(), input => {
    const result = canonicalise(input)
    if (result === null) return

    const again = canonicalise(JSON.parse(JSON.stringify(result.canonical)))
    const typed = canonicalise(result.address)

    t.same(again, { address: result.canonical, canonical: result.canonical }, 'the canonical form is a fixed point')
    t.same(typed, result, 'the address is one too')
    t.match(result.canonical, /^[^\s@<>,;"()[\]\p{Cc}\p{Cf}]+@[a-z0-9.-]+$/u, 'nothing in it means anything to a mail header')
    t.ok(Buffer.byteLength(result.address) <= 254)
  }), { numRuns: 3000 })
})

t.test('for every letter: upper and lower case of a mailbox are one only where they are a pair', async t => {
  for (let codePoint = 0; codePoint <= 0x1ffff; codePoint++) {
    if (codePoint >= 0xd800 && codePoint <= 0xdfff) continue
    const letter = String.fromCodePoint(codePoint).normalize('NFC')
    const folded = canonicalise(`${letter}@example.com`)?.canonical.split('@')[0]

    if (folded === undefined || folded === letter) continue
    if (folded.toUpperCase().normalize('NFC') !== letter || letter.toLowerCase() !== folded) t.fail(`U+${codePoint.toString(16)} became ${folded}`)
  }
  t.pass()
})

function anAddress () {
  const letters = fc.constantFrom(...'abzABZ019.+-_%\u0130\u0131\u017f\u00df\u1e9e\u212a\u03c2\u03a3\u0301\u030cJj\u00e9\ufb01中\u200b@ "<')
  const text = (maxLength: number) => fc.oneof(
    fc.string({ unit: letters, maxLength }),
    fc.string({ unit: 'binary', maxLength }),
    fc.string({ unit: 'grapheme', maxLength })
  )
  return fc.tuple(text(20), text(8), fc.constantFrom('com', 'DE', '中国', 'example')).map(([local, label, top]) => `${local}@${label}x.${top}`)
}
