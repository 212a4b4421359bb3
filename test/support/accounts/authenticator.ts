import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/** An authenticator in software, for what no browser sends. Everything that it says may be replaced. */
export type Authenticator = ReturnType<typeof createAuthenticator>

/** The members of the options that an authenticator reads. */
export interface CreationOptions { challenge: string, rp: { id: string }, user?: { id: string } }
export interface RequestOptions { challenge: string, rpId: string }

/** What an answer says instead of what an honest one would. */
export interface Lies {
  type?: string
  origin?: string
  rpId?: string
  clientData?: Record<string, unknown>
  /** Flags by their letters: UP, UV, BE, BS. */
  flags?: readonly Flag[]
  count?: number
  id?: Buffer
  /** The encoded COSE key. */
  key?: Buffer
  fmt?: string
  /** The encoded attestation statement. */
  statement?: Buffer
  /** Appended to the authenticator data. */
  leftover?: Buffer
  handle?: Buffer | null
  signature?: (data: Buffer) => Buffer
}

type Flag = keyof typeof bits
const bits = { UP: 1, UV: 4, BE: 8, BS: 16, AT: 64, ED: 128 }

/** Algorithms by their number in COSE. */
type Algorithm = -7 | -8 | -257

/** One credential of an authenticator: a key pair and an id. It counts its signatures unless it is told a count. */
export function createAuthenticator (
  { origin, algorithm = -7, flags = ['UP', 'UV'] }: { origin: string, algorithm?: Algorithm, flags?: Flag[] }
) {
  const { privateKey, publicKey } = pairOf(algorithm)
  const id = randomBytes(32)
  let [count, handle] = [0, randomBytes(64)]

  return { id: id.toString('base64url'), create, get }

  /** The answer to `navigator.credentials.create()`, as `toJSON()` gives it. */
  function create (options: CreationOptions, lies: Lies = {}) {
    if (options.user) handle = Buffer.from(options.user.id, 'base64url')
    const credentialId = lies.id ?? id
    const length = Buffer.alloc(2)
    length.writeUInt16BE(credentialId.length)
    const data = Buffer.concat([
      headOf(lies.rpId ?? options.rp.id, [...lies.flags ?? flags, 'AT'], lies.count ?? 0),
      Buffer.alloc(16), length, credentialId, lies.key ?? coseOf(publicKey), lies.leftover ?? Buffer.alloc(0)
    ])
    const attestation = Buffer.concat([
      Buffer.from([0xa3]), text('fmt'), text(lies.fmt ?? 'none'),
      text('attStmt'), lies.statement ?? Buffer.from([0xa0]), text('authData'), bytes(data)
    ])
    return {
      id: toText(credentialId),
      rawId: toText(credentialId),
      type: 'public-key',
      authenticatorAttachment: 'platform',
      clientExtensionResults: { credProps: { rk: true } },
      response: {
        clientDataJSON: toText(clientDataOf('webauthn.create', options.challenge, lies)),
        attestationObject: toText(attestation),
        transports: ['internal', 'hybrid'],
        publicKeyAlgorithm: algorithm
      }
    }
  }

  /** The answer to `navigator.credentials.get()`, as `toJSON()` gives it. */
  function get (options: RequestOptions, lies: Lies = {}) {
    count = lies.count ?? count + 1
    const clientData = clientDataOf('webauthn.get', options.challenge, lies)
    const data = Buffer.concat([
      headOf(lies.rpId ?? options.rpId, lies.flags ?? flags, count), lies.leftover ?? Buffer.alloc(0)
    ])
    const signed = Buffer.concat([data, hash(clientData)])
    const given = lies.handle === undefined ? handle : lies.handle
    return {
      id: toText(lies.id ?? id),
      rawId: toText(lies.id ?? id),
      type: 'public-key',
      clientExtensionResults: {},
      response: {
        clientDataJSON: toText(clientData),
        authenticatorData: toText(data),
        signature: toText(lies.signature?.(signed) ?? sign(algorithm === -8 ? null : 'sha256', signed, privateKey)),
        ...(given && { userHandle: toText(given) })
      }
    }
  }

  function clientDataOf (type: string, challenge: string, lies: Lies) {
    const said = { type: lies.type ?? type, challenge, origin: lies.origin ?? origin, crossOrigin: false }
    return Buffer.from(JSON.stringify({ ...said, ...lies.clientData }))
  }
}

/** The bytes of a text in CBOR. */
export function text (value: string): Buffer {
  return Buffer.concat([head(0x60, value.length), Buffer.from(value)])
}

/** Bytes in CBOR. */
export function bytes (value: Buffer): Buffer {
  return Buffer.concat([head(0x40, value.length), value])
}

function head (major: number, length: number): Buffer {
  if (length < 24) return Buffer.from([major + length])
  return length < 256 ? Buffer.from([major + 24, length]) : Buffer.from([major + 25, length >> 8, length & 255])
}

function headOf (rpId: string, flags: readonly Flag[], count: number): Buffer {
  const counter = Buffer.alloc(4)
  counter.writeUInt32BE(count)
  const byte = flags.reduce((sum, flag) => sum | bits[flag], 0)
  return Buffer.concat([hash(Buffer.from(rpId)), Buffer.from([byte]), counter])
}

/** A public key in COSE. */
export function coseOf (key: KeyObject): Buffer {
  const { crv, x = '', y = '', n = '', e = '' } = key.export({ format: 'jwk' })
  const part = (value: string) => bytes(Buffer.from(value, 'base64url'))
  if (crv === 'P-256') return Buffer.concat([Buffer.from('a5010203262001', 'hex'), Buffer.from([0x21]), part(x), Buffer.from([0x22]), part(y)])
  if (crv === 'P-384') return Buffer.concat([Buffer.from('a5010203262002', 'hex'), Buffer.from([0x21]), part(x), Buffer.from([0x22]), part(y)])
  if (crv === 'Ed25519') return Buffer.concat([Buffer.from('a4010103272006', 'hex'), Buffer.from([0x21]), part(x)])
  return Buffer.concat([Buffer.from('a401030339010020', 'hex'), part(n), Buffer.from([0x21]), part(e)])
}

function pairOf (algorithm: Algorithm) {
  if (algorithm === -8) return generateKeyPairSync('ed25519')
  return algorithm === -7 ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('rsa', { modulusLength: 2048 })
}

function hash (data: Buffer) {
  return createHash('sha256').update(data).digest()
}

function toText (data: Buffer) {
  return data.toString('base64url')
}
