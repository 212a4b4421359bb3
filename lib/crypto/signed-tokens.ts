import { createHmac, timingSafeEqual } from 'node:crypto'
import { sha256 } from './sha256.ts'

const version = 1
/** The version (1) and the key id (4). */
const headBytes = 5
const macBytes = 32

/**
 * Signs payloads of a fixed number of bytes and verifies such tokens. A token is version (1) ‖ key id (4) ‖ payload ‖
 * HMAC-SHA-256 (32), in bytes, as base64url. The key id is a hash of the key, not its position in the list, so keys may
 * be reordered. The first key signs, every listed key verifies. `payloadBytes + 37` must be a multiple of three: then
 * each token has exactly one base64url form, and no second spelling of it is accepted.
 */
export function createTokenSigner (keys: Buffer[], payloadBytes: number) {
  const ring = keys.map(key => ({ key, id: sha256(key).readUInt32BE() }))
  const byId = new Map(ring.map(entry => [entry.id, entry.key]))
  const tokenBytes = headBytes + payloadBytes + macBytes
  const form = new RegExp(`^[A-Za-z0-9_-]{${tokenBytes / 3 * 4}}$`)
  const [current] = ring
  if (!current || tokenBytes % 3 !== 0) throw new Error('a signed token needs a key and a length without padding')

  return { sign: sign.bind(null, current), verify }

  /** The payload of a token that a listed key has signed, else null. Asks no store. */
  function verify (token: string): Buffer | null {
    if (!form.test(token)) return null

    const bytes = Buffer.from(token, 'base64url')
    const key = byId.get(bytes.readUInt32BE(1))
    if (bytes[0] !== version || !key) return null

    const signed = bytes.subarray(0, -macBytes)
    return timingSafeEqual(mac(key, signed), bytes.subarray(-macBytes)) ? signed.subarray(headBytes) : null
  }
}

function sign ({ id, key }: { id: number, key: Buffer }, payload: Buffer): string {
  const head = Buffer.alloc(headBytes)
  head.writeUInt8(version)
  head.writeUInt32BE(id, 1)

  const signed = Buffer.concat([head, payload])
  return Buffer.concat([signed, mac(key, signed)]).toString('base64url')
}

function mac (key: Buffer, bytes: Buffer) {
  return createHmac('sha256', key).update(bytes).digest()
}
