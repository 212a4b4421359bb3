import { Refusal } from '../errors.ts'
import type { RefusalCode, RefusalDetails } from '../errors.ts'
import { renderProblem } from './problem.ts'

type Fields = Record<string, unknown>

/** The refusals that many routes share, by status: the name of a component, and the refusal of its example. */
const refusals: { [status: string]: readonly [name: string, code: RefusalCode, details?: RefusalDetails] } = {
  400: ['BadRequest', 'malformed_request'],
  401: ['NotSignedIn', 'session_ended', { reason: 'revoked_by_user' }],
  403: ['Forbidden', 'forbidden'],
  404: ['NotFound', 'not_found'],
  409: ['Conflict', 'conflict'],
  413: ['BodyTooLarge', 'body_too_large'],
  414: ['PathTooLong', 'malformed_request'],
  415: ['UnsupportedMediaType', 'unsupported_media_type'],
  422: ['Invalid', 'invalid_request', { errors: [{ path: '/email', code: 'required', message: 'is required' }] }],
  429: ['TooOften', 'rate_limited'],
  503: ['Unavailable', 'unavailable']
}
const exampleRequestId = '0b6c8f1e-5d8e-4d38-9a42-7c1f0e6f4b11'
const wrongPassword = ['WrongPassword', 'invalid_credentials'] as const
const wrongPasswordMeaning = 'A wrong password; or not signed in, or not any more.'

/**
 * Finishes an OpenAPI document that was made from the schemas of routes, in place: a schema with a title
 * becomes a component of that name, a body that may be `null` becomes optional, and refusals become components with an
 * example.
 * @throws Error if two different schemas have one title
 */
export function finishDocument<D extends object> (document: D): D {
  const { paths, components } = fieldsOf(document)
  const schemas = fieldsOf(fieldsOf(components)['schemas'])
  const responses = fieldsOf(fieldsOf(components)['responses'])

  fieldsOf(components)['responses'] = responses
  for (const path of Object.values(fieldsOf(paths))) {
    for (const operation of Object.values(fieldsOf(path))) {
      nameSchemas(operation, schemas)
      freeBody(fieldsOf(fieldsOf(operation)['requestBody']))
      nameRefusals(fieldsOf(operation), responses)
    }
  }
  return document
}

/** Moves titled schemas to the components, innermost first, and leaves references. */
function nameSchemas (node: unknown, schemas: Fields) {
  if (Array.isArray(node)) node.forEach((item, index) => { node[index] = moved(item, schemas) })
  else for (const [key, value] of Object.entries(fieldsOf(node))) fieldsOf(node)[key] = moved(value, schemas)
}

function moved (schema: unknown, schemas: Fields): unknown {
  nameSchemas(schema, schemas)
  const { title, ...rest } = fieldsOf(schema)
  if (typeof title !== 'string') return schema

  if (schemas[title] !== undefined && JSON.stringify(schemas[title]) !== JSON.stringify(rest)) {
    throw new Error(`Two schemas are called ${title}`)
  }
  schemas[title] = rest
  return { $ref: `#/components/schemas/${title}` }
}

function freeBody (body: Fields) {
  const json = fieldsOf(fieldsOf(body['content'])['application/json'])
  const { anyOf } = fieldsOf(json['schema'])
  if (!Array.isArray(anyOf)) return

  const [schema, ...others] = anyOf.filter(choice => fieldsOf(choice)['type'] !== 'null')
  if (schema === undefined || others.length > 0 || anyOf.length === 1) return
  body['required'] = false
  json['schema'] = schema
}

function nameRefusals (operation: Fields, responses: Fields) {
  const own = fieldsOf(operation['responses'])

  for (const [status, response] of Object.entries(own)) {
    const content = fieldsOf(fieldsOf(fieldsOf(response)['content'])['application/problem+json'])
    const isOfPassword = status === '401' && takesPassword(operation)
    const [name, code, details] = (isOfPassword ? wrongPassword : refusals[status]) ?? []
    if (name === undefined || code === undefined || content['schema'] === undefined) continue

    content['example'] = renderProblem(new Refusal(code, details), exampleRequestId, Number(status))
    responses[name] = isOfPassword ? { ...fieldsOf(response), description: wrongPasswordMeaning } : response
    own[status] = { $ref: `#/components/responses/${name}` }
  }
}

/** Whether the body of an operation has a password, so that a wrong one is refused with 401. */
function takesPassword (operation: Fields) {
  const json = fieldsOf(fieldsOf(fieldsOf(operation['requestBody'])['content'])['application/json'])
  return fieldsOf(fieldsOf(json['schema'])['properties'])['password'] !== undefined
}

/** The members of an object, for reading and writing; of anything else, none. */
function fieldsOf (value: unknown): Fields {
  return isFields(value) ? value : {}
}

function isFields (value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
