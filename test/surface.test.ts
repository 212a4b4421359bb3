import { sign } from 'node:crypto'
import type { RouteOptions } from 'fastify'
import t from 'tap'
import latchkey from '../app.ts'
import { createClock } from '../lib/clock.ts'
import { loadConfig } from '../lib/config/config.ts'
import { createServer } from '../plugins/http/server.ts'
import { as, deploy, retryUnavailable, signIn } from './support/helper.ts'

/** The routes that answer without credentials, and the answer of each to a request without a body. */
const open: Record<string, number> = {
  'POST /api/v1/auth/register': 422,
  'POST /api/v1/auth/signup': 422,
  'POST /api/v1/auth/verify-email': 422,
  'POST /api/v1/auth/verify-email/resend': 422,
  'POST /api/v1/auth/login': 422,
  'POST /api/v1/auth/login/second-factor': 422,
  'POST /api/v1/auth/login/second-factor/options': 422,
  'POST /api/v1/auth/login/passkey/options': 200,
  'POST /api/v1/auth/login/passkey': 422,
  'POST /api/v1/auth/email/confirm': 422,
  'POST /api/v1/auth/email/undo': 422,
  'POST /api/v1/auth/password/forgot': 422,
  'POST /api/v1/auth/password/reset': 422,
  'POST /api/v1/auth/logout': 204,
  'GET /health': 200,
  'GET /health/live': 200,
  'GET /health/ready': 200,
  'GET /.well-known/jwks.json': 200,
  'GET /.well-known/change-password': 302,
  'GET /.well-known/security.txt': 200,
  'GET /.well-known/webauthn': 200
}

/**
 * The routes for services, which follow OAuth: HTTP Basic, and unknown parameters are ignored (RFC 6749, section 3.2).
 */
const forServices = new Set(['POST /api/v1/auth/introspect', 'POST /api/v1/auth/revoke', 'GET /api/v1/auth/revocations'])

t.test('without credentials every route answers 401, except a written list', async t => {
  const { app, routes } = await collect(t)
  const seen = new Set<string>()

  for (const { method, url } of routes) {
    const name = nameOf(method, url)
    const path = url.replace(/:\w+/g, 'b4a1b0f6-6e9f-4f65-8c7c-5b1d7a3f5a10')
    const { statusCode, headers } = await retryUnavailable(() => app.inject({ method, url: path }))

    seen.add(name)
    t.equal(statusCode, open[name] ?? 401, name)
    if (statusCode === 401) t.match(headers['www-authenticate'], forServices.has(name) ? /^Basic/ : /^Bearer/, `${name} says how to sign in`)
  }
  t.strictSame(Object.keys(open).filter(name => !seen.has(name)), [], 'the list names nothing that is not there')
})

t.test('the token of an OAuth client opens no route and ends no session', async t => {
  const { app, routes } = await collect(t)
  const ada = await signIn(app)
  const token = reissue(app, ada.access_token, { client_id: 'b4a1b0f6-6e9f-4f65-8c7c-5b1d7a3f5a10' })
  t.equal((await as(app, reissue(app, ada.access_token, {}), 'GET', '/auth/me')).statusCode, 200, 'the forger has the key')

  for (const { method, url } of routes) {
    const name = nameOf(method, url)
    const { statusCode } = await retryUnavailable(() => app.inject({
      method,
      url: url.replace(/:\w+/g, ada.user.id),
      headers: { authorization: `Bearer ${token}` }
    }))
    t.equal(statusCode, open[name] ?? 401, name)
  }
  t.equal((await as(app, ada.access_token, 'GET', '/auth/me')).statusCode, 200, 'logout has ended nothing')
})

t.test('every route declares what it takes and what it answers', async t => {
  const { routes } = await collect(t)

  for (const { method, url, schema } of routes) {
    const name = nameOf(method, url)
    t.ok(schema?.response, `${name} has response schemas`)
    if (/:/.test(url)) t.ok(schema?.params, `${name} has a schema of its parameters`)
    if (/^(POST|PUT|PATCH)$/.test(method)) t.ok(schema?.body, `${name} has a schema of its body`)
    if (!forServices.has(name)) t.strictSame(laxObjects(schema?.body), [], `${name} takes no unknown fields`)
    t.ok(Object.keys(schema?.response ?? {}).some(status => /^[23]/.test(status)), `${name} says what success looks like`)
  }
})

t.test('every route about a user says which parameter holds the id of that user', async t => {
  const { routes } = await collect(t)
  const aboutUsers = routes.filter(({ url }) => /\/users\/:/.test(url))

  t.ok(aboutUsers.length > 10, 'the routes were found')
  for (const { method, url, config } of aboutUsers) {
    t.equal(config?.subject, /\/users\/:(\w+)/.exec(url)?.[1], `${nameOf(method, url)} has it in its config`)
  }
  for (const { method, url, config } of routes.filter(({ config }) => config?.subject !== undefined)) {
    t.match(url, `/:${config?.subject}`, `${nameOf(method, url)} has the parameter that its config names`)
  }
})

/**
 * A node with every feature switched on, and every route of ours as it was registered. HEAD follows GET, and the
 * documentation's routes are not ours.
 */
async function collect (t: Parameters<typeof deploy>[0]) {
  const config = loadConfig(await deploy(t, { OPERATIONS_TOKEN: 'an-operations-token', SECURITY_CONTACT: 'mailto:security@example.com', PASSKEY_ORIGINS: 'https://app.example.net' }))
  const app = createServer(config)
  const routes: { method: 'GET', url: string, schema: RouteOptions['schema'], config: RouteOptions['config'] | undefined }[] = []

  t.teardown(() => app.close())
  app.addHook('onRoute', ({ method, url, schema, config }) => {
    if (url === '*' || url.startsWith('/docs')) return
    // The methods are listed in the spelling of light-my-request.
    for (const verb of [method].flat()) if (verb !== 'HEAD') routes.push({ method: verb as 'GET', url, schema, config })
  })
  await app.register(latchkey, { config, clock: createClock() })
  await app.ready()
  return { app, routes }
}

/** A token with other claims, signed with this node's own key. */
function reissue (app: Awaited<ReturnType<typeof collect>>['app'], token: string, changes: Record<string, unknown>) {
  const [header, payload = ''] = token.split('.')
  const claims = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), ...changes }
  const input = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
  const key = app.keyring.current.signing?.privateKey
  if (!key) throw new Error('the node has no key to sign with')
  return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

const nameOf = (method: string, url: string) => `${method} ${url.replace(/(.)\/$/, '$1')}`

/**
 * The objects of a schema, at any depth, that would let unknown fields pass. A credential is written by the browser,
 * and browsers add members each year.
 */
function laxObjects (schema: unknown): unknown[] {
  if (typeof schema !== 'object' || schema === null) return []
  if ('title' in schema && /^(Assertion|Registration)Credential$/.test(String(schema.title))) return []
  const isLax = 'type' in schema && schema.type === 'object' && !('additionalProperties' in schema && schema.additionalProperties === false)
  return [...(isLax ? [schema] : []), ...Object.values(schema).flatMap(laxObjects)]
}
