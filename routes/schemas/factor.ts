import { Type } from '@sinclair/typebox'
import { Token } from './input.ts'

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
