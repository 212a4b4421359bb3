import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import type { PasskeyAssertion } from '../../lib/factors/passkey-checks.ts'
import { oneOf } from './types.ts'
import { Id, Time } from './user.ts'

/** Bytes as browsers write them: base64url without padding (WebAuthn Level 3, section 5.1). */
function bytes (bytesMax: number, description: string) {
  const maxLength = Math.ceil(bytesMax * 4 / 3)
  return Type.String({ minLength: 1, maxLength, pattern: '^[A-Za-z0-9_-]+$', description, examples: ['…'] })
}

const credentialId = bytes(1023, 'The id of the credential.')
const clientData = bytes(4096, 'The client data of the browser: type, challenge and origin.')

// Objects inside a credential take unknown members: browsers add some each year.
const common = {
  id: credentialId,
  rawId: Type.Optional(credentialId),
  type: Type.Literal('public-key')
}

/** What `toJSON()` gives after `navigator.credentials.get()`. */
export const AssertionCredential = Type.Object({
  ...common,
  response: Type.Object({
    clientDataJSON: clientData,
    authenticatorData: bytes(4096, 'What the authenticator has signed.'),
    signature: bytes(1024, 'By the private key of the credential.'),
    userHandle: Type.Optional(Type.Union([Type.Null(), bytes(64, 'Of the account that the passkey was made for.')]))
  })
}, {
  title: 'AssertionCredential',
  description: 'What `toJSON()` gives after `navigator.credentials.get()`. Members that are not listed are let through.'
})

// The words of WebAuthn are not listed, because it gets further ones.
const Transport = Type.String({ pattern: '^[A-Za-z0-9_.-]{1,32}$', examples: ['internal'] })

/** What `toJSON()` gives after `navigator.credentials.create()`. */
export const RegistrationCredential = Type.Object({
  ...common,
  response: Type.Object({
    clientDataJSON: clientData,
    attestationObject: bytes(8192, 'The new credential. Its attestation is not looked at.'),
    transports: Type.Optional(Type.Array(Transport, { maxItems: 16 }))
  }),
  clientExtensionResults: Type.Optional(Type.Object({
    credProps: Type.Optional(Type.Object({ rk: Type.Optional(Type.Boolean()) }))
  }))
}, {
  title: 'RegistrationCredential',
  description: 'What `toJSON()` gives after `navigator.credentials.create()`. Members that are not listed are let through.'
})

/** The members of an assertion that count. */
export function assertionOf ({ id, response }: Static<typeof AssertionCredential>): PasskeyAssertion {
  const { clientDataJSON: clientDataJson, authenticatorData, signature, userHandle } = response
  return { id, clientDataJson, authenticatorData, signature, userHandle: userHandle ?? null }
}

export const PasskeyName = Type.String({
  minLength: 1,
  maxLength: 64,
  format: 'line',
  pattern: '^(?=.*\\S.*$)[^\\x00-\\x1f\\x7f-\\x9f]*$',
  description: 'One line, by which the owner knows it.',
  examples: ['Ada’s phone']
})

export const Passkey = Type.Object({
  id: Id,
  name: Type.String({ examples: ['Ada’s phone'] }),
  created_at: Time,
  last_used_at: Type.Union([Type.Null(), Time]),
  backed_up: Type.Boolean({ description: 'Whether it exists on more than one device. If not, add another.' }),
  user_verified: Type.Boolean({ description: 'Whether it signs in by itself; a security key is a second factor only.' }),
  aaguid: Type.Union([Type.Null(), Type.String({ format: 'uuid' })], { description: 'The model of the authenticator, as it says.' })
}, { title: 'Passkey', description: 'A passkey or security key, without its key.' })

export const PasskeyAnswer = Type.Object({ passkey: Passkey }, { title: 'PasskeyAnswer', description: 'The passkey.' })

export const PasskeysAnswer = Type.Object({
  passkeys: Type.Array(Passkey)
}, { title: 'Passkeys', description: 'The passkeys and security keys, the oldest first.' })

export const PasskeyParams = Type.Object({
  id: Type.String({ ...Id, description: 'Of the passkey.' })
}, { additionalProperties: false })

const Descriptor = Type.Object({
  type: Type.Literal('public-key'),
  id: Type.String({ description: 'In base64url.' }),
  transports: Type.Array(Type.String())
}, { title: 'CredentialDescriptor' })

const challenge = Type.String({ description: 'Works once.', examples: ['…'] })
const timeout = Type.Integer({ description: 'Milliseconds for which the browser shows its dialogue.', examples: [300_000] })
const expiresIn = Type.Integer({ description: 'Seconds within which the answer must come.', examples: [600] })

export const RequestOptionsAnswer = Type.Object({
  public_key: Type.Object({
    challenge,
    rpId: Type.String({ examples: ['example.com'] }),
    timeout,
    allowCredentials: Type.Array(Descriptor),
    userVerification: oneOf(['required', 'preferred'])
  }, { title: 'PublicKeyRequestOptions', description: 'For `PublicKeyCredential.parseRequestOptionsFromJSON()`.' }),
  expires_in: expiresIn
}, { title: 'PasskeyRequestOptions', description: 'For `navigator.credentials.get()`.' })

export const CreationOptionsAnswer = Type.Object({
  public_key: Type.Object({
    rp: Type.Object({ id: Type.String({ examples: ['example.com'] }), name: Type.String({ examples: ['Example'] }) }),
    user: Type.Object({
      id: Type.String({ description: 'In base64url; the same for the life of the account.' }),
      name: Type.String({ examples: ['ada@example.com'] }),
      displayName: Type.String({ examples: ['Ada King'] })
    }),
    challenge,
    pubKeyCredParams: Type.Array(Type.Object({ type: Type.Literal('public-key'), alg: Type.Integer({ examples: [-7] }) })),
    timeout,
    excludeCredentials: Type.Array(Descriptor),
    authenticatorSelection: Type.Object({
      residentKey: oneOf(['required', 'discouraged']),
      requireResidentKey: Type.Boolean(),
      userVerification: oneOf(['required', 'discouraged'])
    }),
    attestation: Type.Literal('none'),
    extensions: Type.Object({ credProps: Type.Boolean() })
  }, { title: 'PublicKeyCreationOptions', description: 'For `PublicKeyCredential.parseCreationOptionsFromJSON()`.' }),
  expires_in: expiresIn
}, { title: 'PasskeyCreationOptions', description: 'For `navigator.credentials.create()`.' })
