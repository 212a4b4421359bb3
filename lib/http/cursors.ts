import { Refusal } from '../errors.ts'
import type { FieldError } from '../errors.ts'
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
    const text = Buffer.from(JSON.stringify([position.key, position.id]))
    return encryption.encrypt(text, JSON.stringify(list)).toString('base64url')
  }

  /**
   * The position of a cursor; null without one.
   * @throws Refusal `invalid_request` for what is no cursor of this list
   */
  function decrypt (list: object, cursor: string | undefined): Position | null {
    if (cursor === undefined) return null

    const box = Buffer.from(cursor, 'base64url')
    const isCanonical = box.toString('base64url') === cursor
    const text = isCanonical ? encryption.tryDecrypt(box, JSON.stringify(list)) : null
    const position: unknown = text && JSON.parse(text.toString())
    if (!isPosition(position)) throw new Refusal('invalid_request', { errors: [notACursor] })
    return { key: position[0], id: position[1] }
  }
}

const notACursor: FieldError = {
  path: '/cursor',
  code: 'not_a_cursor',
  message: 'is no cursor of this list: begin with its first page'
}

function isPosition (value: unknown): value is [key: string, id: string] {
  return Array.isArray(value) && value.length === 2 && value.every(part => typeof part === 'string')
}
