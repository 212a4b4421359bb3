import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RouteOptions } from 'fastify'
import t from 'tap'
import latchkey from '../app.ts'
import { createClock } from '../lib/clock.ts'
import { loadConfig } from '../lib/config/config.ts'
import { createServer } from '../plugins/http/server.ts'
import { createAuthenticator } from './support/accounts/authenticator.ts'
import { claimsOf, codeAt, fromBase32, guarded, mailedToken, nextStep } from './support/accounts/factors.ts'
import type { Guarded } from './support/accounts/factors.ts'
import { add, creation, enter as enterByKey, origin } from './support/accounts/passkeys.ts'
import { cheapHasher } from './support/hashers.ts'
import { as, codeOf, deploy, freshAddress, password, post, refresh } from './support/helper.ts'
import type { Tokens } from './support/helper.ts'

const { app, handingOver, handingOverDevice } = await build()
const other = 'seven quiet herons over reeds'

/**
 * Every route that can answer with the tokens of a session, each with a request that would get some if only the
 * password or less had to be proved, and one that proves everything. A route that is not listed fails the test below.
 */
const paths: Record<string, { file: string, weak: Ask, strong: Ask }> = {
  'POST /api/v1/auth/login': {
    file: 'auth/login.ts',
    weak: ada => post(app, '/auth/login', { email: ada.email, password }),
    strong: enter
  },
  'POST /api/v1/auth/login/second-factor': {
    file: 'auth/login-second-factor.ts',
    weak: async ada => post(app, '/auth/login/second-factor', { mfa_token: await pendingOf(ada), code: '000000' }),
    strong: enter
  },
  'POST /api/v1/auth/login/passkey': {
    file: 'auth/login-passkey.ts',
    weak: async ada => {
      const key = createAuthenticator({ origin })
      await add(app, await tokensOf(ada), key)
      return await enterByKey(app, { key }, { flags: ['UP'] })
    },
    strong: async ada => {
      const key = createAuthenticator({ origin })
      await add(app, await tokensOf(ada), key)
      return await enterByKey(app, { key })
    }
  },
  'POST /api/v1/auth/refresh': {
    file: 'auth/refresh.ts',
    weak: async ada => refresh(app, await pendingOf(ada)),
    strong: async ada => refresh(app, (await tokensOf(ada)).refresh_token)
  },
  'POST /api/v1/auth/reauthenticate': {
    file: 'auth/reauthenticate.ts',
    weak: async ada => as(app, (await weaken(ada)).access_token, 'POST', '/auth/reauthenticate', { password }),
    strong: async ada => as(app, (await tokensOf(ada)).access_token, 'POST', '/auth/reauthenticate', { password, code: codeAt(app, ada) })
  },
  'POST /api/v1/auth/password/change': {
    file: 'auth/change-password.ts',
    weak: async ada => as(app, (await weaken(ada)).access_token, 'POST', '/auth/password/change', { current_password: password, new_password: other }),
    strong: async ada => as(app, (await tokensOf(ada)).access_token, 'POST', '/auth/password/change', { current_password: password, new_password: other })
  },
  'DELETE /api/v1/auth/password': {
    file: 'auth/remove-password.ts',
    weak: async ada => as(app, (await weaken(ada)).access_token, 'DELETE', '/auth/password'),
    strong: async ada => {
      const key = createAuthenticator({ origin, flags: ['UP', 'UV', 'BE', 'BS'] })
      await add(app, await tokensOf(ada), key)
      return await as(app, (await enterByKey(app, { key })).json().access_token, 'DELETE', '/auth/password')
    }
  },
  'POST /api/v1/auth/totp/:id/confirm': {
    file: 'factors/confirm-totp.ts',
    weak: async ada => as(app, (await weaken(ada)).access_token, 'POST', `/auth/totp/${ada.totpId}/confirm`, { code: codeAt(app, ada) }),
    strong: async ada => {
      const { access_token: token } = await tokensOf(ada)
      const { id, secret } = (await as(app, token, 'POST', '/auth/totp')).json()
      return await as(app, token, 'POST', `/auth/totp/${id}/confirm`, { code: codeAt(app, { secret: fromBase32(secret) }) })
    }
  },
  'DELETE /api/v1/auth/totp': {
    file: 'factors/remove-totp.ts',
    weak: async ada => as(app, (await weaken(ada)).access_token, 'DELETE', '/auth/totp'),
    strong: async ada => {
      const { access_token: token } = (await as(app, (await tokensOf(ada)).access_token, 'PUT', '/auth/two-step', { enabled: false })).json()
      return await as(app, token, 'DELETE', '/auth/totp')
    }
  },
  'POST /api/v1/auth/passkeys': {
    file: 'factors/add-passkey.ts',
    weak: async ada => register(await weaken(ada), { challenge: 'x', rp: { id: 'localhost' } }),
    strong: async ada => {
      const link = await mailedToken(app, 'second_factor_reset', ada.user.id)
      const tokens: Tokens = (await post(app, '/auth/login/second-factor', { mfa_token: await pendingOf(ada), reset_token: link })).json()
      return await register(tokens, await creation(app, tokens))
    }
  },
  'DELETE /api/v1/auth/passkeys/:id': {
    file: 'factors/remove-passkey.ts',
    weak: async ada => as(app, (await weaken(ada)).access_token, 'DELETE', `/auth/passkeys/${ada.totpId}`),
    strong: async ada => {
      const tokens = await tokensOf(ada)
      return await as(app, tokens.access_token, 'DELETE', `/auth/passkeys/${await add(app, tokens, createAuthenticator({ origin }))}`)
    }
  },
  'PUT /api/v1/auth/two-step': {
    file: 'factors/set-two-step.ts',
    weak: async ada => as(app, (await weaken(ada)).access_token, 'PUT', '/auth/two-step', { enabled: false }),
    strong: async ada => as(app, (await tokensOf(ada)).access_token, 'PUT', '/auth/two-step', { enabled: true })
  }
}

/**
 * What the tokens say where something else than the password and a code was proved, or the app was removed. A passkey
 * that finishes a reset has signed nothing yet.
 */
const proved: Record<string, object> = {
  'POST /api/v1/auth/login/passkey': { amr: ['pop', 'user', 'mfa'], acr: 'phr' },
  'DELETE /api/v1/auth/password': { amr: ['pop', 'user', 'mfa'], acr: 'phr' },
  'POST /api/v1/auth/passkeys': { amr: ['pwd'], acr: 'urn:latchkey:acr:1fa' },
  'DELETE /api/v1/auth/totp': { amr: ['pwd'], acr: 'urn:latchkey:acr:1fa' }
}

/** Every route that answers with the token of a device only: it names a browser and opens nothing. */
const devices: Record<string, { file: string, ask: Ask }> = {
  'POST /api/v1/auth/verify-email': { file: 'auth/verify-email.ts', ask: () => verify() },
  'POST /api/v1/auth/password/reset': { file: 'auth/reset-password.ts', ask: reset }
}

type Answer = Awaited<ReturnType<typeof post>>
type Ask = (ada: Guarded) => Promise<Answer>

t.test('every route that can answer with tokens is in a table, by its schema and by its code', async t => {
  t.strictSame(handingOver, Object.keys(paths).sort(), 'the routes whose answers have access tokens')
  t.strictSame(handingOverDevice, Object.keys(devices).sort(), 'the routes whose answers have tokens of devices only')
  t.strictSame(filesWith(/\.handOver\(/), Object.values(paths).map(({ file }) => file).sort(), 'the files that hand tokens over')
  t.strictSame(filesWith(/\.handOverDevice\(/), Object.values(devices).map(({ file }) => file).sort())
  t.strictSame(filesWith(/\.keep\(/), [], 'no route sets a cookie by itself')
})

for (const [route, { weak, strong }] of Object.entries(paths)) {
  t.test(`${route} gives an account with two steps no tokens for less than both`, async t => {
    const ada = await guarded(app)
    const before = await liveSessions(ada)
    const answer = await weak(ada)
    t.ok(answer.statusCode >= 400, answer.body)
    t.notMatch(`${answer.body}${answer.headers['set-cookie']}`, /access_token|refresh_token|__Host-(access|refresh)/)
    t.ok(await liveSessions(ada) <= before + (/login$|second-factor$|refresh$/.test(route) ? 0 : 1), 'no session but the one that the test has made')
  })

  t.test(`${route} gives tokens for both, and says so in them`, async t => {
    const ada = await guarded(app)
    const answer = await strong(ada)
    t.equal(answer.statusCode, route === 'POST /api/v1/auth/passkeys' ? 201 : 200, answer.body)
    const [, claims = ''] = answer.json().access_token.split('.')
    t.match(JSON.parse(Buffer.from(claims, 'base64url').toString()), proved[route] ?? { amr: ['pwd', 'otp', 'mfa'], acr: 'urn:latchkey:acr:2fa' })
  })
}

t.test('the link of a reset gives tokens for the password alone: they add a factor, and are refused at every other path', async t => {
  const ada = await guarded(app)
  const link = await mailedToken(app, 'second_factor_reset', ada.user.id)
  const answer = await post(app, '/auth/login/second-factor', { mfa_token: await pendingOf(ada), reset_token: link })
  t.equal(answer.statusCode, 200, answer.body)
  const tokens: Tokens = answer.json()
  t.match(claimsOf(tokens), { amr: ['pwd'], acr: 'urn:latchkey:acr:1fa', must_enroll_second_factor: true })
  t.match(claimsOf((await refresh(app, tokens.refresh_token)).json()), { amr: ['pwd'], must_enroll_second_factor: true })

  const { access_token: token } = tokens
  const asked = {
    'POST /api/v1/auth/reauthenticate': await as(app, token, 'POST', '/auth/reauthenticate', { password }),
    'POST /api/v1/auth/password/change': await as(app, token, 'POST', '/auth/password/change', { current_password: password, new_password: other }),
    'DELETE /api/v1/auth/password': await as(app, token, 'DELETE', '/auth/password'),
    'DELETE /api/v1/auth/totp': await as(app, token, 'DELETE', '/auth/totp'),
    'DELETE /api/v1/auth/passkeys/:id': await as(app, token, 'DELETE', `/auth/passkeys/${ada.totpId}`),
    'PUT /api/v1/auth/two-step': await as(app, token, 'PUT', '/auth/two-step', { enabled: false })
  }
  for (const [route, { statusCode }] of Object.entries(asked)) t.equal(statusCode, route.endsWith('/password') ? 403 : 401, route)
  t.strictSame(Object.keys(paths).filter(route => !Object.keys(asked).includes(route) && !/login|refresh|confirm$|passkeys$/.test(route)), [], 'a new path is asked here, too')
})

for (const [route, { ask }] of Object.entries(devices)) {
  t.test(`${route} signs nobody in`, async t => {
    const ada = await guarded(app)
    const answer = await ask(ada)
    t.equal(answer.statusCode, 200, answer.body)
    t.notMatch(answer.body, /access_token|refresh_token/)
    t.equal(await liveSessions(ada), 0)
  })
}

async function pendingOf ({ email }: Guarded): Promise<string> {
  return (await post(app, '/auth/login', { email, password })).json().mfa_token
}

async function register ({ access_token: token }: Tokens, options: Parameters<ReturnType<typeof createAuthenticator>['create']>[0]): Promise<Answer> {
  return await as(app, token, 'POST', '/auth/passkeys', { credential: createAuthenticator({ origin }).create(options), name: 'a phone' })
}

async function enter (ada: Guarded): Promise<Answer> {
  return await post(app, '/auth/login/second-factor', { mfa_token: await pendingOf(ada), code: codeAt(app, ada) })
}

/** A session that has proved both, and a code that has not been used. */
async function tokensOf (ada: Guarded): Promise<Tokens> {
  const tokens: Tokens = (await enter(ada)).json()
  nextStep(app)
  return tokens
}

/** A session that has proved the password only, as if one of before had survived. */
async function weaken (ada: Guarded): Promise<Tokens> {
  const tokens = await tokensOf(ada)
  await app.database`update sessions set amr = '{pwd}' where user_id = ${ada.user.id}`
  return (await refresh(app, tokens.refresh_token)).json()
}

async function verify (): Promise<Answer> {
  const { registration_id: id } = (await post(app, '/auth/register', { email: freshAddress(), password, full_name: 'Ada King' })).json()
  return await post(app, '/auth/verify-email', { registration_id: id, code: await codeOf(app, id) })
}

async function reset (ada: Guarded): Promise<Answer> {
  const token = await app.database.begin(async tx => app.oneTimeTokens.tokenOf('password_reset', await app.oneTimeTokens.issue(tx, { purpose: 'password_reset', userId: ada.user.id })))
  return await post(app, '/auth/password/reset', { token, new_password: other })
}

async function liveSessions ({ user }: Guarded): Promise<number> {
  return (await app.database`select 1 from sessions where user_id = ${user.id} and ended_at is null`).length
}

/** The files below routes/ whose text matches. */
function filesWith (pattern: RegExp): string[] {
  const folder = new URL('../routes/', import.meta.url).pathname
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts') && pattern.test(readFileSync(join(folder, name), 'utf8')))
    .sort()
}

/** A node, and the routes whose schemas of success have tokens. */
async function build () {
  const config = loadConfig(await deploy(t))
  const app = createServer(config)
  const clock = createClock()
  const routes: { name: string, answer: string }[] = []

  t.teardown(() => app.close())
  app.addHook('onRoute', ({ method, url, schema }) => {
    for (const verb of [method].flat()) routes.push({ name: `${verb} ${url}`, answer: answersOf(schema) })
  })
  await app.register(latchkey, { config, clock, workers: false, hasher: cheapHasher })
  await app.ready()

  const named = (pattern: RegExp) => routes.filter(({ answer }) => pattern.test(answer)).map(({ name }) => name)
  const handingOver = named(/access_token|refresh_token/).sort()
  const handingOverDevice = named(/device_token/).filter(name => !handingOver.includes(name)).sort()
  return { app: Object.assign(app, { clock }), handingOver, handingOverDevice }
}

/** The schemas of a route's answers of success, as text. */
function answersOf (schema: RouteOptions['schema']): string {
  const answers = Object.entries(schema?.response ?? {}).filter(([status]) => status.startsWith('2'))
  return JSON.stringify(answers)
}
