import { decodeCbor, decodeFirstCbor } from './cbor.ts'
import { algorithmOf } from './public-keys.ts'

/** What an authenticator says about a new credential. */
export interface AttestedCredential {
  /** The bytes of the authenticator data (WebAuthn Level 3, section 6.1). */
  authenticatorData: Buffer
  credentialId: Buffer
  /** The public key, as the authenticator has encoded it (COSE). */
  publicKey: Buffer
  algorithm: number
}

/** The part of authenticator data before the attested credential: hash of the RP ID, flags, counter. */
const headBytes = 37
const attestedFlag = 0x40
const aaguidBytes = 16
/** Level 3, section 7.1, step 25, for the upper bound; identifiers of fewer bytes could be guessed. */
const idBytes = { min: 16, max: 1023 }

/** An attestation object before the authenticator data, in CBOR: `{ fmt: "none", attStmt: {}, authData: …`. */
const unattested = Buffer.from('a363666d74646e6f6e656761747453746d74a0686175746844617461', 'hex')

/**
 * Reads an attestation object. Its statement is not looked at, because none was asked for.
 * @throws Error if it is malformed, or its key is not one of ours
 */
export function readAttestation (bytes: Buffer): AttestedCredential {
  const object = decodeCbor(bytes)
  const authenticatorData = object instanceof Map ? object.get('authData') : undefined
  if (!Buffer.isBuffer(authenticatorData)) throw new Error('the attestation object has no authenticator data')
  if (authenticatorData.length < headBytes + aaguidBytes + 2) throw new Error('bytes are missing')
  if ((authenticatorData.readUInt8(32) & attestedFlag) === 0) throw new Error('there is no credential')

  const idAt = headBytes + aaguidBytes + 2
  const idLength = authenticatorData.readUInt16BE(idAt - 2)
  if (idLength < idBytes.min || idLength > idBytes.max) throw new Error('the credential id is too short or too long')

  const { item, end } = decodeFirstCbor(authenticatorData, idAt + idLength)
  const algorithm = algorithmOf(item)
  if (algorithm === null) throw new Error('the key is of a kind that was not offered')
  return {
    authenticatorData,
    credentialId: authenticatorData.subarray(idAt, idAt + idLength),
    publicKey: authenticatorData.subarray(idAt + idLength, end),
    algorithm
  }
}

/** The attestation object of the same credential without a statement. */
export function withoutStatement ({ authenticatorData }: Pick<AttestedCredential, 'authenticatorData'>): Buffer {
  const length = Buffer.from([0x59, 0, 0])
  length.writeUInt16BE(authenticatorData.length, 1)
  return Buffer.concat([unattested, length, authenticatorData])
}
