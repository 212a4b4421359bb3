import type { Refusal } from '../errors.ts'
import { problemHeaders } from '../http/problem.ts'

export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'unauthorized_client'
  | 'temporarily_unavailable'
  | 'server_error'

type OAuthError = readonly [code: OAuthErrorCode, description: string]

/** The OAuth error of each status, and a description in the characters that RFC 6749 allows there. */
const errors: { [status: number]: OAuthError } = {
  400: ['invalid_request', 'Send a form with the token, in which no parameter is repeated.'],
  401: ['invalid_client', 'Send the id and the secret of a service by HTTP Basic.'],
  403: ['invalid_request', 'The request comes from an origin that is not allowed, or not over https.'],
  413: ['invalid_request', 'The body is too large.'],
  415: ['invalid_request', 'Send the body as application/x-www-form-urlencoded, uncompressed.'],
  429: ['temporarily_unavailable', 'Too many wrong credentials came from this address.'],
  503: ['temporarily_unavailable', 'A service behind this one does not answer; try again shortly.']
}

const notAllowed: OAuthError = ['unauthorized_client', 'This service may not do this.']
const unexpected: OAuthError = ['server_error', 'Something went wrong here.']

/**
 * The answer for a refusal at an OAuth endpoint (RFC 6749, section 5.2): status, headers and body. A 401 asks for HTTP
 * Basic.
 */
export function oauthError (refusal: Refusal) {
  const status = refusal.status === 422 ? 400 : refusal.status
  const [error, description] = refusal.code === 'forbidden' ? notAllowed : errors[status] ?? unexpected

  return {
    status,
    headers: {
      ...problemHeaders(refusal),
      'content-type': 'application/json; charset=utf-8',
      ...(status === 401 && { 'www-authenticate': 'Basic realm="latchkey", charset="UTF-8"' })
    },
    body: { error, error_description: description }
  }
}
