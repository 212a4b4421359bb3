import t from 'tap'
import { describeApi } from '../../../lib/http/api-description.ts'
import { finishDocument } from '../../../lib/http/api-document.ts'
import { refusalCodes } from '../../../lib/errors.ts'

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

t.test('a refusal is a component with an example; a route that takes a password has the example of a wrong one', async t => {
  const refusal = () => ({ description: 'No.', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } })
  const open = finishDocument(documentOf({ responses: { 401: refusal(), 503: { content: { 'application/json': {} } } } }))
  const login = finishDocument(documentOf({ requestBody: { content: { 'application/json': { schema: { properties: { password: {} } } } } }, responses: { 401: refusal() } }))

  t.match(open.paths['/x'].get, { responses: { 401: { $ref: '#/components/responses/NotSignedIn' }, 503: { content: { 'application/json': {} } } } })
  t.match(open.components, { responses: { NotSignedIn: { content: { 'application/problem+json': { example: { status: 401, code: 'session_ended', reason: 'revoked_by_user' } } } } } })
  t.match(login.components, { responses: { WrongPassword: { content: { 'application/problem+json': { example: { status: 401, code: 'invalid_credentials' } } } } } })
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
