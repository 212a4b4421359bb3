import { generateKeyPairSync } from 'node:crypto'
import { sha256 } from '../crypto/sha256.ts'
import { authenticatorDataIn } from './attestation.ts'
import { readAuthenticatorData } from './authenticator-data.ts'
import type { AuthenticatorData, AuthenticatorState } from './authenticator-data.ts'
import { bytesOf } from './base64url.ts'
import { readClientData } from './client-data.ts'
import { algorithmOf, hasSigned } from './public-keys.ts'

/** What a browser answers to `navigator.credentials.create()`, in base64url. */
export interface RegistrationResponse { id: string, clientDataJson: string, attestationObject: string }

/** What a browser answers to `navigator.credentials.get()`, in base64url. */
export interface AssertionResponse {
  id: string
  clientDataJson: string
  authenticatorData: string
  signature: string
}

/** A credential that was registered. */
export interface NewCredential extends AuthenticatorState {
  credentialId: Buffer
  /** As COSE has it. */
  publicKey: Buffer
  algorithm: number
  /** The model of the authenticator, as a UUID; zeros if it does not say. */
  aaguid: string
}

export interface WebauthnVerifierParts {
  rpId: string
  /** The origins that a browser or an app may name, exactly. */
  origins: readonly string[]
  /** Is told why something was refused, for the log. */
  note?: (reason: unknown) => void
}

export type WebauthnVerifier = ReturnType<typeof createWebauthnVerifier>

/** The most bytes of each part of a response. */
const bytesMax = { id: 1023, clientData: 4096, attestation: 8192, authenticatorData: 4096, signature: 1024 }

/**
 * Verifies what browsers answer (WebAuthn Level 3, sections 7.1 and 7.2). Whatever is wrong with it is one refusal and
 * no error of ours. It asks nobody and keeps nothing; the caller judges the counter, the user's handle, and whether the
 * challenge has been answered before.
 */
export function createWebauthnVerifier ({ rpId, origins, note = () => {} }: WebauthnVerifierParts) {
  const rpIdHash = sha256(Buffer.from(rpId))
  let decoy: Buffer | undefined

  return { challengeOf, verifyRegistration, verifyAssertion, decoyKey }

  /** The challenge that a response answers to; null if the response is malformed or comes from a page in a page. */
  function challengeOf ({ clientDataJson }: { clientDataJson: string }): string | null {
    const bytes = bytesOf(clientDataJson, bytesMax.clientData)
    return (bytes && readClientData(bytes)?.challenge) ?? null
  }

  /** The credential that a browser has made for a challenge, or null if the response does not prove one. */
  function verifyRegistration (
    { id, clientDataJson, attestationObject }: RegistrationResponse,
    { challenge, userVerification }: { challenge: string, userVerification: 'required' | 'discouraged' }
  ): NewCredential | null {
    return orNull(() => {
      assertClientData(clientDataJson, 'webauthn.create', challenge)
      const object = bounded(attestationObject, bytesMax.attestation)
      const { state, attested } = assertHere(readAuthenticatorData(authenticatorDataIn(object)))
      if (attested === null) throw new Error('there is no credential')
      if (userVerification === 'required' && !state.userVerified) throw new Error('the user was not verified')

      const { credentialId, publicKey, key, aaguid } = attested
      if (credentialId.toString('base64url') !== id) throw new Error('it is another credential')
      const algorithm = algorithmOf(key)
      if (algorithm === null) throw new Error('the key is of a kind that was not offered')
      return { ...state, credentialId, publicKey, algorithm, aaguid: toUuid(aaguid) }
    })
  }

  /** What an authenticator has signed for a challenge with the private key to `publicKey`, or null if it has not. */
  function verifyAssertion (
    { id, clientDataJson, authenticatorData, signature }: AssertionResponse,
    { challenge, publicKey }: { challenge: string, publicKey: Buffer }
  ): AuthenticatorState | null {
    return orNull(() => {
      bounded(id, bytesMax.id)
      const clientData = assertClientData(clientDataJson, 'webauthn.get', challenge)
      const data = bounded(authenticatorData, bytesMax.authenticatorData)
      const { state } = assertHere(readAuthenticatorData(data))

      const signed = Buffer.concat([data, sha256(clientData)])
      return hasSigned(publicKey, signed, bounded(signature, bytesMax.signature)) ? state : null
    })
  }

  /** A key that nobody has, so that an unknown credential takes the same work as a known one. */
  function decoyKey (): Buffer {
    decoy ??= makeDecoy()
    return decoy
  }

  /** The bytes of what a browser says, if it was this ceremony, this challenge and a page of ours. */
  function assertClientData (encoded: string, type: string, challenge: string): Buffer {
    const bytes = bounded(encoded, bytesMax.clientData)
    const said = readClientData(bytes)
    if (said === null) throw new Error('the client data are malformed, or of a page in a page')
    if (said.type !== type || said.challenge !== challenge) throw new Error('it answers something else')
    if (!origins.some(origin => origin === said.origin)) throw new Error('it is for another origin')
    return bytes
  }

  function assertHere (data: AuthenticatorData): AuthenticatorData {
    if (!data.rpIdHash.equals(rpIdHash)) throw new Error('it is for another domain')
    if (!data.userPresent) throw new Error('no user was present')
    return data
  }

  function orNull<T> (verify: () => T | null): T | null {
    try {
      return verify()
    } catch (error) {
      note(error)
      return null
    }
  }
}

function bounded (encoded: string, max: number): Buffer {
  const bytes = bytesOf(encoded, max)
  if (bytes === null) throw new Error('a part is no base64url, empty or too long')
  return bytes
}

function toUuid (bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** The public key of a new pair, in COSE: a map of five members. */
function makeDecoy (): Buffer {
  const { x = '', y = '' } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
  return Buffer.concat([
    Buffer.from('a5010203262001215820', 'hex'), Buffer.from(x, 'base64url'),
    Buffer.from('225820', 'hex'), Buffer.from(y, 'base64url')
  ])
}
