/**
 * Reads encryption keys: 32 bytes or more of real entropy each, as base64 or base64url (43 characters
 * or more), as hex (64 digits or more) or as random text of at least 256 bits.
 * Throws an Error that says what is wrong with the first bad one; it never shows a key.
 */
export function readEncryptionKeys (texts: string[]): Buffer[] {
  if (texts.length === 0) throw new Error(`is missing: ${advice}`)
  if (new Set(texts).size < texts.length) throw new Error('lists one key twice')

  return texts.map(text => {
    const weakness = weaknessOf(text)
    if (weakness !== undefined) throw new Error(`${weakness}: ${advice}`)
    return decode(text).bytes
  })
}

const advice = '32 random bytes or more are needed, for example from: openssl rand -base64 32'

type Encoding = 'hex' | 'base64' | 'text'

function decode (text: string): { bytes: Buffer, encoding: Encoding } {
  if (/^[0-9a-f]+$/i.test(text)) return { bytes: Buffer.from(text, 'hex'), encoding: 'hex' }
  if (/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return { bytes: Buffer.from(text, 'base64url'), encoding: 'base64' }
  return { bytes: Buffer.from(text), encoding: 'text' }
}

function weaknessOf (text: string): string | undefined {
  const { bytes, encoding } = decode(text)
  const isReadable = encoding !== 'text' && bytes.every(byte => byte >= 0x20 && byte < 0x7f)
  const forms = [text, bytes.toString('latin1')]

  if (bytes.length < 32 || (encoding === 'text' && bitsOf(text) < 256)) return 'is too short'
  if (new Set(bytes).size < 20) return 'uses too few different bytes'
  if (forms.some(repeats)) return 'repeats itself'
  if (forms.some(ascends)) return 'is a sequence'
  if (forms.some(isExample)) return 'is an example'
  if (isReadable || forms.some(readsLikeWords)) return 'is made of words'
  return undefined
}

/** The most that text of these kinds of characters can carry. */
function bitsOf (text: string) {
  const kinds: [RegExp, number][] = [[/[a-z]/, 26], [/[A-Z]/, 26], [/[0-9]/, 10], [/[^a-zA-Z0-9]/, 33]]
  const alphabet = kinds.reduce((sum, [kind, size]) => kind.test(text) ? sum + size : sum, 0)
  return text.length * Math.log2(alphabet)
}

/** Shifted by some distance, more than half of it meets itself. */
function repeats (text: string) {
  for (let distance = 1; distance <= text.length / 2; distance++) {
    let same = 0
    for (let i = distance; i < text.length; i++) if (text[i] === text[i - distance]) same++
    if (same > (text.length - distance) / 2) return true
  }
  return false
}

/** More than a quarter of its steps are one and the same step. */
function ascends (text: string) {
  const steps = new Map<number, number>()
  for (let i = 1; i < text.length; i++) {
    const step = text.charCodeAt(i) - text.charCodeAt(i - 1)
    steps.set(step, (steps.get(step) ?? 0) + 1)
  }
  return Math.max(...steps.values()) > text.length / 4
}

const exampleWords = /change.?me|example|secret|password|passphrase|encrypt|latchkey|default|placeholder|replace|generate|insecure|development|production|qwerty|abcdef|012345|123456|letmein/gi

/** Words of six letters or more, written as people write them: in one random key in twenty million. */
function isExample (text: string) {
  return !/^[0-9a-f]+$/i.test(text) && (text.match(exampleWords) ?? []).some(isWrittenByPeople)
}

/** In small letters, in capitals, or beginning with one: `secret`, `SECRET`, `Secret`, `ChangeMe`. */
function isWrittenByPeople (word: string) {
  const [letters, capitals] = [word.replace(/[^a-z]/gi, '').length, word.replace(/[^A-Z]/g, '').length]
  return capitals === 0 || capitals === letters || (capitals <= 2 && /^[A-Z]/.test(word))
}

/** The twenty commonest pairs of English letters are a third of a sentence and a fiftieth of a random key. */
function readsLikeWords (text: string) {
  const letters = text.replace(/[\s_.,-]/g, '').toLowerCase()
  let common = 0
  for (let i = 1; i < letters.length; i++) {
    if (/^(th|he|in|er|an|re|nd|on|en|at|ou|ed|ha|to|or|it|is|hi|es|ng)$/.test(letters.slice(i - 1, i + 1))) common++
  }
  return common > letters.length * 0.2
}
