import type { Refusal } from '../errors.ts'

const problemType = 'application/problem+json; charset=utf-8'

/**
 * The body of a refusal (RFC 9457). `type` is `urn:latchkey:problem:` and the code: it is stable, and there is no
 * document to fetch.
 * @param status differs from the refusal's own where HTTP has a more specific one (408, 414, 417, 431)
 */
export function renderProblem (refusal: Refusal, requestId: string, status: number = refusal.status) {
  const { code, message, details: { reason, maxAge, acrValues, pending, methods, errors } } = refusal

  return {
    type: `urn:latchkey:problem:${code}`,
    title: `${code.charAt(0).toUpperCase()}${code.slice(1).replaceAll('_', ' ')}`,
    status,
    detail: message,
    code,
    request_id: requestId,
    ...(errors === undefined ? {} : { errors }),
    ...(reason === undefined ? {} : { reason }),
    ...(maxAge === undefined ? {} : { max_age: maxAge }),
    ...(acrValues === undefined ? {} : { acr_values: acrValues }),
    // A browser gets the token as a cookie: see plugins/http/errors.ts.
    ...(pending?.transport === 'bearer' ? { mfa_token: pending.token } : {}),
    ...(pending === undefined ? {} : { expires_in: pending.expiresIn }),
    ...(methods === undefined ? {} : { methods })
  }
}

/** The headers that belong to a refusal: the challenge (RFC 6750 §3, RFC 9470 §3), Retry-After and Allow. */
export function problemHeaders ({ code, status, details }: Refusal): Record<string, string> {
  const { retryAfter, allow } = details

  return {
    'content-type': problemType,
    ...(status === 401 ? { 'www-authenticate': challenge(code, details) } : {}),
    ...(retryAfter === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retryAfter))) }),
    ...(allow === undefined ? {} : { allow: allow.join(', ') })
  }
}

function challenge (code: string, { maxAge, acrValues }: Refusal['details']) {
  if (code === 'invalid_token' || code === 'session_ended') return 'Bearer error="invalid_token"'
  if (code !== 'reauthentication_required' && code !== 'mfa_required') return 'Bearer'

  return [
    'Bearer error="insufficient_user_authentication"',
    ...(acrValues === undefined ? [] : [`acr_values="${acrValues}"`]),
    ...(maxAge === undefined ? [] : [`max_age="${maxAge}"`])
  ].join(', ')
}
