import t from 'tap'
import { describeApi } from '../../../../lib/http/document/api-description.ts'
import { finishDocument } from '../../../../lib/http/document/api-document.ts'
import { refusalCodes } from '../../../../lib/errors.ts'

t.test('a schema with a title becomes a component wherever it is used', async t => {
  const user = () => ({ title: 'User', type: 'object', properties: { title: { type: 'string' } } })
  const document = finishDocument(documentOf({
    responses: {
      200: { content: { 'application/json': { schema: { title: 'Users', type: 'array', items: user() } } } },
      201: { content: { 'application/json': { schema: { anyOf: [user(), { type: 'string' }] } } } }
    }
  }))

  t.strictSame(document.components.schemas, {
    User: { type: 'object', properties: { title: { type: 'string' } } },
    Users: { type: 'array', items: { $ref: '#/components/schemas/User' } }
  })
  t.match(document.paths['/x'].get, {
    responses: {
      200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Users' } } } },
      201: { content: { 'application/json': { schema: { anyOf: [{ $ref: '#/components/schemas/User' }, { type: 'string' }] } } } }
    }
  })
})

t.test('two different schemas with the same title are refused', async t => {
  const responses = { 200: { schema: { title: 'User', type: 'object' } }, 201: { schema: { title: 'User', type: 'string' } } }
  t.throws(() => finishDocument(documentOf({ responses })), { message: 'Two schemas are called User' })
})

t.test('a body that may be null may be left out; any other choice stays as it is', async t => {
  const bodyOf = (anyOf: object[]) => finishDocument(documentOf({ requestBody: { required: true, content: { 'application/json': { schema: { anyOf } } } } })).paths['/x'].get

  t.strictSame(bodyOf([{ type: 'null' }, { type: 'object' }]), { requestBody: { required: false, content: { 'application/json': { schema: { type: 'object' } } } } })
  t.match(bodyOf([{ type: 'string' }, { type: 'object' }]), { requestBody: { required: true, content: { 'application/json': { schema: { anyOf: [{ type: 'string' }, { type: 'object' }] } } } } })
})

t.test('a refusal with few codes is a component that is named after them, and each code has its example', async t => {
  const refusal = (...codes: string[]) => ({ description: 'No.', content: { 'application/problem+json': { schema: { allOf: [{ $ref: '#/components/schemas/Problem' }, { properties: { code: { enum: codes } } }] } } } })
  const many = ['csrf', 'forbidden', 'https_required']
  const document = finishDocument(documentOf({
    responses: { 400: refusal('malformed_request'), 403: refusal(...many), 414: refusal('malformed_request'), 429: refusal('too_many_attempts', 'rate_limited'), 503: { content: { 'application/json': {} } } }
  }))

  t.match(document.paths['/x'].get, {
    responses: {
      400: { $ref: '#/components/responses/MalformedRequest' },
      403: { description: 'No.', content: { 'application/problem+json': { examples: Object.fromEntries(many.map(code => [code, { $ref: `#/components/examples/${code}` }])) } } },
      414: { $ref: '#/components/responses/MalformedRequest414' },
      429: { $ref: '#/components/responses/TooManyAttemptsOrRateLimited' },
      503: { content: { 'application/json': {} } }
    }
  })
  t.match(document.components, {
    responses: { TooManyAttemptsOrRateLimited: refusal('too_many_attempts', 'rate_limited'), MalformedRequest414: refusal('malformed_request') },
    examples: { csrf: { value: { status: 403, code: 'csrf' } }, rate_limited: { value: { status: 429 } } }
  })
})

t.test('the introduction lists every refusal under its status', async t => {
  const { info: { description, version } } = describeApi('1.2.3')

  t.equal(version, '1.2.3')
  for (const code of refusalCodes) t.ok(description.includes(`\`${code}\``), code)
  t.match(description, /\| 422 \| `invalid_request`, `password_rejected`, `token_invalid` \|/)
})

function documentOf (operation: Record<string, unknown>) {
  return { paths: { '/x': { get: operation } }, components: { schemas: {} } }
}
