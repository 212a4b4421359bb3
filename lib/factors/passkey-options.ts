import { algorithms } from '../webauthn/public-keys.ts'
import { challengeSeconds } from '../tokens/challenges.ts'
import type { Passkey } from './passkey-store.ts'

/** A `passkey` signs in by itself. A `security_key` is a second factor for ever. */
export type PasskeyKind = 'passkey' | 'security_key'

/** How long (ms) a browser shows its dialogue. */
const timeoutMs = 300_000

type Descriptor = ReturnType<typeof descriptorOf>

export type CreationOptions = ReturnType<typeof creationOptions>
export type RequestOptions = ReturnType<typeof requestOptions>

/** What `PublicKeyCredential.parseCreationOptionsFromJSON()` takes. */
export function creationOptions ({ kind, challenge, rp, user, passkeys }: {
  kind: PasskeyKind
  challenge: string
  rp: { id: string, name: string }
  user: { handle: Buffer, email: string, fullName: string }
  /** Those that the account has: an authenticator with one of them makes no second one, which would replace it. */
  passkeys: Passkey[]
}) {
  const isPasskey = kind === 'passkey'
  return {
    public_key: {
      rp,
      user: { id: user.handle.toString('base64url'), name: user.email, displayName: user.fullName },
      challenge,
      pubKeyCredParams: algorithms.map(alg => ({ type: 'public-key' as const, alg })),
      timeout: timeoutMs,
      excludeCredentials: passkeys.map(descriptorOf),
      authenticatorSelection: {
        residentKey: isPasskey ? 'required' as const : 'discouraged' as const,
        requireResidentKey: isPasskey,
        userVerification: isPasskey ? 'required' as const : 'discouraged' as const
      },
      attestation: 'none' as const,
      extensions: { credProps: true }
    },
    expires_in: challengeSeconds
  }
}

/** What `PublicKeyCredential.parseRequestOptionsFromJSON()` takes. */
export function requestOptions ({ challenge, rpId, passkeys, userVerification }: {
  challenge: string
  rpId: string
  /** Those that may answer; without any the authenticator offers those that it has. */
  passkeys: Passkey[]
  userVerification: 'required' | 'preferred'
}) {
  const allowCredentials: Descriptor[] = passkeys.map(descriptorOf)
  return {
    public_key: { challenge, rpId, timeout: timeoutMs, allowCredentials, userVerification },
    expires_in: challengeSeconds
  }
}

function descriptorOf ({ credentialId, transports }: Passkey) {
  return { type: 'public-key' as const, id: credentialId.toString('base64url'), transports }
}
