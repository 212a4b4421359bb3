import { Refusal } from '../errors.ts'
import type { Encryption } from '../crypto/encryption.ts'

/** Where a page of a list ends: what the list is ordered by there, and whose row it is. */
export interface Position { key: string, id: string }

export type Cursors = ReturnType<typeof createCursors>

/**
 * Cursors of lists, encrypted and opaque: what they carry may be personal, and addresses of pages end up in
 * logs and histories. One belongs to the list that it was made for: its order, its filters, its search.
 */
export function createCursors (encryption: Encryption) {
  return { encrypt, decrypt }

  /** The cursor after a position in a list. */
  function encrypt (list: object, position: Position): string {
    return encryption.encrypt(Buffer.from(JSON.stringify([position.key, position.id])), JSON.stringify(list)).toString('base64url')
  }

  /** The position of a cursor, null without one. Throws `invalid_request` for what is no cursor of this list. */
  function decrypt (list: object, cursor: string | undefined): Position | null {
    if (cursor === undefined) return null

    const box = Buffer.from(cursor, 'base64url')
    const isCanonical = box.toString('base64url') === cursor
    const position: unknown = isCanonical && JSON.parse(encryption.tryDecrypt(box, JSON.stringify(list))?.toString() ?? 'null')
    if (!isPosition(position)) throw new Refusal('invalid_request', { errors: [{ path: '/cursor', code: 'not_a_cursor', message: 'is no cursor of this list: begin with its first page' }] })
    return { key: position[0], id: position[1] }
  }
}

function isPosition (value: unknown): value is [key: string, id: string] {
  return Array.isArray(value) && value.length === 2 && value.every(part => typeof part === 'string')
}
