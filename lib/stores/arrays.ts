/** One-dimensional arrays as Postgres writes them: `{a,"b c",null}`. */
export function writeArray (values: unknown): string {
  return Array.isArray(values) ? `{${values.map(writeElement).join(',')}}` : String(values)
}

/** The elements as text. */
export function readArray (literal: string): (string | null)[] {
  return [...literal.slice(1, -1).matchAll(/"((?:[^"\\]|\\.)*)"|([^,]+)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain === 'NULL' ? null : plain ?? '') : quoted.replaceAll(/\\(.)/g, '$1'))
}

function writeElement (value: unknown): string {
  if (value === null || value === undefined) return 'null'
  const text = value instanceof Date ? value.toISOString() : String(value)
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}
