import { isRefusalCode, Refusal } from '../../errors.ts'
import type { RefusalCode, RefusalDetails } from '../../errors.ts'
import { renderProblem } from '../problem.ts'

type Fields = Record<string, unknown>

/** What the examples of some refusals say beside their code. */
const details: { [Code in RefusalCode]?: RefusalDetails } = {
  session_ended: { reason: 'revoked_by_user' },
  reauthentication_required: { maxAge: 600 },
  invalid_request: { errors: [{ path: '/email', code: 'required', message: 'is required' }] },
  password_rejected: { errors: [{ path: '/password', code: 'too_common', message: 'is among the most common ones' }] }
}
const exampleRequestId = '0b6c8f1e-5d8e-4d38-9a42-7c1f0e6f4b11'

/** A response with more codes than this stands in its operation. The others are components, named after their codes. */
const namedCodesMax = 2

/**
 * Finishes an OpenAPI document that was made from the schemas of routes, in place: a schema with a title
 * becomes a component of that name, a body that may be `null` becomes optional, and refusals get examples.
 * Those with few codes become components.
 * @throws Error if two different schemas have one title
 */
export function finishDocument<D extends object> (document: D): D {
  const { paths, components } = fieldsOf(document)
  const schemas = fieldsOf(fieldsOf(components)['schemas'])
  const responses = fieldsOf(fieldsOf(components)['responses'])

  fieldsOf(components)['responses'] = responses
  const examples = fieldsOf(components)['examples'] = {}
  for (const path of Object.values(fieldsOf(paths))) {
    for (const operation of Object.values(fieldsOf(path))) {
      nameSchemas(operation, schemas)
      makeOptional(fieldsOf(fieldsOf(operation)['requestBody']))
      nameRefusals(fieldsOf(operation), responses, examples)
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

/** Makes a body that may be `null` optional. */
function makeOptional (body: Fields) {
  const json = fieldsOf(fieldsOf(body['content'])['application/json'])
  const { anyOf } = fieldsOf(json['schema'])
  if (!Array.isArray(anyOf)) return

  const [schema, ...others] = anyOf.filter(choice => fieldsOf(choice)['type'] !== 'null')
  if (schema === undefined || others.length > 0 || anyOf.length === 1) return
  body['required'] = false
  json['schema'] = schema
}

function nameRefusals (operation: Fields, responses: Fields, examples: Fields) {
  const own = fieldsOf(operation['responses'])

  for (const [status, response] of Object.entries(own)) {
    const content = fieldsOf(fieldsOf(fieldsOf(response)['content'])['application/problem+json'])
    const codes = codesOf(content)
    if (codes.length === 0) continue

    const isOwn = new Refusal(codes[0] ?? 'internal_error').status === Number(status)
    if (isOwn) content['examples'] = Object.fromEntries(codes.map(code => [code, exampleOf(code, examples)]))
    if (codes.length > namedCodesMax) continue

    const name = isOwn ? codes.map(pascalCase).join('Or') : `${codes.map(pascalCase).join('Or')}${status}`
    responses[name] = response
    own[status] = { $ref: `#/components/responses/${name}` }
  }
}

/** The codes to which the schema of a refusal is narrowed. */
function codesOf (content: Fields): RefusalCode[] {
  const { allOf } = fieldsOf(content['schema'])
  const [, narrowed] = Array.isArray(allOf) ? allOf : []
  const codes = fieldsOf(fieldsOf(fieldsOf(narrowed)['properties'])['code'])['enum']
  return Array.isArray(codes) ? codes.filter(isRefusalCode) : []
}

/** A reference to the example of a code, which becomes a component. */
function exampleOf (code: RefusalCode, examples: Fields) {
  examples[code] ??= { value: renderProblem(new Refusal(code, details[code]), exampleRequestId) }
  return { $ref: `#/components/examples/${code}` }
}

function pascalCase (code: string) {
  return code.replace(/(^|_)([a-z])/g, (_, _gap, letter: string) => letter.toUpperCase())
}

/** The members of an object, for reading and writing; of anything else, none. */
function fieldsOf (value: unknown): Fields {
  return isFields(value) ? value : {}
}

function isFields (value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
