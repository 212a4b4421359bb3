import { createHmac, timingSafeEqual } from 'node:crypto'
import { toBase32 } from '../formats/base32.ts'

/** How long (s) a code is current: the time step of RFC 6238. */
export const stepSeconds = 30
/** RFC 4226 (R6) recommends 160 bits: what SHA-1 puts out. */
export const secretBytes = 20
const digits = 6

/** The number of the time step at a moment in milliseconds since 1970 (RFC 6238, section 4.2). */
export function stepAt (now: number): number {
  return Math.floor(now / 1000 / stepSeconds)
}

/** The code of a time step (RFC 6238 with HMAC-SHA-1 and six digits, which every authenticator app implements). */
export function totpCode (secret: Buffer, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const digest = createHmac('sha1', secret).update(counter).digest()
  // Dynamic truncation (RFC 4226, section 5.3).
  const number = digest.readUInt32BE(digest.readUInt8(19) & 0xf) & 0x7fff_ffff
  return String(number % 10 ** digits).padStart(digits, '0')
}

/**
 * The latest step of a range whose code this is, or null. Every step of the range is compared in constant time, so the
 * time of the answer tells nothing.
 */
export function matchingStep (secret: Buffer, code: string, { from, to }: { from: number, to: number }): number | null {
  const given = Buffer.from(code)
  let found: number | null = null

  for (let step = from; step <= to; step++) {
    const expected = Buffer.from(totpCode(secret, step))
    if (given.length === expected.length && timingSafeEqual(given, expected)) found = step
  }
  return found
}

/**
 * The key URI that an authenticator app reads from a QR code. Several apps read nothing but this order and spelling:
 * Base32 without padding, blanks as %20, `SHA1` in capitals without a hyphen, the secret not last.
 * @param issuer a name without a colon, which separates it from the account
 */
export function totpUri ({ secret, issuer, account }: { secret: Buffer, issuer: string, account: string }): string {
  const [name, holder] = [issuer, account].map(encodeURIComponent)
  return `otpauth://totp/${name}:${holder}?secret=${toBase32(secret)}&issuer=${name}` +
    `&algorithm=SHA1&digits=${digits}&period=${stepSeconds}`
}
