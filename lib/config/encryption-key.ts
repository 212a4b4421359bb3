/**
 * Reads encryption keys of 32 bytes or more: as base64 or base64url (43 characters or more), as hex (64 digits or
 * more), or as random text of 39 printable characters or more (256 bits) that is none of these.
 * A key made by `openssl rand` is refused once in 2^45: bytes that are all printable have a chance of 2^-45.8, 16
 * different ones or fewer of 2^-48.7, small letters and separators alone of 2^-51.7, a sequence of 2^-240. Other
 * weaknesses are not looked for, because statistics that find them refuse good keys more often.
 * @throws Error which says what is wrong with the first bad key and never shows one.
 */
export function readEncryptionKeys (texts: string[]): Buffer[] {
  if (texts.length === 0) throw new Error(`is missing: ${advice}`)
  if (new Set(texts).size < texts.length) throw new Error('lists one key twice')
  return texts.map(readKey)
}

const advice = '32 random bytes or more are needed, for example from: openssl rand -base64 32'
const bytesMin = 32
/** A printable character carries at most 6.57 bits, so this many are needed for 256. */
const charactersMin = 39
const differentBytesMin = 17

/** Placeholders that consist of words are refused as words; these do not. */
const examples = new Set(['abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'])
/** Words in small letters with separators, and a number at the end if need be: `change-me-to-something-0123`. */
const words = /^[a-z]+(?:[ ._-][a-z]+)*(?:[ ._-]\d+)?$/

/** What programs put around a key and does not belong to it: quotes, the name of its encoding, colons. */
const wrapping = /^["'`]|["'`]$|^(?:base64(?:url)?|hex)\s*[:,]\s*|^0x|[:\s]/gi
/** A key in base64, base64url or hex, and of enough bytes. */
const encoded = /^[A-Za-z0-9+/_-]{43,}={0,2}$/

/** Whether a text is an encoded key with something around it. As text it would silently be another key. */
function isWrapped (text: string): boolean {
  if (encoded.test(text)) return /^0x[0-9a-f]{64,}$/i.test(text)
  if (/\p{Cc}/u.test(text) || /^(["'`]).*\1$/.test(text) || /^(base64(url)?|hex)\s*:/i.test(text)) return true
  const unescaped = text.replace(/%2b|%2f/gi, '/').replace(/%3d/gi, '=')
  // As it is, too, because a key may begin with what would be a prefix: 0x.
  return !text.includes(' ') && [unescaped, unescaped.replace(wrapping, '')].some(key => encoded.test(key))
}

function readKey (text: string): Buffer {
  if (isWrapped(text)) throw new Error(`has something around it: no quotes, prefix, colons or line breaks. ${advice}`)

  const isHex = /^[0-9a-f]+$/i.test(text)
  const isText = !isHex && !/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)
  const key = isText ? Buffer.from(text) : Buffer.from(text, isHex ? 'hex' : 'base64url')

  if (key.length < (isText ? charactersMin : bytesMin)) throw new Error(`is too short: ${advice}`)
  if (new Set(key).size < differentBytesMin) throw new Error(`uses too few different bytes: ${advice}`)
  if (isSequence(key)) throw new Error(`is a sequence: ${advice}`)
  if (examples.has(text) || words.test(text)) throw new Error(`is an example or made of words: ${advice}`)
  if (!isText && key.every(byte => byte >= 0x20 && byte < 0x7f)) throw new Error(`is made of words: ${advice}`)
  return key
}

/** Whether all steps from one byte to the next are the same. */
function isSequence (key: Buffer): boolean {
  const step = key.readUInt8(1) - key.readUInt8(0)
  return key.subarray(1).every((byte, place) => byte - key.readUInt8(place) === step)
}
