import { Type } from '@sinclair/typebox'
import type { TUnsafe } from '@sinclair/typebox'
import type { OAuthErrorCode } from '../../lib/oauth/oauth-error.ts'
import { oneOf } from './types.ts'

/** What a service sends. Unknown parameters are ignored, as RFC 6749, section 3.2, requires. */
export const TokenForm = Type.Object({
  token: Type.String({ minLength: 1, examples: ['…'] }),
  token_type_hint: Type.Optional(Type.String({
    description: '`access_token` or `refresh_token`; it changes nothing, because one look tells which it is.',
    examples: ['access_token']
  }))
})

const errorCodes = [
  'invalid_request', 'invalid_client', 'unauthorized_client', 'temporarily_unavailable', 'server_error'
] satisfies OAuthErrorCode[]

const OAuthError = Type.Object({
  error: oneOf(errorCodes),
  error_description: Type.String({ description: 'A sentence for a person; it may change.' })
}, { title: 'OAuthError', description: 'A refusal (RFC 6749, section 5.2).' })

const meanings = {
  400: 'Without a token, or with a parameter twice: `invalid_request`.',
  401: 'No credentials of a service, or wrong ones: `invalid_client`.',
  403: 'From an origin that is not allowed, or not over https: `invalid_request`. Or the service may not do this: `unauthorized_client`.',
  413: 'The body is too large: `invalid_request`.',
  415: 'The body is no form: `invalid_request`.',
  429: 'Too many wrong credentials from this address; right ones are never refused for it: `temporarily_unavailable`.',
  503: 'A store does not answer. Nothing has been decided: `temporarily_unavailable`.'
}

const retryAfter = {
  'Retry-After': { type: 'integer', minimum: 1, description: 'Seconds to wait before the next try.' }
}
const headers: { [status: number]: object } = {
  401: {
    'WWW-Authenticate': {
      type: 'string',
      examples: ['Basic realm="latchkey", charset="UTF-8"'],
      description: 'How a service signs in (RFC 7617).'
    }
  },
  429: retryAfter,
  503: retryAfter
}

/** Every refusal of a route of OAuth. They are thrown, so they add nothing to the type of what its handler returns. */
export const oauthErrors: Partial<Record<keyof typeof meanings, TUnsafe<never>>> = Object.fromEntries(
  Object.entries(meanings).map(([status, description]) => [status, Type.Unsafe<never>({
    description,
    ...(headers[Number(status)] && { headers: headers[Number(status)] }),
    content: { 'application/json': { schema: OAuthError } }
  })])
)
