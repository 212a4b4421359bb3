import { camelCase, comment, dartType, nameOf, propertiesOf } from './dart-types.ts'
import type { Schema, Schemas } from './dart-types.ts'
import { appOperations } from './operations.ts'
import type { AppOperation, Document } from './operations.ts'

/** The parts of the API's document that are needed here. */
export interface DartDocument extends Document { components?: { schemas?: Schemas } }

interface Operation {
  operationId: string
  summary?: string
  description?: string
  parameters?: { name: string, in: string, required?: boolean, schema: Schema }[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>
}

const banner = '// Made by `npm run client` from what the server says at /docs/json. Do not edit.\n'

/** What the client keeps to itself. */
const secret = new Set([
  'access_token', 'refresh_token', 'device_token', 'token_type', 'expires_in', 'refresh_expires_in'
])

/** The answers of the calls, for clients/dart: extension types over the JSON, so that unknown fields are kept. */
export function renderDartModels (document: DartDocument): string {
  const { schemas, operations } = read(document)
  const answered = operations
    .flatMap(operation => answerOf(operation) ?? [])
    .filter(schema => !isSession(schema, schemas))
  const named = answered.map(schema => schema.anyOf ? propertiesOf(schema, schemas) : schema)
  const names = [...reachedFrom([...named, { $ref: 'User' }], schemas)].sort()
  const unnamed = operations.flatMap(({ name, operation }) => {
    const schema = answerOf({ operation })
    return schema?.anyOf && !isSession(schema, schemas) ? [renderModel(resultName(name), schema, schemas)] : []
  })

  return `${banner}${names.map(name => renderModel(name, schemas[name] ?? {}, schemas)).join('')}${unnamed.join('')}`
}

/** The calls, for clients/dart: each a function with the fields of its path, its query and its body. */
export function renderDartOperations (document: DartDocument): string {
  const { schemas, operations } = read(document)
  const mine = operations.filter(({ route }) => route.includes(' /auth/'))
  const others = operations.filter(({ route }) => !route.includes(' /auth/'))

  return [
    banner,
    "import '../latchkey.dart';",
    "import '../session.dart';",
    "import 'models.dart';\n",
    '/// Stands for null where null is a value: `updateUser(id: id, vendorId: toNull)`.',
    'const toNull = Object();\n',
    '/// The calls whose answer brings new tokens.',
    renderRotating(operations, schemas),
    renderExtension('AccountCalls', 'The calls of the signed-in user, and of people who want to become one.', mine, schemas),
    renderExtension('AdministrationCalls', 'The calls of administrators.', others, schemas)
  ].join('\n')
}

function renderRotating (operations: AppOperation<Operation>[], schemas: Schemas) {
  const names = operations.filter(({ operation }) => {
    const answer = answerOf({ operation })
    return answer && 'access_token' in propertiesOf(answer, schemas).properties
  }).map(({ name }) => `  '${name}',`)
  return ['const rotatingCalls = {', "  'login',", ...names, '};\n'].join('\n')
}

/** The name of an answer that has none in the document, because it is one of several. */
function resultName (operation: string) {
  return `${operation.slice(0, 1).toUpperCase()}${operation.slice(1)}Result`
}

function read (document: DartDocument) {
  const operations = appOperations(document) as AppOperation<Operation>[]
  return { schemas: document.components?.schemas ?? {}, operations }
}

/** The names of all schemas that these lead to. */
function reachedFrom (start: Schema[], schemas: Schemas, reached = new Set<string>()): Set<string> {
  for (const { $ref, items, anyOf = [], properties = {} } of start) {
    const name = $ref === undefined ? undefined : nameOf($ref)
    const isNew = name !== undefined && !reached.has(name)
    if (isNew) reached.add(name)
    const named = isNew ? propertiesOf(schemas[name] ?? {}, schemas).properties : {}
    const next = [...anyOf, ...items ? [items] : [], ...Object.values(properties), ...Object.values(named)]
    reachedFrom(next, schemas, reached)
  }
  return reached
}

function renderModel (name: string, schema: Schema, schemas: Schemas) {
  const { properties, required } = propertiesOf(schema, schemas)
  const isKept = 'access_token' in properties ? secret : new Set(['device_token'])
  const shown = Object.entries(properties).filter(([field]) => !isKept.has(field))
  return [
    '',
    ...comment(schema.description, ''),
    `extension type const ${name}(Map<String, Object?> json) {`,
    ...shown.flatMap(([field, property]) => renderGetter(field, property, required.includes(field))),
    '}',
    ''
  ].join('\n')
}

function renderGetter (field: string, property: Schema, isRequired: boolean) {
  const { name, isNullable, read } = dartType(property)
  const value = `json['${field}']`
  const isOptional = (isNullable || !isRequired) && name !== 'Object?'
  const isCast = read(value) === `${value} as ${name}`
  const optional = isCast ? `${read(value)}?` : `${value} == null ? null : ${read(value)}`
  return [
    ...comment(property.description, '  '),
    `  ${name}${isOptional ? '?' : ''} get ${camelCase(field)} => ${isOptional ? optional : read(value)};`
  ]
}

function renderExtension (name: string, description: string, operations: AppOperation<Operation>[], schemas: Schemas) {
  const calls = operations.map(operation => renderCall(operation, schemas))
  return `/// ${description}\nextension ${name} on Latchkey {\n${calls.join('\n\n')}\n}\n`
}

function renderCall ({ name, route, operation }: AppOperation<Operation>, schemas: Schemas) {
  const fields = fieldsOf(operation, schemas)
  const parameters = fields.map(({ field, type, isRequired, isNullable }) => {
    const kind = isNullable ? 'Object?' : `${type}${isRequired ? '' : '?'}`
    return `${isRequired && !isNullable ? 'required ' : ''}${kind} ${camelCase(field)}`
  })
  const input = fields.map(({ field }) => `        '${field}': ${camelCase(field)},\n`)
  const call = `call('${name}', '${route}'${input.length > 0 ? `, {\n${input.join('')}      }` : ''})`
  const { type, body } = resultOf(name, call, answerOf({ operation }), schemas)

  return [
    ...comment([operation.summary, operation.description].filter(Boolean).join('. '), '  '),
    `  Future<${type}> ${name}(${list(parameters)}) ${body};`
  ].join('\n')
}

function list (parameters: string[]) {
  return parameters.length > 0 ? `{\n${parameters.map(parameter => `    ${parameter},\n`).join('')}  }` : ''
}

function fieldsOf ({ parameters: given = [], requestBody }: Operation, schemas: Schemas) {
  // A call sends its input in the path, the query and the body.
  const parameters = given.filter(parameter => parameter.in !== 'header')
  const body = propertiesOf(requestBody?.content['application/json']?.schema ?? {}, schemas)
  return [
    ...parameters.map(({ name, required = false, schema }) => ({ field: name, required, schema })),
    ...Object.entries(body.properties)
      .filter(([field]) => field !== 'transport' && !parameters.some(({ name }) => name === field))
      .map(([field, schema]) => ({ field, required: body.required.includes(field), schema }))
  ].map(({ field, required, schema }) => {
    const { name, isNullable } = dartType(schema.$ref === undefined ? schema : { type: 'object' })
    return { field, type: name === 'DateTime' ? 'String' : name, isRequired: required, isNullable }
  })
}

/** The schema of a call's answer in JSON. */
function answerOf ({ operation: { responses } }: Pick<AppOperation<Operation>, 'operation'>): Schema | undefined {
  const [, success] = Object.entries(responses).find(([status]) => status.startsWith('2')) ?? []
  return success?.content?.['application/json']?.schema
}

/** Whether an answer holds nothing but tokens and the session that they belong to. */
function isSession (schema: Schema, schemas: Schemas) {
  const { properties } = propertiesOf(schema, schemas)
  return 'access_token' in properties && Object.keys(properties).every(name => (
    secret.has(name) || name === 'user' || name === 'session'
  ))
}

function resultOf (operation: string, call: string, answer: Schema | undefined, schemas: Schemas) {
  if (answer === undefined) return { type: 'void', body: `=> ${call}` }
  if (isSession(answer, schemas)) return { type: 'SignedIn', body: `=> signedInBy(${call})` }
  const model = answer.$ref === undefined ? answer.anyOf && resultName(operation) : nameOf(answer.$ref)
  if (model === undefined) return { type: 'Map<String, Object?>', body: `=> ${call}` }
  return { type: model, body: `async => ${model}(await ${call})` }
}
