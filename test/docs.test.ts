import { createConfig, lintFromString } from '@redocly/openapi-core'
import t from 'tap'
import latchkey from '../app.ts'
import { createClock } from '../lib/clock.ts'
import { loadConfig } from '../lib/config/config.ts'
import { Refusal, refusalCodes } from '../lib/errors.ts'
import type { RefusalCode } from '../lib/errors.ts'
import { createServer } from '../plugins/http/server.ts'
import { as, build, deploy, retryUnavailable, signIn, start } from './support/helper.ts'
import type { Deployment } from './support/helper.ts'

interface Response {
  $ref?: string
  description?: string
  headers?: object
  content?: Record<string, { schema?: { allOf?: [object, Narrowed] }, examples?: object }>
}
interface Narrowed { properties: { code: { enum: string[] } } }
interface Operation {
  operationId: string
  summary: string
  tags: string[]
  security?: Record<string, string[]>[]
  requestBody?: { required: boolean, content: object }
  responses: Record<string, Response>
}
interface Document {
  openapi: string
  tags: { name: string, description: string }[]
  security: Record<string, string[]>[]
  paths: Record<string, Record<string, Operation>>
  components: {
    schemas: Record<string, unknown>
    responses: Record<string, Response>
    examples: Record<string, { value: object }>
    securitySchemes: object
  }
}

const operationsToken = 'an-operations-token-9f31'
const everything = {
  DOCS_ENABLED: 'true',
  OPERATIONS_TOKEN: operationsToken,
  SECURITY_CONTACT: 'mailto:security@example.com',
  PASSKEY_ORIGINS: 'https://app.example.net'
}
const exceptions = [
  // A redirect is the only answer of its route.
  /^operation-2xx-response #\/paths\/~1.well-known~1change-password\/get\//
]
// One node for all tests that only read.
const shown = collect(t)

t.test('a linter finds nothing to complain about', async t => {
  const { app, document } = await shown
  const config = await createConfig({ extends: ['recommended'], rules: { 'operation-tag-defined': 'error', 'operation-description': 'off' } })
  const found = await lintFromString({ source: JSON.stringify(document), config })

  t.equal(document.openapi, '3.1.0')
  t.match((await app.inject('/docs/yaml')).body, /^openapi: 3\.1\.0\n[^]*operationId: register\n[^]*#\/components\/schemas\/TokenResponse/, 'nor would it about YAML')
  t.strictSame(found
    .map(({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer}: ${message}`)
    .filter(line => !exceptions.some(exception => exception.test(line))), [])
})

t.test('every route is in the document, and nothing else', async t => {
  const { document, routes } = await shown
  const described = operationsOf(document).map(({ path, verb }) => `${verb} ${path}`)

  t.ok(routes.length > 15)
  t.strictSame(described.sort(), routes.sort())
})

t.test('every operation has a name of its own, one tag and a summary', async t => {
  const { document } = await shown
  const tags = document.tags.map(({ name }) => name)
  const names = operationsOf(document).map(({ operationId }) => operationId)

  t.strictSame(tags, ['Sign-up', 'Session', 'Password', 'Second factors', 'Profile', 'Users', 'Administration', 'Services', 'Well-known', 'Health', 'Operations'], 'in the order of a first visit')
  t.equal(new Set(names).size, names.length)
  for (const { operationId, summary, tags: [tag, ...others] } of operationsOf(document)) {
    t.match(operationId, /^[a-z][A-Za-z]+$/)
    t.ok(summary, `${operationId} has a summary`)
    t.ok(tags.includes(tag ?? '') && others.length === 0, `${operationId} is in one part`)
  }
  t.notMatch(JSON.stringify(document), /Default Response/, 'every answer is described')
})

t.test('the documented security is what the guards require', async t => {
  const { app, document } = await shown

  for (const { path, verb, operationId, security = document.security } of operationsOf(document)) {
    const request = { method: verb as 'GET', url: path.replace(/\{\w+\}/g, 'b4a1b0f6-6e9f-4f65-8c7c-5b1d7a3f5a10') }
    const { statusCode } = await retryUnavailable(() => app.inject(request))
    const isOpen = security.length === 0 || security.some(choice => Object.keys(choice).length === 0)
    // A refresh without a token has no credential to judge; it is in the body.
    t.equal(statusCode !== 401, isOpen && operationId !== 'refresh', operationId)

    if (isOpen) continue
    const operator = await retryUnavailable(() => app.inject({ ...request, headers: { authorization: `Bearer ${operationsToken}` } }))
    t.equal(operator.statusCode !== 401, security.some(choice => 'operations' in choice), `${operationId} and the operations token`)
  }
})

t.test('the refusals that every operation of its kind can meet are documented, as problem documents', async t => {
  const { document } = await shown

  for (const { path, operationId, requestBody, responses, security = document.security } of operationsOf(document)) {
    const statuses = Object.keys(responses).map(Number)
    const isApi = path.startsWith('/api/v1/')
    const has = (...wanted: number[]) => wanted.filter(status => !statuses.includes(status))

    const isOAuth = security.some(choice => 'service' in choice)

    if (!isOAuth) t.strictSame(has(400, 500), [], `${operationId} can refuse what it cannot read, and have a fault`)
    if (requestBody) t.strictSame(has(400, 413, 415, ...isOAuth ? [] : [422]), [], `${operationId} can refuse a body`)
    if (isApi) t.strictSame(has(403, 503), [], `${operationId} can refuse anybody, and fail`)
    if (isApi && operationId !== 'check') t.strictSame(has(429), [], `${operationId} is limited`)
    if (security.length > 0 && operationId !== 'logout') t.strictSame(has(401), [], `${operationId} is for those who are signed in`)

    for (const [status, { content, headers }] of Object.entries(responses)) {
      if (isOAuth && Number(status) >= 400) {
        t.strictSame(content, { 'application/json': { schema: { $ref: '#/components/schemas/OAuthError' } } }, `${operationId} ${status}`)
        if (status === '401') t.hasProps(headers ?? {}, ['WWW-Authenticate'])
        continue
      }
      if (Number(status) < 400 || (/^\/health(\/ready)?$/.test(path) && status === '503')) continue
      const refusal = refusalAt(document, responses, status)
      t.strictSame(refusal?.content?.['application/problem+json']?.schema?.allOf?.[0], { $ref: '#/components/schemas/Problem' }, `${operationId} ${status}`)
      t.ok(codesAt(document, responses, status).length > 0, `${operationId} ${status} has codes`)
      if (status === '401') t.hasProps(refusal?.headers ?? {}, ['WWW-Authenticate'])
      if (status === '429' || status === '503') t.hasProps(refusal?.headers ?? {}, ['Retry-After'])
    }
  }
})

t.test('the codes of a refusal are those of its operation, its guards and its hooks', async t => {
  const { document } = await shown
  const codesOf = (id: string) => {
    const { responses = {} } = operationsOf(document).find(({ operationId }) => operationId === id) ?? {}
    const refused = Object.keys(responses).filter(status => Number(status) >= 400)
    return Object.fromEntries(refused.map(status => [status, codesAt(document, responses, status)]))
  }

  t.strictSame(codesOf('login'), {
    400: ['malformed_request'],
    401: ['invalid_credentials', 'mfa_required'],
    403: ['csrf', 'approval_pending', 'approval_rejected', 'account_disabled', 'vendor_suspended', 'wrong_user_type', 'https_required'],
    413: ['body_too_large'],
    415: ['unsupported_media_type'],
    422: ['invalid_request'],
    429: ['too_many_attempts', 'rate_limited'],
    500: ['internal_error'],
    503: ['unavailable', 'overloaded']
  })
  t.strictSame(codesOf('getUser'), {
    400: ['malformed_request'],
    401: ['unauthenticated', 'invalid_token', 'session_ended', 'reauthentication_required'],
    403: ['forbidden', 'vendor_suspended', 'password_change_required', 'second_factor_enrollment_required', 'https_required'],
    404: ['not_found'],
    414: ['malformed_request'],
    429: ['rate_limited'],
    500: ['internal_error'],
    503: ['unavailable']
  })
  t.strictSame(codesOf('getLiveness'), { 400: ['malformed_request'], 500: ['internal_error'] }, 'a probe may use http')
  t.match(codesOf('getMe'), { 403: ['https_required'] }, 'which is open to an account that has to do something first')
})

t.test('a test fails in which a node answers a refusal that its operation does not document', async t => {
  const ends: (() => unknown)[] = []
  const app = await start({ teardown: end => { ends.push(end) } }, await deploy(t))
  const { access_token: token } = await signIn(app)

  app.accounts.me = async () => { throw new Refusal('session_ended', { reason: 'account_deleted' }) }
  t.equal((await as(app, token, 'GET', '/auth/me')).statusCode, 401)
  app.accounts.me = async () => { throw new Refusal('role_in_use') }
  t.equal((await as(app, token, 'GET', '/auth/me')).statusCode, 409)

  await t.rejects((async () => { for (const end of ends) await end() })(), { message: 'answered, but not documented: getMe 409 role_in_use' })
  await t.rejects(app.database.ping(), 'the node is closed all the same')
})

t.test('each code has an example', async t => {
  const { document } = await shown

  t.strictSame(Object.keys(document.components.examples).sort(), refusalCodes.filter(code => code !== 'method_not_allowed').sort(), 'a path that does not answer a method has no operation')
  for (const [code, { value }] of Object.entries(document.components.examples)) {
    t.match(value, { code, status: new Refusal(code as RefusalCode).status })
  }
  const { examples } = document.components.responses['RateLimited']?.content?.['application/problem+json'] ?? {}
  t.strictSame(examples, { rate_limited: { $ref: '#/components/examples/rate_limited' } })
})

t.test('a schema that is used several times is a component, and a body is required where the route requires it', async t => {
  const { document } = await shown
  const operation = (id: string) => operationsOf(document).find(({ operationId }) => operationId === id)

  t.hasProps(document.components.schemas, ['Problem', 'User', 'Tokens', 'Session', 'SessionList', 'Health'])
  t.match(document.components.schemas['Problem'], { properties: { code: { enum: ['malformed_request'] }, reason: { enum: ['expired'] } } })
  t.strictSame(operation('login')?.responses['200']?.content, { 'application/json': { schema: { $ref: '#/components/schemas/TokenResponse' } } })
  t.equal(operation('login')?.requestBody?.required, true)
  t.equal(operation('logout')?.requestBody?.required, false)
  t.notMatch(JSON.stringify(operation('logout')?.requestBody), /null/, 'a body that may be left out is not null')
  t.hasProps(operation('check')?.responses['204']?.headers ?? {}, ['X-Auth-User', 'X-Auth-Role', 'X-Auth-Session'])
})

t.test('the document contains no secret and no internals', async t => {
  const deployment = await deploy(t, everything)
  const app = await start(t, deployment)
  const { body, headers } = await app.inject('/docs/json')

  for (const name of ['ENCRYPTION_KEY', 'DATABASE_URL', 'REDIS_URL', 'REDIS_KEY_PREFIX', 'DATA_DIR', 'OPERATIONS_TOKEN'] as const) {
    t.notOk(body.includes({ ...everything, ...deployment }[name]), `not ${name}`)
  }
  t.notMatch(body, /password_hash|canonical|(?<!user_)epoch|generation|hmac|argon2|wrapped/i)
  t.notMatch(body, /eyJ[\w-]{8}|[A-Za-z0-9+_-]{40}/, 'no example looks like a token')
  t.notMatch(body, /\$id|"x-[a-z]|[Tt]ype[Bb]ox/, 'nothing of how it is made')
  t.match(headers, { 'content-type': /^application\/json/, 'cache-control': 'no-store' })
})

t.test('answers are as the document says, even where a value is null', async t => {
  const app = await build(t)
  const { access_token: token, user } = await signIn(app)
  const { document } = await shown
  const schemas = document.components.schemas as Record<string, { required: string[] }>

  t.match((await as(app, token, 'GET', '/auth/me')).json(), { user: { id: user.id, vendor_id: null, status: 'active', approval: 'not_required', last_login_at: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/ } })
  t.match((await as(app, token, 'GET', '/auth/sessions')).json(), { sessions: [{ device_name: null, transport: 'bearer', ip: '127.0.0.1' }] })
  t.strictSame(Object.keys((await as(app, token, 'GET', '/auth/me')).json().user).sort(), [...schemas['User']?.required ?? []].sort())
  t.match((await app.inject('/health')).json(), { database: 'connected', mail: /^(connected|not_configured)$/ })
})

t.test('the page is complete, and loads nothing from other hosts', async t => {
  const app = await build(t, everything)

  for (const url of ['/docs', '/docs/']) {
    const { statusCode, headers, body } = await app.inject(url)
    const sources = [...body.matchAll(/<(?:script|link)[^>]* (?:src|href)="([^"]+)"/g)].map(([, source = '']) => new URL(source, `http://localhost${url}`))

    t.equal(statusCode, 200)
    t.match(headers['content-security-policy'], /default-src 'none'; script-src 'self'; .*frame-ancestors 'none'/)
    t.notMatch(headers['content-security-policy'], /script-src[^;]*unsafe|https?:/)
    t.notMatch(body, /<script[^>]*>\s*[^\s<]|\son\w+=|javascript:/, 'no script stands in the page itself')
    t.ok(sources.length >= 5)
    for (const { host, pathname } of sources) {
      t.equal(host, 'localhost')
      t.equal((await app.inject(pathname)).statusCode, 200, pathname)
    }
  }
})

t.test('what is no file of the page is answered as everywhere', async t => {
  const { app } = await shown
  for (const path of ['%00', 'x%00.js', '%2e%2e%2f%2e%2e%2fpackage.json', '..%2findex.html', '.git', 'no-such-file.js', 'x/y', 'x'.repeat(250), '%5c..%5cx']) {
    const answer = await app.inject(`/docs/static/${path}`)
    t.match(answer, { statusCode: 404, headers: { 'content-type': 'application/problem+json; charset=utf-8' } }, path)
    t.match(answer.json(), { status: 404, code: 'not_found' })
  }
})

t.test('every pattern compiles in every flavour, and lets pass what the server takes', async t => {
  const { document } = await shown
  const patterns = [...new Set([...JSON.stringify(document).matchAll(/"pattern":("(?:[^"\\\\]|\\\\.)*")/g)].map(([, text = '""']) => String(JSON.parse(text))))]
  const line = patterns.find(pattern => pattern.includes('x7f')) ?? ''

  t.ok(patterns.length > 3)
  for (const pattern of patterns) {
    t.match(pattern, /^[ -~]+$/, 'it is ASCII')
    t.notMatch(pattern, /\\[pPuU]/, `${pattern} needs no flag and has no escape that flavours read differently`)
    for (const flags of ['', 'u']) t.ok(new RegExp(pattern, flags), `${pattern} with the flags '${flags}'`)
  }
  for (const flags of ['', 'u']) {
    for (const name of ['Chris', 'Oscar Peck', 'Ada’s phone', '山田　太郎', 'Zoë 😀', ' x', 'p', '\u200dx']) t.ok(new RegExp(line, flags).test(name), encodeURIComponent(name))
    for (const text of ['', ' ', '\u3000', 'a\nb', 'a\0', 'a\u0085', 'a\u2028b', '\u2029', 'a\u007f']) t.notOk(new RegExp(line, flags).test(text), encodeURIComponent(text))
  }
})

t.test('no operation is called as generators call what they make of another', async t => {
  const { document } = await shown
  const names = operationsOf(document).map(({ operationId }) => operationId)
  for (const name of names) {
    const [first = '', rest] = [name.charAt(0).toUpperCase(), name.slice(1)]
    for (const made of [`get${first}${rest}Url`, `get${first}${rest}`, `use${first}${rest}`]) t.notOk(names.includes(made), made)
  }
})

t.test('an answer without content has no body, and a path that is too long is documented', async t => {
  const { document } = await shown
  const app = await build(t)
  const { access_token: token } = await signIn(app)

  for (const { path, operationId, responses } of operationsOf(document)) {
    t.equal(path.includes('{'), '414' in responses, `${operationId} and 414`)
    t.notMatch(responses['202'], { content: {} }, `${operationId} answers 202 without content`)
  }
  for (const answer of [
    await as(app, token, 'POST', '/auth/email/change', { new_email: 'grace@example.com' }),
    await app.inject({ method: 'POST', url: '/api/v1/auth/password/forgot', payload: { email: 'grace@example.com' } }),
    await app.inject({ method: 'POST', url: '/api/v1/auth/verify-email/resend', payload: { registration_id: 'b4a1b0f6-6e9f-4f65-8c7c-5b1d7a3f5a10' } })
  ]) t.match(answer, { statusCode: 202, body: '', headers: { 'content-type': undefined } })
  const tooLong = await as(app, token, 'GET', `/users/${'x'.repeat(300)}`)
  t.match(tooLong.json(), { status: 414, code: 'malformed_request' })
})

t.test('in production the page is off unless it is switched on', async t => {
  const production = { NODE_ENV: 'production', RATE_LIMITS_ENABLED: 'true', ISSUER_URL: 'https://auth.example.com', APP_URL: 'https://app.example.com', SMTP_URL: 'smtp://127.0.0.1:1', MAIL_FROM: 'no-reply@example.com', DOCS_ENABLED: '' }
  const deployment: Deployment = { ...await deploy(t), ...production }
  const off = await start(t, deployment)
  const on = await start(t, Object.assign({}, deployment, { DOCS_ENABLED: 'true' }))

  for (const url of ['/docs', '/docs/', '/docs/json', '/docs/yaml', '/docs/static/swagger-ui-bundle.js', '/docs/static/index.html']) {
    t.match((await off.inject(url)).json(), { status: 404, code: 'not_found' }, url)
  }
  t.equal((await on.inject('/docs')).statusCode, 200)
  t.equal((await on.inject('/docs/json')).statusCode, 200)
  for (const NODE_ENV of ['production', 'staging']) {
    t.equal(loadConfig({ ...deployment, NODE_ENV }).operations.docsEnabled, false, NODE_ENV)
    t.equal(loadConfig(Object.assign({}, deployment, { NODE_ENV, DOCS_ENABLED: 'true' })).operations.docsEnabled, true)
  }
  for (const NODE_ENV of ['development', 'test']) t.equal(loadConfig({ ...deployment, NODE_ENV }).operations.docsEnabled, true, NODE_ENV)
})

/** A node with every feature switched on, its document, and its routes as they were registered. */
async function collect (t: Parameters<typeof deploy>[0]) {
  const config = loadConfig(await deploy(t, everything))
  const app = createServer(config)
  const routes: string[] = []

  t.teardown(() => app.close())
  app.addHook('onRoute', ({ method, url }) => {
    if (url === '*' || url.startsWith('/docs')) return
    for (const verb of [method].flat()) if (verb !== 'HEAD') routes.push(`${verb} ${url.replace(/(.)\/$/, '$1').replace(/:(\w+)/g, '{$1}')}`)
  })
  await app.register(latchkey, { config, clock: createClock(), workers: false })
  await app.ready()
  return { app, routes, document: (await app.inject('/docs/json')).json() as Document }
}

/** What an operation refuses with a status, wherever the document has it. */
function refusalAt ({ components }: Document, responses: Operation['responses'], status: string): Response | undefined {
  const name = responses[status]?.$ref?.split('/').at(-1)
  return name === undefined ? responses[status] : components.responses[name]
}

function codesAt (document: Document, responses: Operation['responses'], status: string): string[] {
  const { schema } = refusalAt(document, responses, status)?.content?.['application/problem+json'] ?? {}
  return schema?.allOf?.[1].properties.code.enum ?? []
}

function operationsOf ({ paths }: Document) {
  return Object.entries(paths).flatMap(([path, operations]) => Object.entries(operations)
    .map(([verb, operation]) => ({ path, verb: verb.toUpperCase(), ...operation })))
}
