import { escapeFormula, formatCsv, parseCsv, unescapeFormula } from '../formats/csv.ts'
import { readLines } from '../formats/lines.ts'
import type { Line } from '../formats/lines.ts'

/** The fields of a user in a file. The first two are required. */
const userFields = [
  'email',
  'full_name',
  'role',
  'locale',
  'created_at',
  'email_verified',
  'password_hash',
  'status',
  'approval',
  'must_change_password'
] as const
export type UserField = typeof userFields[number]

export type FileFormat = 'ndjson' | 'csv'

export type UserValues = Partial<Record<UserField, unknown>>
type Read = { values: UserValues } | { problem: string }

/** The values of a line, by field: texts in CSV, anything in JSON; or why the line cannot be read. */
export type UserRecord = { line: number } & Read

/** The longest line: more than any user takes, even with every letter escaped. */
const lineBytesMax = 16_384

/** The format of a file by its name; null for an unknown extension. */
export function formatOf (name: string): FileFormat | null {
  if (/\.csv$/i.test(name)) return 'csv'
  return /\.(ndjson|jsonl|json)$/i.test(name) ? 'ndjson' : null
}

/**
 * Reads users, one a line. Empty lines are skipped. Without a format, a text that begins with a brace is NDJSON.
 * @throws Error when the first line of CSV does not name the columns
 */
export async function * readUserFile (
  chunks: AsyncIterable<Uint8Array>, format: FileFormat | null
): AsyncGenerator<UserRecord> {
  let read = format === 'ndjson' ? readJson : null

  for await (const line of readLines(chunks, lineBytesMax)) {
    if ('text' in line && line.text.trim() === '') continue
    if (read === null) {
      const isHead = format === 'csv' || 'problem' in line || !/^\s*\{/.test(line.text)
      read = isHead ? csvReader(line) : readJson
      if (isHead) continue
    }
    yield 'problem' in line ? { line: line.number, problem: line.problem } : { line: line.number, ...read(line.text) }
  }
}

/** The first line of a file; empty for NDJSON. */
export function headOf (format: FileFormat): string {
  return format === 'csv' ? `${formatCsv([...userFields])}\n` : ''
}

/** The line of a user. Null values are left out. */
export function formatUser (format: FileFormat, values: Record<UserField, string | boolean | null>): string {
  const text = format === 'csv'
    ? formatCsv(userFields.map(field => escapeFormula(String(values[field] ?? ''))))
    : JSON.stringify(Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)))
  return `${text}\n`
}

function readJson (text: string): Read {
  const values = parseJson(text)
  if (values === null) return { problem: 'is not a JSON object' }
  const unknown = Object.keys(values).find(name => !isField(name))
  return unknown === undefined ? { values } : { problem: `has a field that is none of ${userFields.join(', ')}` }
}

function parseJson (text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}

// The errors about the head do not quote it: where the head is missing, its words are those of the first user.
function csvReader (head: Line): (text: string) => Read {
  const columns = 'text' in head ? parseCsv(head.text)?.map(name => name.trim().toLowerCase()) ?? [] : []
  const stray = columns.findIndex(name => !isField(name))
  const fail = (problem: string) => { throw new Error(`line ${head.number}: ${problem}`) }
  if (!columns.includes('email') || !columns.includes('full_name')) {
    fail('the first line of CSV names the columns, email and full_name among them, with commas between')
  }
  if (stray >= 0) fail(`column ${stray + 1} is none of ${userFields.join(', ')}`)
  if (new Set(columns).size < columns.length) fail('two columns have one name')

  return text => {
    const cells = parseCsv(text)
    if (cells === null) return { problem: 'has quotes that do not fit' }
    if (cells.length !== columns.length) return { problem: `has ${cells.length} cells, not ${columns.length}` }
    return { values: Object.fromEntries(columns.map((name, index) => [name, unescapeFormula(cells[index] ?? '')])) }
  }
}

function isField (name: string): name is UserField {
  return userFields.some(field => field === name)
}
