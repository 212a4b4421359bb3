import { randomBytes, randomUUID } from 'node:crypto'

/** A request to an operation. `path` may have a query. */
export interface WorstInput {
  name: string
  method: string
  path: string
  body?: string
  headers?: Record<string, string>
  /** As whom it is sent. */
  as?: 'administrator' | 'follower'
  /** Whether it is long by its answer, so that it says nothing where it is refused. */
  isLong?: boolean
}

interface Operation {
  operationId: string
  requestBody?: { content: Record<string, { schema: { properties?: Record<string, Property> } }> }
}
interface Property { type?: string, maxLength?: number }

/** The parts of the API's own document that are needed here. */
export interface ApiDocument { paths: Record<string, Record<string, Operation>> }

/** A little less than the largest body. */
const bodyBytes = 27 * 1024
/** Together a little less than the largest head of a request. */
const [cookieBytes, agentBytes] = [11 * 1024, 4 * 1024]

/** How many tokens of the shortest length fit into a head of 16 KB. */
const forgedCookieCount = 74

/** Passwords and names that have cost an estimator of strength the most. */
const passwords = [
  '11111111111111111111114xq11111111111111111111114x',
  `${'1'.repeat(23)}xq${'1'.repeat(24)}`,
  'p4$$w0rd'.repeat(16),
  '4bc3d!0|'.repeat(16),
  'abcdefghij'.repeat(12) + 'x',
  '𝒜'.repeat(128),
  'qwertyuiop[]asdfghjkl'.repeat(6),
  '1234567890'.repeat(12)
]
const names = [
  '1111 11111 111 1111111 11 '.repeat(7).trim(),
  Array.from({ length: 21 }, (_, index) => '1'.repeat(4 + index)).join(' ').slice(0, 200),
  'ﷺ'.repeat(200),
  'a\u0301\u0328\u0323'.repeat(50),
  'Ab Cd '.repeat(33).trim()
]

/**
 * The worst requests that we know of, to every operation that the document tells: bodies as large as they may be,
 * nested as deeply, with as many fields; heads as long; each text as long as its field allows. After them requests that
 * are long by what they ask for.
 * @param accessToken whose header is put on forged ones
 */
export function * worstInputs ({ paths }: ApiDocument, accessToken: string): Generator<WorstInput> {
  for (const [path, byMethod] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(byMethod)) {
      const request = { method: method.toUpperCase(), path: filled(path), as: 'administrator' as const }
      yield { ...request, name: `${operation.operationId}: long head`, headers: longHead() }
      if (operation.requestBody) yield * bodiesOf(operation, request)
    }
  }
  yield forgedCookies(accessToken)
  yield * newPasswords()
  yield * longAnswers()
}

function filled (path: string) {
  return path.replaceAll(/\{\w+\}/g, () => randomUUID())
}

function * bodiesOf (operation: Operation, request: Omit<WorstInput, 'name'>): Generator<WorstInput> {
  const properties = operation.requestBody?.content['application/json']?.schema.properties ?? {}
  const full = Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, longest(property)]))
  const depth = bodyBytes / 2

  yield { ...request, name: `${operation.operationId}: long texts`, body: JSON.stringify(full).slice(0, bodyBytes) }
  yield { ...request, name: `${operation.operationId}: deeply nested`, body: '['.repeat(depth) + ']'.repeat(depth) }
  yield { ...request, name: `${operation.operationId}: many fields`, body: JSON.stringify(manyFields()) }
  yield { ...request, name: `${operation.operationId}: not JSON`, body: `"${'\\ud83d'.repeat(bodyBytes / 6)}` }
}

function longest ({ type, maxLength = 200 }: Property): unknown {
  if (type === 'integer') return Number.MAX_SAFE_INTEGER
  if (type === 'array') return Array.from({ length: 500 }, () => randomUUID())
  return type === 'boolean' ? true : '\u00e9'.repeat(maxLength)
}

function manyFields () {
  return Object.fromEntries(Array.from({ length: bodyBytes / 12 }, (_, n) => [`f${n}`, n]))
}

function longHead () {
  return {
    'user-agent': 'Mozilla/5.0 (('.repeat(agentBytes / 14),
    cookie: Array.from({ length: cookieBytes / 22 }, (_, n) => `latchkey_refresh${n}=${n}`).join('; ').slice(0, cookieBytes)
  }
}

// As many access cookies as fit into a head, each of which only its signature shows to be forged.
function forgedCookies (accessToken: string): WorstInput {
  const [header] = accessToken.split('.')
  const forged = () => `__Secure-access=${header}.e30.${randomBytes(64).toString('base64url')}`
  const cookie = Array.from({ length: forgedCookieCount }, forged).join('; ')
  return { name: 'forged cookies', method: 'GET', path: '/api/v1/auth/me', headers: { cookie } }
}

function * newPasswords (): Generator<WorstInput> {
  for (const [n, password] of passwords.entries()) {
    for (const [m, fullName] of names.entries()) {
      yield {
        name: `register: password ${n + 1}, name ${m + 1}`,
        method: 'POST',
        path: '/api/v1/auth/register',
        body: JSON.stringify({ email: `${'a.'.repeat(20)}${randomUUID()}@example.com`, password, full_name: fullName })
      }
    }
  }
}

function * longAnswers (): Generator<WorstInput> {
  const get = { method: 'GET', as: 'administrator' as const, isLong: true }
  yield { ...get, name: 'a page of the trail', path: '/api/v1/admin/audit-events' }
  yield { ...get, name: 'the trail as JSON lines', path: '/api/v1/admin/audit-events?format=ndjson' }
  yield { ...get, name: 'the trail as CSV', path: '/api/v1/admin/audit-events?format=csv' }
  yield { ...get, name: 'a page of users', path: '/api/v1/users?limit=100' }
  yield { ...get, name: 'a search', path: `/api/v1/users?limit=100&q=${'example.com'.repeat(5)}` }
  yield { ...get, name: 'personal data', path: '/api/v1/auth/me/export' }
  yield { ...get, name: 'the document', path: '/docs/json' }
  yield { ...get, name: 'what has ended', path: '/api/v1/auth/revocations', as: 'follower' }
}
