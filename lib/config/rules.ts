import { accessSync, constants } from 'node:fs'
import type { StaticDecode } from '@sinclair/typebox'
import type { settings } from './settings.ts'
import type { Problem } from './sources.ts'

export type Settings = StaticDecode<typeof settings>

/** OWASP Password Storage: rows of equal strength, each with memory in KiB and passes. */
const argon2Floor = [[47104, 1], [19456, 2], [12288, 3], [9216, 4], [7168, 5]] as const

/** The fewest characters of an OPERATIONS_TOKEN where strangers can try to guess it. */
const operationsTokenLengthMin = 16

/** Staging is as strict as production: it is as reachable. */
export const isExposed = (environment: string) => environment === 'production' || environment === 'staging'

/** Checks the rules between settings. Each problem has the name of the setting that it is about. */
export function * checkSettings (s: Settings): Generator<Problem> {
  yield * checkStores(s)
  yield * checkHashes(s)
  yield * checkCookies(s)
  yield * checkBreachedPasswords(s)
  if (isExposed(s.NODE_ENV)) yield * checkExposed(s)
}

function * checkStores (s: Settings): Generator<Problem> {
  const { ENCRYPTION_KEY: key, REDIS_CA_FILE: redisAuthority } = s

  if (key === undefined) {
    const advice = 'for example from: openssl rand -base64 32'
    yield ['ENCRYPTION_KEY', `is missing: 32 random bytes or more are needed, ${advice}`]
  }
  if (s.DATABASE_URL === undefined) yield ['DATABASE_URL', missing(s, 'a postgres:// URL')]
  if (s.REDIS_URL === undefined) yield ['REDIS_URL', missing(s, 'a redis:// URL')]
  for (const name of ['DATABASE_CA_FILE', 'REDIS_CA_FILE', 'SMTP_CA_FILE'] as const) {
    const path = s[name]
    if (path !== undefined && !isReadable(path)) yield [name, 'names a file that cannot be read']
  }
  if (redisAuthority !== undefined && s.REDIS_URL?.startsWith('rediss') === false) {
    yield ['REDIS_URL', 'must be a rediss:// URL, because REDIS_CA_FILE names an authority']
  }
  if (s.DB_POOL_MIN > s.DB_POOL_MAX) yield ['DB_POOL_MIN', 'must not be above DB_POOL_MAX']
}

function * checkHashes (s: Settings): Generator<Problem> {
  if (!argon2Floor.some(([memory, passes]) => s.ARGON2_MEMORY_KIB >= memory && s.ARGON2_PASSES >= passes)) {
    const rows = argon2Floor.map(([memory, passes]) => `${memory}/${passes}`).join(', ')
    yield ['ARGON2_MEMORY_KIB', `is too weak with ARGON2_PASSES; at least one of ${rows}`]
  }
  if (s.ARGON2_MEMORY_KIB < 8 * s.ARGON2_PARALLELISM) {
    yield ['ARGON2_PARALLELISM', 'needs 8 KiB of ARGON2_MEMORY_KIB each']
  }
}

function * checkCookies (s: Settings): Generator<Problem> {
  if (s.COOKIE_SAMESITE === 'none' && !s.COOKIE_SECURE) yield ['COOKIE_SAMESITE', 'none needs COOKIE_SECURE=true']
  if (s.COOKIE_PARTITIONED && !s.COOKIE_SECURE) yield ['COOKIE_PARTITIONED', 'true needs COOKIE_SECURE=true']

  const { COOKIE_DOMAIN: domain, ISSUER_URL: issuer } = s
  if (domain !== undefined && issuer !== undefined && !isUnder(new URL(issuer).hostname, domain)) {
    yield ['COOKIE_DOMAIN', 'must be the host of ISSUER_URL or a domain above it']
  }
}

function * checkBreachedPasswords ({ NODE_ENV, BREACHED_PASSWORDS_URL: url }: Settings): Generator<Problem> {
  if (url === undefined || /^https:/.test(url)) return

  if (isExposed(NODE_ENV)) yield ['BREACHED_PASSWORDS_URL', `must be https in ${NODE_ENV}`]
  else if (!isLoopback(new URL(url).hostname)) {
    yield ['BREACHED_PASSWORDS_URL', 'must be https, or http on this machine']
  }
}

/** The rules of staging and production. */
function * checkExposed (s: Settings): Generator<Problem> {
  const { NODE_ENV: environment, ISSUER_URL: issuer, APP_URL: appUrl, OPERATIONS_TOKEN: token } = s

  if (issuer === undefined) {
    yield ['ISSUER_URL', 'is missing: the public https origin of this API, such as https://auth.example.com']
  }
  if (issuer?.startsWith('http:')) yield ['ISSUER_URL', `must be https in ${environment}`]
  if (appUrl !== undefined && !/^https:|^http:\/\/(localhost|127\.0\.0\.1)(:|\/|$)/.test(appUrl)) {
    yield ['APP_URL', `must be https in ${environment}`]
  }
  if (!s.COOKIE_SECURE) yield ['COOKIE_SECURE', `must not be false in ${environment}`]
  if (!s.RATE_LIMITS_ENABLED) yield ['RATE_LIMITS_ENABLED', `must not be false in ${environment}`]
  if (token !== undefined && token.length < operationsTokenLengthMin) {
    yield ['OPERATIONS_TOKEN', `must have ${operationsTokenLengthMin} characters or more in ${environment}`]
  }
}

function missing (s: Settings, wanted: string) {
  return s.NODE_ENV === 'development'
    ? `is missing: give ${wanted}, or start the private services of DATA_DIR with npm run dev`
    : `is missing: ${wanted}`
}

const isLoopback = (host: string) => /^(localhost|127\.0\.0\.1|\[::1\])$/.test(host)

const isUnder = (host: string, domain: string) => host === domain || host.endsWith(`.${domain}`)

function isReadable (path: string) {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}
