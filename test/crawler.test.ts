import { randomUUID } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import type { LightMyRequestResponse as Answer, InjectOptions } from 'fastify'
import t from 'tap'
import { signed } from './support/accounts/people.ts'
import type { Signed } from './support/accounts/people.ts'
import { deploy, start } from './support/helper.ts'
import { trail } from './support/trail/evidence.ts'

interface Schema { type?: string, format?: string, properties?: Record<string, Schema>, $ref?: string }
interface Parameter { name: string, in: 'path' | 'query', schema: Schema }
interface Operation {
  operationId: string
  security?: Record<string, string[]>[]
  parameters?: Parameter[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses: object
}

/** Values that no parameter of a path, a query or a field means. */
const malformed = {
  id: ['x', '\0', `urn:uuid:${randomUUID()}`, `${randomUUID()}x`, '00000000-0000-0000-0000-00000000000g', '🦀', "' or 1=1 --"],
  'date-time': ['2016-12-31T23:59:60Z', '0000-00-00T00:00:00Z', '9999-12-31T23:59:59-23:59', '2026-01-01T00:00:00+01', 'now', '\0', '-1'],
  text: ['\0', '', ' ', '\u2028', '\ud83d', '%', 'x'.repeat(5000), '{}', '__proto__', '-1', '9'.repeat(30), 'AAAA', '../..']
}
const bodies: unknown[] = [null, [], 7, 'text', true, { __proto__: null, constructor: 1 }, { unknown: 1 }]

const app = await start(t, await deploy(t, { DOCS_ENABLED: 'true', OPERATIONS_TOKEN: 'an-operations-token-9f31', SECURITY_CONTACT: 'mailto:security@example.com' }), { workers: false })
const document = (await app.inject('/docs/json')).json() as { paths: Record<string, Record<string, Operation>>, security: Record<string, string[]>[] }
const operations = Object.entries(document.paths).flatMap(([path, byMethod]) => {
  return Object.entries(byMethod).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation }))
})

t.test('the crawler knows every operation', async t => {
  t.ok(operations.length > 50)
  t.ok(operations.some(({ parameters = [] }) => parameters.some(({ in: place }) => place === 'query')))
})

for (const role of ['anonymous', 'user', 'vendor', 'admin', 'super_admin']) {
  t.test(`whatever ${role} sends, no operation fails`, async t => {
    const who = role === 'anonymous' ? undefined : await signed(app, role)
    const denied = new Set<string>()
    const countBefore = await countDenials()
    let denials = 0
    // The sign-in was too long ago, so that nobody erases their account and nobody signs out everyone.
    app.clock.advance(10 * 60_000 + 2000)

    for (const operation of operations) {
      for (const request of requestsTo(operation)) {
        const answer = await ask(request, operation.operationId === 'logout' ? undefined : who)
        const name = `${request.method} ${String(request.url).slice(0, 120)} ${JSON.stringify(request.payload ?? '').slice(0, 80)}`
        const problem = problemWith(operation, answer)
        if (problem !== undefined) t.fail(`${name}: ${problem}`, { body: answer.body.slice(0, 300) })
        if (codeOf(answer) !== 'forbidden') continue
        denials++
        denied.add(`${operation.method} ${operation.path}`)
      }
    }
    t.equal(await countDenials(), countBefore + denials, 'each denial is counted')
    t.strictSame(await recordedCalls(who?.id ?? null), [...denied].sort(), 'each call that was denied is in the trail')
    if (role === 'user' || role === 'vendor') t.ok(denials > 100, 'there were denials')
    if (who) t.match(await ask({ method: 'GET', url: '/api/v1/auth/me' }, who), { statusCode: 200 }, 'who crawls is still there')
  })
}

async function countDenials () {
  const series = (await app.metrics.render()).matchAll(/^latchkey_authz_denied_total\{.*\} (\d+)$/gm)
  return [...series].reduce((sum, [, count]) => sum + Number(count), 0)
}

/** The calls of a user about which the trail has denials, as the document writes them. */
async function recordedCalls (actorId: string | null) {
  const denials = (await trail(app)).filter(({ event, actorId: actor }) => event === 'authz_fail' && actor === actorId)
  const calls = denials.map(({ read }) => `${String(read?.['method'])} ${String(read?.['route']).replace(/:(\w+)/g, '{$1}')}`)
  return [...new Set(calls)].sort()
}

/** Malformed requests to an operation: each part is bad in turn, and the others are left out or of the right form. */
function * requestsTo (operation: typeof operations[number]): Generator<InjectOptions> {
  const { path, method, parameters = [], requestBody } = operation
  const inPath = parameters.filter(({ in: place }) => place === 'path')
  const plain = fill(path)
  const verb = method as 'GET'

  yield { method: verb, url: plain }
  for (const { name, schema } of inPath) {
    for (const value of valuesOf(schema)) {
      yield { method: verb, url: fill(path, { [name]: value }), ...(method !== 'GET' && { payload: {} }) }
    }
  }
  for (const { name, schema } of parameters.filter(({ in: place }) => place === 'query')) {
    for (const value of valuesOf(schema)) yield { method: verb, url: `${plain}?${name}=${encode(value)}` }
    yield { method: verb, url: `${plain}?${name}=a&${name}=b` }
    yield { method: verb, url: `${plain}?${name}=%FF%00` }
  }
  if (requestBody === undefined) return

  for (const payload of bodies) {
    const headers = { 'content-type': 'application/json' }
    yield { method: verb, url: plain, payload: JSON.stringify(payload), headers }
  }
  yield { method: verb, url: plain, payload: 'token=%00&token=x', headers: { 'content-type': 'application/x-www-form-urlencoded' } }
  const { properties = {} } = requestBody.content['application/json']?.schema ?? {}
  const fields = Object.entries(properties)
  const proper = Object.fromEntries(fields.map(([name, schema]) => [name, properValue(name, schema)]))
  for (const [name, schema] of fields) {
    for (const value of [...valuesOf(schema), 0, null, [], {}]) {
      yield { method: verb, url: plain, payload: { ...proper, [name]: value } }
    }
  }
}

function valuesOf ({ format, $ref }: Schema) {
  if ($ref !== undefined) return malformed.text
  return format === 'uuid' ? malformed.id : format === 'date-time' ? malformed['date-time'] : malformed.text
}

/** A value of the right form that means nothing here, so that no crawl signs anybody out or changes a password. */
function properValue (name: string, { type, format }: Schema): unknown {
  if (format === 'uuid') return randomUUID()
  if (/email/.test(name)) return 'nobody@example.com'
  if (type === 'boolean') return false
  if (type === 'integer') return 1
  return type === 'array' ? [] : 'nothing'
}

function fill (path: string, values: Record<string, string> = {}) {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encode(values[name] ?? (name === 'name' ? 'no_such_role' : randomUUID())))
}

function encode (value: string) {
  // Half a character has no form in a URL, so it is sent as the bytes that it would have.
  return encodeURIComponent(value.replace('\ud83d', '�')).replaceAll('%EF%BF%BD', '%ED%A0%BD')
}

async function ask (request: InjectOptions, who: Signed | undefined) {
  // A request without a socket gives the loop no turn, and a node needs one to hear of its stores.
  await turn()
  const authorization = who && { authorization: `Bearer ${who.access_token}` }
  return await app.inject({ ...request, headers: { ...request.headers, ...authorization } })
}

/** What is wrong with an answer; undefined if nothing is. */
function problemWith (operation: Operation, { statusCode, headers, body }: Answer): string | undefined {
  const { security = document.security } = operation
  if (statusCode >= 500) return `answered ${statusCode}`
  if (statusCode < 400) return undefined

  const isOAuth = security.some(choice => 'service' in choice)
  const type = String(headers['content-type'])
  if (isOAuth) return /^application\/json/.test(type) && 'error' in JSON.parse(body) ? undefined : `is no error of OAuth: ${type}`
  if (!/^application\/problem\+json/.test(type)) return `is no problem document: ${type}`

  const problem = JSON.parse(body)
  const members = ['type', 'title', 'status', 'detail', 'code', 'request_id'].filter(name => problem[name] === undefined)
  if (members.length > 0) return `lacks ${members.join(', ')}`
  if (problem.status !== statusCode || problem.request_id !== headers['x-request-id']) return 'does not agree with its headers'
  return statusCode === 401 && headers['www-authenticate'] === undefined ? 'does not say how to sign in' : undefined
}

function codeOf ({ headers, body }: Answer): string | undefined {
  return /problem/.test(String(headers['content-type'])) ? JSON.parse(body).code : undefined
}
