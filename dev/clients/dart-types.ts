/** A JSON schema, as far as the API's document uses it. */
export interface Schema {
  $ref?: string
  type?: string | string[]
  format?: string
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
}

export type Schemas = Record<string, Schema>

/** A type of Dart, and how a value of it is read from what `jsonDecode` gives: `json['id'] as String`. */
export interface DartType { name: string, isNullable: boolean, read: (value: string) => string }

/** The type of a schema in Dart. Objects without a name are maps. */
export function dartType (schema: Schema): DartType {
  const { $ref, type, format, items, anyOf } = schema
  const types = [type ?? []].flat().filter(name => name !== 'null')
  const alternatives = anyOf?.filter(({ type }) => type !== 'null') ?? []
  const [only] = alternatives
  const isNullable = types.length < [type ?? []].flat().length || alternatives.length < (anyOf?.length ?? 0)

  if (only && alternatives.length === 1) return { ...dartType(only), isNullable }
  if ($ref !== undefined) return named($ref, isNullable)
  if (types[0] === 'array') return list(dartType(items ?? {}), isNullable)
  if (types[0] === 'string' && format === 'date-time') {
    return { name: 'DateTime', isNullable, read: value => `DateTime.parse(${value} as String)` }
  }
  const name = primitives[types[0] ?? ''] ?? 'Object?'
  return { name, isNullable: isNullable && name !== 'Object?', read: value => name === 'Object?' ? value : `${value} as ${name}` }
}

const primitives: Record<string, string> = {
  string: 'String', integer: 'int', number: 'num', boolean: 'bool', object: 'Map<String, Object?>'
}

/** The name of a schema that a reference leads to. */
export function nameOf ($ref: string): string {
  return $ref.split('/').at(-1) ?? ''
}

/** The properties of an object, or of all objects that it may be; required is what each of them requires. */
export function propertiesOf (schema: Schema, schemas: Schemas): Required<Pick<Schema, 'properties' | 'required'>> {
  const { $ref, anyOf, properties = {}, required = [] } = schema
  if ($ref !== undefined) return propertiesOf(schemas[nameOf($ref)] ?? {}, schemas)
  if (!anyOf) return { properties, required }

  const parts = anyOf.map(part => propertiesOf(part, schemas))
  return {
    properties: Object.assign({}, ...parts.map(({ properties }) => properties)),
    required: parts[0]?.required.filter(name => parts.every(({ required }) => required.includes(name))) ?? []
  }
}

/** `full_name` as Dart writes it. */
export function camelCase (name: string): string {
  return name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
}

/** A description as the comment of Dart. */
export function comment (text: string | undefined, margin: string): string[] {
  if (text === undefined) return []
  const words = text.replaceAll('`', '').split(/\s+/)
  const lines = words.reduce<string[]>((lines, word) => {
    const last = lines.at(-1)
    return last !== undefined && last.length + word.length < commentWidth
      ? [...lines.slice(0, -1), `${last} ${word}`]
      : [...lines, word]
  }, [])
  return lines.map(line => `${margin}/// ${line}`)
}

const commentWidth = 110

function named ($ref: string, isNullable: boolean): DartType {
  const name = nameOf($ref)
  return { name, isNullable, read: value => `${name}(${value} as Map<String, Object?>)` }
}

function list ({ name, isNullable: hasNulls, read }: DartType, isNullable: boolean): DartType {
  const item = hasNulls ? `item == null ? null : ${read('item')}` : read('item')
  return {
    name: `List<${name}${hasNulls ? '?' : ''}>`,
    isNullable,
    read: value => `[for (final item in ${value} as List<Object?>) ${item}]`
  }
}
