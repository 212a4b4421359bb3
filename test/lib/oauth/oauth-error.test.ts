import t from 'tap'
import { Refusal, refusalCodes, unavailable } from '../../../lib/errors.ts'
import { oauthError } from '../../../lib/oauth/oauth-error.ts'

t.test('every refusal has a text for OAuth, in the characters that are allowed there', async t => {
  for (const code of refusalCodes) {
    const { status, headers, body } = oauthError(new Refusal(code))
    t.strictSame(Object.keys(body), ['error', 'error_description'], code)
    t.match(body, { error: /^[a-z_]+$/, error_description: /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/ })
    t.equal(headers['content-type'], 'application/json; charset=utf-8')
    t.equal('www-authenticate' in headers, status === 401)
  }
})

t.test('each refusal has the status and the error that OAuth gives it', async t => {
  t.match(oauthError(new Refusal('unauthenticated')), { status: 401, headers: { 'www-authenticate': /^Basic realm="/ }, body: { error: 'invalid_client' } })
  t.strictSame(oauthError(new Refusal('invalid_credentials')), oauthError(new Refusal('unauthenticated')), 'none and wrong ones look alike')
  t.match(oauthError(new Refusal('invalid_request')), { status: 400, body: { error: 'invalid_request' } })
  t.match(oauthError(new Refusal('malformed_request')), { status: 400, body: { error: 'invalid_request' } })
  t.match(oauthError(new Refusal('forbidden')), { status: 403, body: { error: 'unauthorized_client' } })
  t.match(oauthError(new Refusal('csrf')), { status: 403, body: { error: 'invalid_request' } })
  t.match(oauthError(new Refusal('rate_limited', { retryAfter: 60 })), { status: 429, headers: { 'retry-after': '60' }, body: { error: 'temporarily_unavailable' } })
  t.match(oauthError(unavailable()), { status: 503, headers: { 'retry-after': '1' }, body: { error: 'temporarily_unavailable' } })
  t.match(oauthError(new Refusal('internal_error')), { status: 500, body: { error: 'server_error' } })
})
