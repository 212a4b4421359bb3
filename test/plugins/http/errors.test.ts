import { Type } from '@sinclair/typebox'
import t from 'tap'
import type { Test } from 'tap'
import { Refusal, refusalCodes, unavailable } from '../../../lib/errors.ts'
import type { RefusalDetails, RefusalCode } from '../../../lib/errors.ts'
import { securityHeaders } from '../../../plugins/http/security-headers.ts'
import { buildHttp } from '../../support/http.ts'

t.test('every refusal is problem+json with the headers of every answer', async t => {
  const { app } = await build(t)

  for (const code of refusalCodes) {
    const answer = await app.inject({ method: 'POST', url: '/refuse', payload: { code }, headers: { 'x-request-id': 'my-id_1.2' } })
    const { status } = new Refusal(code)

    t.equal(answer.statusCode, status, code)
    t.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8')
    t.match(answer.headers, { ...securityHeaders, 'x-request-id': 'my-id_1.2' })
    t.strictSame(Object.keys(answer.json()), ['type', 'title', 'status', 'detail', 'code', 'request_id'])
    t.match(answer.json(), { type: `urn:latchkey:problem:${code}`, status, code, request_id: 'my-id_1.2' })
  }
})

t.test('a 401 says how to sign in (RFC 6750, RFC 9470)', async t => {
  const { app } = await build(t)
  const challenges: [RefusalCode, RefusalDetails, string][] = [
    ['unauthenticated', {}, 'Bearer'],
    ['invalid_credentials', {}, 'Bearer'],
    ['invalid_token', {}, 'Bearer error="invalid_token"'],
    ['session_ended', { reason: 'idle' }, 'Bearer error="invalid_token"'],
    ['reauthentication_required', { maxAge: 600 }, 'Bearer error="insufficient_user_authentication", max_age="600"'],
    ['reauthentication_required', { acrValues: 'urn:latchkey:acr:2fa phr' }, 'Bearer error="insufficient_user_authentication", acr_values="urn:latchkey:acr:2fa phr"']
  ]

  for (const [code, details, challenge] of challenges) {
    const answer = await app.inject({ method: 'POST', url: '/refuse', payload: { code, details } })
    t.equal(answer.headers['www-authenticate'], challenge, code)
  }
  const forbidden = await app.inject({ method: 'POST', url: '/refuse', payload: { code: 'forbidden' } })
  t.notOk(forbidden.headers['www-authenticate'], 'no other status does')
})

t.test('details reach the body and the headers that belong to them', async t => {
  const { app } = await build(t)
  const details = { reason: 'reuse_detected', maxAge: 600, retryAfter: 1.2, errors: [{ path: '/a', code: 'c', message: 'm' }] }
  const answer = await app.inject({ method: 'POST', url: '/refuse', payload: { code: 'too_many_attempts', details } })

  t.match(answer.json(), { reason: 'reuse_detected', max_age: 600, errors: [{ path: '/a', code: 'c', message: 'm' }] })
  t.equal(answer.headers['retry-after'], '2', 'whole seconds, never too early')
})

t.test('an invalid request is answered 422 and names the place of each error', async t => {
  const { app } = await build(t)
  const cases: [object, object][] = [
    [{}, { path: '/name', code: 'required' }],
    [{ name: 1 }, { path: '/name', code: 'wrong_type' }],
    [{ name: ['x'] }, { path: '/name', code: 'wrong_type' }],
    [{ name: null }, { path: '/name', code: 'wrong_type' }],
    [{ name: 'x'.repeat(6) }, { path: '/name', code: 'too_long' }],
    [{ name: '' }, { path: '/name', code: 'too_short' }],
    [{ name: 'a', 'b/~': 1 }, { path: '/b~1~0', code: 'unknown_field' }],
    [{ name: 'a', nested: { on: 'true' } }, { path: '/nested/on', code: 'wrong_type' }],
    [[], { path: '', code: 'wrong_type' }]
  ]

  for (const [payload, error] of cases) {
    const answer = await app.inject({ method: 'POST', url: '/named', payload })
    t.match(answer, { statusCode: 422 }, JSON.stringify(payload))
    t.match(answer.json(), { code: 'invalid_request', errors: [error] })
    t.notMatch(answer.body, 'xxxxxx', 'the value is not repeated')
  }
})

t.test('an id of the wrong form is answered like an unknown one', async t => {
  const { app } = await build(t)
  t.match((await app.inject('/things/1')).json(), { status: 404, code: 'not_found' })
})

t.test('an unexpected error tells nothing to the caller and everything to the log', async t => {
  const { app, lines } = await build(t)

  for (const url of ['/broken', '/strange', '/sqlstate']) {
    const answer = await app.inject(url)
    t.equal(answer.statusCode, 500)
    t.match(answer.json(), { code: 'internal_error', detail: 'Something went wrong here.' })
    t.notMatch(answer.body, /canary|stack|users_email/)
  }
  const logged = lines.filter(line => line.includes('unexpected error')).map(line => JSON.parse(line))
  t.match(logged[0], { level: 'error', err: { message: 'canary', stack: /errors\.test/ } })
  t.notMatch(lines.join(''), 'ada@example.com', 'what a driver hangs on its errors stays out of the log')
})

t.test('a store that does not answer is a 503, and its reason is only logged', async t => {
  const { app, lines } = await build(t)
  const answer = await app.inject('/away')

  t.match(answer, { statusCode: 503, headers: { 'retry-after': '1' } })
  t.notMatch(answer.body, 'canary')
  t.match(lines.join(''), 'connection canary')

  const logged = lines.filter(line => line.includes('canary')).map(line => JSON.parse(line))
  t.match(logged, [{ level: 'warn', refusal: 'unavailable', err: { code: 'unavailable', cause: { message: 'connection canary' } } }], 'in one line')
  t.notMatch(lines.join(''), '"stack"', 'without a stack, because such refusals come by the thousand')
})

t.test('a refusal is logged with its code and reason: who may not, or too often, louder than a mistake', async t => {
  const { app, lines } = await build(t)
  const cases = [
    ['session_ended', { reason: 'idle' }, 'info'],
    ['forbidden', {}, 'info'],
    ['rate_limited', { retryAfter: 1 }, 'info'],
    ['not_found', {}, 'debug'],
    ['conflict', {}, 'debug']
  ] as const
  for (const [code, details] of cases) await app.inject({ method: 'POST', url: '/refuse', payload: { code, details } })

  const logged = lines.map(line => JSON.parse(line)).filter(({ msg }) => msg === 'refused')
  const expected = cases.map(([code, details, level]) => {
    return [code, 'reason' in details ? details.reason : undefined, level]
  })
  t.strictSame(logged.map(({ level, refusal, reason }) => [refusal, reason, level]), expected)
})

t.test('a broken answer is a 500, not a leak', async t => {
  const { app } = await build(t)
  t.match(await app.inject('/mismatched'), { statusCode: 500 })
})

async function build (t: Pick<Test, 'teardown'>) {
  return await buildHttp(t, app => {
    const body = Type.Object({
      name: Type.String({ minLength: 1, maxLength: 5 }),
      nested: Type.Optional(Type.Object({ on: Type.Boolean() }, { additionalProperties: false }))
    }, { additionalProperties: false })

    app.post<{ Body: { code: RefusalCode, details?: RefusalDetails } }>('/refuse', async ({ body: { code, details } }) => { throw new Refusal(code, details) })
    app.post('/named', { schema: { body } }, async () => 'ok')
    app.get('/things/:id', { schema: { params: Type.Object({ id: Type.String({ format: 'uuid' }) }) } }, async () => 'ok')
    app.get('/broken', async () => { throw new Error('canary') })
    // eslint-disable-next-line no-throw-literal
    app.get('/strange', async () => { throw 'canary' })
    app.get('/sqlstate', async () => { throw Object.assign(new Error('duplicate key'), { code: '23505', detail: 'ada@example.com', parameters: ['ada@example.com'], constraint: 'users_email' }) })
    app.get('/away', async () => { throw unavailable(new Error('connection canary')) })
    app.get('/mismatched', { schema: { response: { 200: Type.Object({ id: Type.String() }, { additionalProperties: false }) } } }, async () => ({}))
  }, { level: 'debug' })
}
