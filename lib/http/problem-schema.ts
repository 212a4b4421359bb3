import { Type } from '@sinclair/typebox'
import { endReasons, refusalCodes } from '../errors.ts'

/** A refusal as clients read it (RFC 9457). Schemas of routes refer to it as `Problem#`, see plugins/http/errors.ts. */
export const problemSchema = Type.Object({
  type: Type.String({ description: '`urn:latchkey:problem:` and the code.' }),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String({ description: 'A sentence for a person; it may change.' }),
  code: Type.Unsafe<string>({ type: 'string', enum: refusalCodes, description: 'The stable name of the refusal.' }),
  request_id: Type.String({ description: 'The same as X-Request-Id; it is in the log.' }),
  errors: Type.Optional(Type.Array(Type.Object({
    path: Type.String({ description: 'A JSON pointer into the body.' }),
    code: Type.String(),
    message: Type.String()
  }))),
  reason: Type.Optional(Type.Unsafe<string>({
    type: 'string',
    enum: [...endReasons],
    description: 'Why the session ended.'
  })),
  max_age: Type.Optional(Type.Integer({
    description: 'Seconds within which the user must have been authenticated (RFC 9470).'
  })),
  acr_values: Type.Optional(Type.String({
    description: 'The values of `acr` that would do, separated by blanks (RFC 9470).',
    examples: ['urn:latchkey:acr:2fa phr']
  })),
  mfa_token: Type.Optional(Type.String({
    description: 'With `mfa_required`: goes on with the sign-in. A browser gets it as a cookie instead.'
  })),
  expires_in: Type.Optional(Type.Integer({ description: 'Seconds that the second factor may take.' })),
  methods: Type.Optional(Type.Array(Type.String(), {
    description: 'With `mfa_required`: what can be proved next.',
    examples: [['passkey', 'totp', 'recovery_code']]
  }))
}, { $id: 'Problem', description: 'A refusal (RFC 9457).' })
