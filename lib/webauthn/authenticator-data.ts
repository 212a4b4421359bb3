import { decodeFirstCbor } from './cbor.ts'
import type { Cbor } from './cbor.ts'

/** What an authenticator says of itself: whether it has verified the user, and what becomes of its keys. */
export interface AuthenticatorState {
  signCount: number
  userVerified: boolean
  /** Whether the key may be copied to other devices (BE), and whether it is (BS). */
  backupEligible: boolean
  backedUp: boolean
}

/** A credential that the authenticator has made. */
export interface AttestedCredential {
  credentialId: Buffer
  aaguid: Buffer
  /** The public key, as the authenticator has encoded it (COSE), and decoded. */
  publicKey: Buffer
  key: Cbor
}

export interface AuthenticatorData {
  /** SHA-256 of the RP ID. */
  rpIdHash: Buffer
  userPresent: boolean
  state: AuthenticatorState
  /** Null where none was made: at a sign-in. */
  attested: AttestedCredential | null
}

/** The bits of the flags (WebAuthn Level 3, section 6.1), and the bytes before the first part that may be missing. */
const flag = { up: 0x01, uv: 0x04, be: 0x08, bs: 0x10, at: 0x40, ed: 0x80 } as const
const [flagsAt, countAt, headBytes] = [32, 33, 37]
const aaguidBytes = 16
/** Level 3, section 7.1, step 25, for the upper bound; identifiers of fewer bytes could be guessed. */
const idBytes = { min: 16, max: 1023 }

/**
 * Reads authenticator data (WebAuthn Level 3, section 6.1) to its last byte. What extensions say is not used.
 * @throws Error if it is malformed, or says that a key is backed up that cannot be
 */
export function readAuthenticatorData (data: Buffer): AuthenticatorData {
  if (data.length < headBytes) throw new Error('bytes are missing')
  const flags = data.readUInt8(flagsAt)
  const has = (name: keyof typeof flag) => (flags & flag[name]) !== 0
  if (has('bs') && !has('be')) throw new Error('a key that may not be copied is backed up')

  const { attested, end } = has('at') ? readAttested(data) : { attested: null, end: headBytes }
  if (endOfExtensions(data, end, has('ed')) !== data.length) throw new Error('bytes are left over')
  return {
    rpIdHash: data.subarray(0, flagsAt),
    userPresent: has('up'),
    state: {
      signCount: data.readUInt32BE(countAt),
      userVerified: has('uv'),
      backupEligible: has('be'),
      backedUp: has('bs')
    },
    attested
  }
}

function readAttested (data: Buffer): { attested: AttestedCredential, end: number } {
  const idAt = headBytes + aaguidBytes + 2
  const idLength = data.readUInt16BE(idAt - 2)
  if (idLength < idBytes.min || idLength > idBytes.max) throw new Error('the credential id is too short or too long')

  const keyAt = idAt + idLength
  const { item: key, end } = decodeFirstCbor(data, keyAt)
  return {
    attested: {
      credentialId: data.subarray(idAt, keyAt),
      aaguid: data.subarray(headBytes, headBytes + aaguidBytes),
      publicKey: data.subarray(keyAt, end),
      key
    },
    end
  }
}

function endOfExtensions (data: Buffer, from: number, areThere: boolean): number {
  if (!areThere) return from
  const { item, end } = decodeFirstCbor(data, from)
  if (!(item instanceof Map)) throw new Error('the extensions are no map')
  return end
}
