import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse as Answer } from 'fastify'
import type { Test } from 'tap'
import latchkey from '../../app.ts'
import { createClock } from '../../lib/clock.ts'
import type { Clock } from '../../lib/clock.ts'
import { loadConfig } from '../../lib/config/config.ts'
import { purposes } from '../../lib/crypto/purposes.ts'
import type { Hasher } from '../../lib/passwords/passwords.ts'
import { createServer } from '../../plugins/http/server.ts'
import { makeDatabase } from './database.ts'
import { compilersFactory } from './documents/compilers.ts'
import { watchRefusals } from './documents/documented-refusals.ts'
import { cheapHasher } from './hashers.ts'

/** The settings that several nodes of one deployment share. */
export type Deployment = Awaited<ReturnType<typeof deploy>>

/** Strong, and made of letters in which no word is found: to estimate its strength takes a fifth of the usual time. */
export const password = 'wq zk vj xh pf'

/** How long a store may take to answer, because a machine that runs other tests at the same time may be slow. */
const statementTimeout = '30s'

/** A deployment of this test's own: a database, a prefix in Redis, a key. Settings win over the defaults. */
export async function deploy (t: Pick<Test, 'teardown'>, settings: Record<string, string> = {}) {
  const { url, directUrl } = await makeDatabase(t)
  return {
    NODE_ENV: 'test',
    DATABASE_URL: url,
    DATABASE_DIRECT_URL: directUrl,
    REDIS_URL: process.env['LATCHKEY_TEST_REDIS_URL'] ?? '',
    REDIS_KEY_PREFIX: `test:${randomBytes(6).toString('hex')}:`,
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    ISSUER_URL: 'http://localhost:3000',
    DATA_DIR: mkdtempSync(join(tmpdir(), 'latchkey-data-')),
    HASH_CONCURRENCY: '2',
    // Describing all routes makes a start longer, and few tests look at the description.
    DOCS_ENABLED: 'false',
    RATE_LIMITS_ENABLED: 'false',
    DB_STATEMENT_TIMEOUT: statementTimeout,
    DB_CONNECT_TIMEOUT: statementTimeout,
    ...settings
  }
}

interface NodeOptions {
  clock?: Clock
  workers?: boolean
  /** The version of the schema that this node's code stands for; by default its own. */
  schemaVersion?: number
  /** Null for the server's own hasher, at its full cost. */
  hasher?: Hasher | null
  /** Gets the lines of the log. */
  stream?: { write (line: string): void }
}

/**
 * One node of a deployment: the real server, ready and not listening. Its passwords cost next to nothing. The test
 * fails if the node answers a refusal that its documentation does not have.
 */
export async function start (t: Pick<Test, 'teardown'>, deployment: Deployment, { clock = createClock(), workers = true, hasher = cheapHasher, schemaVersion, stream }: NodeOptions = {}) {
  const config = configOf(deployment)
  const app = createServer(config, { compilersFactory, ...(stream && { stream }) })
  const assertDocumented = watchRefusals(app)
  t.teardown(async () => {
    await app.close()
    assertDocumented()
  })

  await app.register(latchkey, { config, clock, workers, hasher: hasher ?? undefined, schemaVersion })
  await app.ready()
  return Object.assign(app, { clock })
}

/** The settings of a deployment; with the long time limit for statements nothing that waits for a store has less. */
function configOf (deployment: Deployment) {
  const config = loadConfig(deployment)
  if (deployment.DB_STATEMENT_TIMEOUT !== statementTimeout) return config

  const { postgres, redis } = config
  const { deadline } = postgres
  return {
    ...config,
    postgres: { ...postgres, lockTimeout: deadline },
    redis: { ...redis, deadline }
  }
}

/** A node on a deployment of its own. */
export async function build (t: Pick<Test, 'teardown'>, settings: Record<string, string> = {}) {
  return await start(t, await deploy(t, settings))
}

export const api = (path: string) => `/api/v1${path}`

/** A JSON request to the API. */
export async function post (
  app: FastifyInstance,
  path: string,
  payload?: object,
  headers: Record<string, string> = {}
) {
  return await app.inject({ method: 'POST', url: api(path), headers, ...(payload && { payload }) })
}

/** A signed-in request to the API. */
export async function as (app: FastifyInstance, token: string, method: InjectOptions['method'], path: string, payload?: object) {
  return await app.inject({ method: method ?? 'GET', url: api(path), headers: { authorization: `Bearer ${token}` }, ...(payload && { payload }) })
}

/** Repeats a request, as a client does, while a node answers 503: on a busy machine that is no failure. */
export async function retryUnavailable<T extends Pick<Answer, 'statusCode' | 'headers'>> (ask: () => Promise<T>): Promise<T> {
  let answer = await ask()
  for (let attempt = 1; attempt < 10 && answer.statusCode === 503 && answer.headers['retry-after'] !== undefined; attempt++) {
    await pause(Number(answer.headers['retry-after']) * 1000)
    answer = await ask()
  }
  return answer
}

export const freshAddress = () => `ada-${randomUUID()}@example.com`

/** The code in the mail of a registration, derived as the mailer does. */
export async function codeOf (app: FastifyInstance, registrationId: string) {
  const [registration] = await app.database<{ codeId: string, codeNumber: number }>`
    select coalesce(code_id, id) as code_id, code_number from registrations where id = ${registrationId}`
  const { createCodes } = await import('../../lib/tokens/codes.ts')
  return createCodes(app.secrets.derive(purposes.verificationCodes)).codeFor('verify_email', registration?.codeId ?? registrationId, registration?.codeNumber ?? 1)
}

/** A confirmed account. */
export async function signUp (app: FastifyInstance, fields: Record<string, unknown> = {}) {
  const email = freshAddress()
  const registered = await retryUnavailable(() => post(app, '/auth/register', { email, password, full_name: 'Ada King', ...fields }))
  const { registration_id: registrationId } = registered.json()
  const code = await codeOf(app, registrationId)
  const confirmed = await retryUnavailable(() => post(app, '/auth/verify-email', { registration_id: registrationId, code }))
  const { user, device_token: deviceToken } = confirmed.json() as { user: { id: string }, device_token: string }
  return { email, password, user, deviceToken, registrationId: registrationId as string }
}

/** The answer of a login. */
export interface Tokens {
  user: { id: string, email: string }
  session: { id: string, expires_at: string }
  access_token: string
  refresh_token: string
  device_token: string
  expires_in: number
  refresh_expires_in: number
}

/** A session of an existing account, or of a new one. */
export async function signIn (
  app: FastifyInstance,
  account?: { email: string, password?: string },
  fields: Record<string, unknown> = {}
): Promise<Tokens> {
  const { email } = account ?? await signUp(app)
  const answer = await retryUnavailable(() => post(app, '/auth/login', { email, password: account?.password ?? password, ...fields }))
  if (answer.statusCode !== 200) throw new Error(`login answered ${answer.statusCode}: ${answer.body}`)
  return answer.json()
}

export const refresh = (app: FastifyInstance, token: string) => post(app, '/auth/refresh', { refresh_token: token })

/**
 * The client shows that an answer has arrived: it uses the access token, and the node tells Redis. From then on no
 * older refresh token resumes the session.
 */
export async function received (app: FastifyInstance, { access_token: token }: Pick<Tokens, 'access_token'>) {
  await as(app, token, 'GET', '/auth/check')
  while (app.confirmations.size > 0) await pause(20)
}
