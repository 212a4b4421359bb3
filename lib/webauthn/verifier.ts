import { generateKeyPairSync } from 'node:crypto'
import type { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server'
import { readAttestation, withoutStatement } from './attestation.ts'
import { bytesOf } from './base64url.ts'
import { challengeIn } from './client-data.ts'
import { isEcdsaSignature } from './ecdsa-signature.ts'
import { algorithms, isEs256Key } from './public-keys.ts'

/** What the vendor library does. */
export interface WebauthnLibrary {
  verifyRegistrationResponse: typeof verifyRegistrationResponse
  verifyAuthenticationResponse: typeof verifyAuthenticationResponse
}

/** What a browser answers to `navigator.credentials.create()`, in base64url. */
export interface RegistrationResponse { id: string, clientDataJson: string, attestationObject: string }

/** What a browser answers to `navigator.credentials.get()`, in base64url. */
export interface AssertionResponse {
  id: string
  clientDataJson: string
  authenticatorData: string
  signature: string
}

/** What an authenticator says of itself: whether it has verified the user, and what becomes of its keys. */
export interface AuthenticatorState {
  signCount: number
  userVerified: boolean
  /** Whether the key may be copied to other devices (BE), and whether it is (BS). */
  backupEligible: boolean
  backedUp: boolean
}

/** A credential that was registered. */
export interface NewCredential extends AuthenticatorState {
  credentialId: Buffer
  /** As COSE has it. */
  publicKey: Buffer
  algorithm: number
  aaguid: string
}

export interface WebauthnVerifierParts {
  /** Loads the library. It takes more than half a second, so it is loaded when it is first needed. */
  load: () => Promise<WebauthnLibrary>
  rpId: string
  /** The origins that a browser or an app may name, exactly. */
  origins: readonly string[]
  /** Is told why something was refused, for the log. */
  note?: (reason: unknown) => void
}

export type WebauthnVerifier = ReturnType<typeof createWebauthnVerifier>

/** The most bytes of each part of a response, which the library does not bound. */
const bytesMax = { id: 1023, clientData: 4096, attestation: 8192, authenticatorData: 4096, signature: 1024 }

/**
 * Verifies what browsers answer (WebAuthn Level 3, sections 7.1 and 7.2), by a library that is guarded against what it
 * leaves out and what it does too much:
 * - It would verify any attestation statement that a client sends, and fetch revocation lists from addresses in its
 *   certificates. So it gets an attestation object that was made anew, without a statement.
 * - It accepts pages within pages of other origins. They are refused here.
 * - It refuses a counter that goes back before it looks at the signature. It is told that the last one was 0, and the
 *   caller judges the counter.
 * - It bounds no sizes and decodes CBOR to any depth. Sizes, depth and keys are judged before.
 * - Whatever it throws, for whatever bytes, is a refusal and no error of ours.
 */
export function createWebauthnVerifier ({ load, rpId, origins, note = () => {} }: WebauthnVerifierParts) {
  let loading: Promise<WebauthnLibrary> | undefined
  let decoy: Buffer | undefined
  const expected = { expectedRPID: rpId, expectedOrigin: [...origins] }

  return { challengeOf, verifyRegistration, verifyAssertion, decoyKey }

  /** The challenge that a response answers to; null if the response is malformed or comes from a page in a page. */
  function challengeOf ({ clientDataJson }: { clientDataJson: string }): string | null {
    const clientData = bytesOf(clientDataJson, bytesMax.clientData)
    return clientData && challengeIn(clientData)
  }

  /**
   * The credential that a browser has made for a challenge, or null if the response does not prove one.
   * @throws the error of `load`
   */
  async function verifyRegistration (
    response: RegistrationResponse,
    { challenge, userVerification }: { challenge: string, userVerification: 'required' | 'discouraged' }
  ): Promise<NewCredential | null> {
    const { verifyRegistrationResponse } = await library()
    return await orNull(async () => {
      if (challengeOf(response) !== challenge) return null
      const object = bytesOf(response.attestationObject, bytesMax.attestation)
      if (!object) return null

      const attested = readAttestation(object)
      const { id, clientDataJson: clientDataJSON } = response
      const attestationObject = withoutStatement(attested).toString('base64url')
      const { verified, registrationInfo: info } = await verifyRegistrationResponse({
        ...expected,
        expectedChallenge: challenge,
        response: { ...credentialOf(id), response: { clientDataJSON, attestationObject } },
        requireUserVerification: userVerification === 'required',
        supportedAlgorithmIDs: [...algorithms]
      })
      if (!verified || !info || id !== attested.credentialId.toString('base64url')) return null
      const { credential, aaguid } = info
      return { ...attested, aaguid, ...stateOf(credential.counter, info) }
    })
  }

  /**
   * What an authenticator has signed for a challenge with the private key to `publicKey`, or null if it has not.
   * @throws the error of `load`
   */
  async function verifyAssertion (
    response: AssertionResponse,
    { challenge, publicKey }: { challenge: string, publicKey: Buffer }
  ): Promise<AuthenticatorState | null> {
    const { verifyAuthenticationResponse } = await library()
    return await orNull(async () => {
      if (challengeOf(response) !== challenge || !isBounded(response)) return null
      if (isEs256Key(publicKey) && !isEcdsaSignature(Buffer.from(response.signature, 'base64url'))) return null

      const { id, clientDataJson: clientDataJSON, authenticatorData, signature } = response
      const { verified, authenticationInfo: info } = await verifyAuthenticationResponse({
        ...expected,
        expectedChallenge: challenge,
        response: { ...credentialOf(id), response: { clientDataJSON, authenticatorData, signature } },
        requireUserVerification: false,
        credential: { id, publicKey: new Uint8Array(publicKey), counter: 0 }
      })
      return verified ? stateOf(info.newCounter, info) : null
    })
  }

  /** A key that nobody has, so that an unknown credential takes the same work as a known one. */
  function decoyKey (): Buffer {
    decoy ??= makeDecoy()
    return decoy
  }

  async function library (): Promise<WebauthnLibrary> {
    loading ??= load()
    // One that did not load may load the next time.
    loading.catch(() => { loading = undefined })
    return await loading
  }

  async function orNull<T> (verify: () => Promise<T | null>): Promise<T | null> {
    try {
      return await verify()
    } catch (error) {
      note(error)
      return null
    }
  }
}

function isBounded ({ id, authenticatorData, signature }: AssertionResponse): boolean {
  return bytesOf(id, bytesMax.id) !== null &&
    bytesOf(authenticatorData, bytesMax.authenticatorData) !== null &&
    bytesOf(signature, bytesMax.signature) !== null
}

function credentialOf (id: string) {
  return { id, rawId: id, type: 'public-key' as const, clientExtensionResults: {} }
}

function stateOf (
  signCount: number,
  info: { userVerified: boolean, credentialDeviceType: 'singleDevice' | 'multiDevice', credentialBackedUp: boolean }
): AuthenticatorState {
  return {
    signCount,
    userVerified: info.userVerified,
    backupEligible: info.credentialDeviceType === 'multiDevice',
    backedUp: info.credentialBackedUp
  }
}

/** The public key of a new pair, in COSE: a map of five members. */
function makeDecoy (): Buffer {
  const { x = '', y = '' } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
  return Buffer.concat([
    Buffer.from('a5010203262001215820', 'hex'), Buffer.from(x, 'base64url'),
    Buffer.from('225820', 'hex'), Buffer.from(y, 'base64url')
  ])
}
