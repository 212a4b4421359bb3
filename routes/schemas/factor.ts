import { Type } from '@sinclair/typebox'
import { Token } from './input.ts'
import { CookieAnswer, TokenAnswer } from './session.ts'
import { Passkey, PasskeyAnswer } from './passkey.ts'
import { Id, Time } from './user.ts'

/** The schema only bounds the length: a code of the wrong form is refused like a wrong one. */
export const Code = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'What the authenticator app shows; it works once.',
  examples: ['012345']
})

export const RecoveryCode = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'One of the recovery codes; it works once. Case, blanks and hyphens do not matter.',
  examples: ['ABCD-EFGH-IJKL-MNOP-QRST-UV23']
})

export const MfaToken = Type.String({
  ...Token,
  description: 'The `mfa_token` of the first step. A browser sends it as a cookie instead.'
})

const recoveryCodes = Type.Array(Type.String({ examples: ['ABCD-EFGH-IJKL-MNOP-QRST-UV23'] }), {
  description: 'Ten, each of which works once. They cannot be read again.'
})

export const RecoveryCodesAnswer = Type.Object({ recovery_codes: recoveryCodes }, {
  title: 'RecoveryCodes',
  description: 'The new recovery codes; all others are dead.'
})

/** New tokens, and recovery codes if the account had none. */
export const FactorConfirmedAnswer = Type.Union([
  Type.Object({ ...TokenAnswer.properties, recovery_codes: Type.Optional(recoveryCodes) }, {
    title: 'FactorConfirmedTokens',
    description: 'With `transport: bearer`.'
  }),
  Type.Object({ ...CookieAnswer.properties, recovery_codes: Type.Optional(recoveryCodes) }, {
    title: 'FactorConfirmedCookieSession',
    description: 'With `transport: cookie`.'
  })
], { title: 'FactorConfirmed', description: 'The account has two steps now. Every other session has ended.' })

/** The passkey alone; with tokens and recovery codes if it has finished a reset. */
export const PasskeyAddedAnswer = Type.Union([
  Type.Object({ ...TokenAnswer.properties, passkey: Passkey, recovery_codes: recoveryCodes }, {
    title: 'PasskeyAddedTokens',
    description: 'At the end of a reset, with `transport: bearer`.'
  }),
  Type.Object({ ...CookieAnswer.properties, passkey: Passkey, recovery_codes: recoveryCodes }, {
    title: 'PasskeyAddedCookieSession',
    description: 'At the end of a reset, with `transport: cookie`.'
  }),
  PasskeyAnswer
], { title: 'PasskeyAdded', description: 'The passkey. At the end of a reset also tokens and recovery codes.' })

export const TotpSecretAnswer = Type.Object({
  id: Id,
  secret: Type.String({ description: 'For typing it in: Base32.', examples: ['…'] }),
  uri: Type.String({ description: 'For a QR code that an authenticator app reads.', examples: ['otpauth://totp/…'] }),
  expires_in: Type.Integer({ description: 'Seconds within which the first code must be entered.', examples: [600] })
}, { title: 'TotpSecret', description: 'It waits for its first code. It cannot be read again.' })

export const SecondFactorsAnswer = Type.Object({
  password: Type.Boolean({ description: 'Whether the user has a password.' }),
  two_step: Type.Boolean({ description: 'Whether the password alone opens no session.' }),
  required: Type.Boolean({ description: 'Whether the role demands a second factor.' }),
  required_from: Type.Union([Type.Null(), Time], {
    description: 'When the role begins to demand one; `null` if it does already, or if no date is set.'
  }),
  remembered_devices: Type.Integer({
    description: 'How many devices are not asked for the second factor for a while.',
    examples: [0]
  }),
  totp: Type.Union([Type.Null(), Type.Object({
    id: Id,
    created_at: Time,
    last_used_at: Type.Union([Type.Null(), Time])
  }, { title: 'TotpFactor' })], { description: 'The authenticator app; `null` for none.' }),
  passkeys: Type.Array(Passkey, { description: 'And security keys; the oldest first.' }),
  recovery_codes: Type.Union([Type.Null(), Type.Object({
    left: Type.Integer({ description: 'How many have not been used.', examples: [10] }),
    created_at: Time
  }, { title: 'RecoveryCodeSummary' })], { description: '`null` for none.' })
}, { title: 'SecondFactors', description: 'What the user has beside the password.' })

export const FactorParams = Type.Object({
  id: Type.String({ ...Id, description: 'Of the secret.' })
}, { additionalProperties: false })
