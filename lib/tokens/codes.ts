import { createHmac, timingSafeEqual } from 'node:crypto'

export type Codes = ReturnType<typeof createCodes>

/** The purpose of a code. A code of one purpose is not valid for another (ASVS 5.0 6.6.2). */
export type CodePurpose = 'verify_email'

/**
 * Six-digit codes that are derived, not stored: HMAC-SHA-256 over purpose, row and number. So a mail that is sent again
 * carries the same code, and a copy of the database contains none.
 * @param keys one for each ENCRYPTION_KEY in use; the first makes codes, the codes of all are accepted
 */
export function createCodes (keys: Buffer[]) {
  return { codeFor, matches }

  /**
   * The code of a row, uniform over 000000 to 999999 with its leading zeros (ASVS 5.0 6.5.3, 6.5.4).
   * @param number counts the codes of one row; each number has its own code
   */
  function codeFor (purpose: CodePurpose, id: string, number: number): string {
    const [newest] = keys
    if (newest === undefined) throw new TypeError('codes need a key')

    return derive(newest, purpose, id, number)
  }

  /** Whether this is the row's code under any key. The time it takes does not depend on where the codes differ. */
  function matches (purpose: CodePurpose, id: string, number: number, code: string): boolean {
    const given = Buffer.from(code)

    return keys
      .map(key => Buffer.from(derive(key, purpose, id, number)))
      .map(expected => given.length === expected.length && timingSafeEqual(given, expected))
      .includes(true)
  }
}

/** The largest multiple of a million below 2^32. Higher draws are rejected, because they would favour low codes. */
const drawsBelow = 4_294_000_000
const drawOffsets = [0, 4, 8, 12, 16, 20, 24, 28]

function derive (key: Buffer, purpose: CodePurpose, id: string, number: number): string {
  for (let round = 0; ; round++) {
    const digest = createHmac('sha256', key).update(JSON.stringify([purpose, id, number, round])).digest()
    const draw = drawOffsets.map(offset => digest.readUInt32BE(offset)).find(value => value < drawsBelow)

    if (draw !== undefined) return String(draw % 1_000_000).padStart(6, '0')
  }
}
