import { decodeCbor } from './cbor.ts'

/**
 * The authenticator data in an attestation object (WebAuthn Level 3, section 6.5.4). The statement beside it is not
 * looked at, because none was asked for: nothing in it is verified, and nothing fetched that it names.
 * @throws Error if it is malformed
 */
export function authenticatorDataIn (attestationObject: Buffer): Buffer {
  const object = decodeCbor(attestationObject)
  const data = object instanceof Map ? object.get('authData') : undefined
  if (!Buffer.isBuffer(data)) throw new Error('the attestation object has no authenticator data')
  return data
}
