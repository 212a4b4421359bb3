import { createHmac, timingSafeEqual } from 'node:crypto'

export type Codes = ReturnType<typeof createCodes>

/** What a code is for; a code of one purpose is none of another (ASVS 5.0 6.6.2). */
export type CodePurpose = 'verify_email'

/**
 * Six-digit codes that are derived, not stored: HMAC-SHA-256 over purpose, row and number, so a mail
 * that is sent again carries the same code and a copy of the database holds none.
 * @param keys one for each ENCRYPTION_KEY in use; the first makes codes, all of them are recognised
 */
export function createCodes (keys: Buffer[]) {
  return { codeFor, matches }

  /**
   * The code of a row, uniform over 000000 to 999999 with its leading zeros (ASVS 5.0 6.5.3, 6.5.4).
   * @param number counts the codes of one row: another number, another code
   */
  function codeFor (purpose: CodePurpose, id: string, number: number): string {
    const [newest] = keys
    if (newest === undefined) throw new TypeError('codes need a key')

    return derive(newest, purpose, id, number)
  }

  /** Whether this is the row's code under any key, in a time that does not depend on where it differs. */
  function matches (purpose: CodePurpose, id: string, number: number, code: string): boolean {
    const given = Buffer.from(code)

    return keys
      .map(key => Buffer.from(derive(key, purpose, id, number)))
      .map(expected => given.length === expected.length && timingSafeEqual(given, expected))
      .includes(true)
  }
}

/** The largest multiple of a million below 2^32: what lies above would favour low codes. */
const fair = 4_294_000_000

function derive (key: Buffer, purpose: CodePurpose, id: string, number: number): string {
  for (let round = 0; ; round++) {
    const digest = createHmac('sha256', key).update(JSON.stringify([purpose, id, number, round])).digest()
    const draw = [0, 4, 8, 12, 16, 20, 24, 28].map(offset => digest.readUInt32BE(offset)).find(value => value < fair)

    if (draw !== undefined) return String(draw % 1_000_000).padStart(6, '0')
  }
}
