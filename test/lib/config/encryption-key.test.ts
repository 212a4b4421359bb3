import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { readEncryptionKeys } from '../../../lib/config/encryption-key.ts'

/** 32 to 64 bytes, uniform like those of openssl; fast-check's own bytes prefer small and repeated ones. */
const randomKey = fc.integer({ min: 32, max: 64 }).map(length => randomBytes(length))

t.test('random keys are accepted in every usual encoding', async t => {
  for (let i = 0; i < 2000; i++) {
    const bytes = randomBytes(32 + i % 33)
    for (const encoding of ['base64', 'base64url', 'hex'] as const) {
      const [key] = readEncryptionKeys([bytes.toString(encoding)])
      if (!key?.equals(bytes)) t.fail(`${encoding} of ${bytes.length} bytes`)
    }
  }
})

t.test('a key is never refused for what its letters happen to spell', async t => {
  const rest = randomBytes(32).toString('base64').slice(6)
  for (const word of ['sEcReT', 'secret', 'SECRET', 'Secret']) t.equal(readEncryptionKeys([`${word}${rest}`]).length, 1, word)
})

t.test('a key of openssl rand is accepted, and decoded to the same bytes', t => {
  fc.assert(fc.property(randomKey, fc.constantFrom('base64', 'base64url', 'hex'), (bytes, encoding) => {
    const [key] = readEncryptionKeys([bytes.toString(encoding)])
    return key !== undefined && key.equals(bytes)
  }), { numRuns: 20_000 })
  t.end()
})

t.test('random text of 39 printable characters is accepted, if it is not base64 by chance', t => {
  const character = fc.nat({ max: 94 }).map(offset => String.fromCharCode(0x20 + offset))
  fc.assert(fc.property(fc.array(character, { minLength: 39, maxLength: 80 }), characters => {
    const text = `{${characters.join('')}`
    fc.pre(new Set(text).size > 16)
    return readEncryptionKeys([text])[0]?.toString() === text
  }), { numRuns: 2000 })
  const text = 'k9$Vq!z7@Lw#2mX^c8&Rb*4Ny(6Tj)0Hd-Gf+1P'
  t.strictSame(readEncryptionKeys([text]), [Buffer.from(text)])
  t.throws(() => readEncryptionKeys([text.slice(1)]), /too short/)
  t.end()
})

t.test('random text of 256 bits is accepted as it is', async t => {
  const text = 'k9$Vq!z7@Lw#2mX^c8&Rb*4Ny(6Tj)0Hd-Gf+1Ps=S~'
  t.strictSame(readEncryptionKeys([text]), [Buffer.from(text)])
})

t.test('several keys keep their order; one key twice is refused', async t => {
  const [one, two] = [randomBytes(32), randomBytes(32)]
  t.strictSame(readEncryptionKeys([one.toString('hex'), two.toString('base64')]), [one, two])
  t.throws(() => readEncryptionKeys([one.toString('hex'), one.toString('hex')]), /twice/)
})

t.test('keys that are not random are refused', async t => {
  const weak: Record<string, string> = {
    nothing: '',
    'too short': randomBytes(31).toString('hex'),
    '128 bits as text': randomBytes(16).toString('hex'),
    '192 bits as text': randomBytes(24).toString('base64'),
    'one letter': 'a'.repeat(64),
    zeros: Buffer.alloc(32).toString('base64'),
    'a repeated pair': 'ab'.repeat(32),
    'a repeated half': randomBytes(16).toString('hex').repeat(2),
    'ascending bytes': Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('base64'),
    'descending bytes': Buffer.from(Array.from({ length: 32 }, (_, i) => 255 - i)).toString('hex'),
    digits: '0123456789012345678901234567890123456789012345678901234567890123',
    alphabet: 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789',
    'few bytes': Buffer.from(Array.from({ length: 64 }, (_, i) => [7, 99, 200, 31][(i * i + i % 5) % 4] ?? 0)).toString('base64'),
    'an instruction': 'change-me-to-a-very-long-random-secret-value-please',
    'a name': 'latchkey-encryption-key-for-production-0123456789',
    'a sentence': 'the quick brown fox jumps over the lazy dog and then it sleeps',
    'a sentence in base64': Buffer.from('Nobody will ever guess this line, will they?').toString('base64'),
    'a sentence in hex': Buffer.from('Nobody will ever guess this line, will they?').toString('hex')
  }

  for (const [name, text] of Object.entries(weak)) t.throws(() => readEncryptionKeys([text]), /32 random bytes/, name)
})

// These two were refused by statistics of English letters, which refused good keys by chance, one in a million: a
// rule that finds words without separators, or a word beside random characters, cannot do without.
t.test('words that no exact rule can tell from a key are taken', async t => {
  for (const text of ['thereIsNothingRandomInTheseWordsOfOurOwnLanguage', 'Latchkey encryption key, which is a secret!']) {
    t.equal(readEncryptionKeys([text]).length, 1, text)
  }
})

t.test('a complaint does not show the key', async t => {
  const text = 'correct horse battery staple correct horse battery staple'
  try {
    readEncryptionKeys([text])
    t.fail('it was taken')
  } catch (error) {
    t.notMatch(String(error), /horse/)
  }
})

t.test('an encoded key with something around it is refused, because as text it would be another key', async t => {
  for (let i = 0; i < 200; i++) {
    const bytes = randomBytes(32 + i % 33)
    for (const encoding of ['base64', 'base64url', 'hex'] as const) {
      const key = bytes.toString(encoding)
      const wrapped = [`"${key}"`, `'${key}'`, `"${key}`, `base64:${key}`, `hex:${key}`, `base64url: ${key}`, `${key.slice(0, 20)}\n${key.slice(20)}`, `${key}\r`]
      for (const text of wrapped) t.throws(() => readEncryptionKeys([text]), /something around it/, `${encoding}: ${text.replace(key, '…')}`)
      t.doesNotThrow(() => readEncryptionKeys([key]), encoding)
    }
    const hex = bytes.toString('hex')
    for (const text of [`0x${hex}`, `0X${hex}`, hex.replace(/..(?!$)/g, '$&:')]) t.throws(() => readEncryptionKeys([text]), /something around it/, 'hex')
    const [base64, escaped] = [bytes.toString('base64'), encodeURIComponent(bytes.toString('base64'))]
    if (escaped !== base64) t.throws(() => readEncryptionKeys([escaped]), /something around it/, 'percent-encoded')
  }
  const looksPrefixed = '0XTOXO8aOqZat7PEyWkxza6/Zaleamafb1vgIx+rvh8='
  t.doesNotThrow(() => readEncryptionKeys([looksPrefixed]))
  t.throws(() => readEncryptionKeys([encodeURIComponent(looksPrefixed)]), /something around it/, 'a key that begins with 0X')
})
