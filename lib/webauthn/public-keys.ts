import { createPublicKey, verify } from 'node:crypto'
import type { JsonWebKey, KeyObject } from 'node:crypto'
import { decodeCbor } from './cbor.ts'
import type { Cbor } from './cbor.ts'

/** ECDSA with P-256 and SHA-256, EdDSA, and RSASSA-PKCS1-v1_5 with SHA-256, by their numbers in COSE. */
const [es256, eddsa, rs256] = [-7, -8, -257]

/** The algorithms (COSE) that an authenticator may sign with, the preferred one first: ES256, Ed25519, RS256. */
export const algorithms: readonly number[] = [es256, eddsa, rs256]

/** The members of a COSE key: RFC 9052, section 7.1, and RFC 9053, section 7. */
const member = { kty: 1, alg: 3, crv: -1, x: -2, y: -3, n: -1, e: -2 } as const

/** RSA keys of fewer bits are weak; a verification with more, or with another exponent, takes long. */
const rsaBits = { min: 2048, max: 4096 }
const rsaExponent = Buffer.from([1, 0, 1])

/**
 * The algorithm of a COSE key, if it is one of ours with the parameters that belong to it: ES256 with P-256, EdDSA with
 * Ed25519, RS256 with 2048 to 4096 bits and the exponent 65537. Else null.
 */
export function algorithmOf (key: Cbor): number | null {
  return read(key)?.algorithm ?? null
}

/**
 * Whether a key that `algorithmOf` has accepted, encoded as COSE has it, has signed the data. The numbers of a
 * signature have one encoding only: OpenSSL encodes those of ES256 anew (WebAuthn Level 3, section 6.5.5: in DER) and
 * compares.
 * @throws Error for anything but such a key
 */
export function hasSigned (encoded: Buffer, data: Buffer, signature: Buffer): boolean {
  const key = read(decodeCbor(encoded))
  if (key === null) throw new Error('this is no public key')
  return verify(key.algorithm === eddsa ? null : 'sha256', data, key.publicKey, signature)
}

function read (key: Cbor): { algorithm: number, publicKey: KeyObject } | null {
  if (!(key instanceof Map)) return null
  const jwk = toJwk(key)
  const publicKey = jwk && toKey(jwk)
  return publicKey && { algorithm: Number(key.get(member.alg)), publicKey }
}

function toJwk (key: Map<number | string, Cbor>): JsonWebKey | null {
  const [kty, alg, crv, x, y] = [member.kty, member.alg, member.crv, member.x, member.y].map(name => key.get(name))

  if (alg === es256 && kty === 2 && crv === 1 && key.size === 5 && isBytes(x, 32) && isBytes(y, 32)) {
    return { kty: 'EC', crv: 'P-256', x: toText(x), y: toText(y) }
  }
  if (alg === eddsa && kty === 1 && crv === 6 && key.size === 4 && isBytes(x, 32)) {
    return { kty: 'OKP', crv: 'Ed25519', x: toText(x) }
  }
  const [n, e] = [key.get(member.n), key.get(member.e)]
  if (alg === rs256 && kty === 3 && key.size === 4 && isModulus(n) && Buffer.isBuffer(e) && e.equals(rsaExponent)) {
    return { kty: 'RSA', n: toText(n), e: toText(e) }
  }
  return null
}

/** Null for numbers that make no key, such as a point that is not on its curve. */
function toKey (jwk: JsonWebKey): KeyObject | null {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return null
  }
}

function isBytes (value: Cbor | undefined, length: number): value is Buffer {
  return Buffer.isBuffer(value) && value.length === length
}

function isModulus (value: Cbor | undefined): value is Buffer {
  if (!Buffer.isBuffer(value) || value.length === 0) return false
  const bits = value.length * 8 - Math.clz32(value.readUInt8()) + 24
  return bits >= rsaBits.min && bits <= rsaBits.max
}

function toText (bytes: Buffer) {
  return bytes.toString('base64url')
}
