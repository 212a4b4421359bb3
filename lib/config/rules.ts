import { accessSync, constants } from 'node:fs'
import type { StaticDecode } from '@sinclair/typebox'
import type { settings } from './settings.ts'
import type { Problem } from './sources.ts'

export type Settings = StaticDecode<typeof settings>

/** OWASP Password Storage: rows of equal strength, memory in KiB and passes. */
const argon2Floor = [[47104, 1], [19456, 2], [12288, 3], [9216, 4], [7168, 5]] as const

/** Staging is as strict as production: it is as reachable. */
export const isExposed = (environment: string) => environment === 'production' || environment === 'staging'

/** The rules between settings, each with the name it is about. */
export function * checkSettings (s: Settings): Generator<Problem> {
  const strict = isExposed(s.NODE_ENV)

  if (s.ENCRYPTION_KEY === undefined) yield ['ENCRYPTION_KEY', 'is missing: 32 random bytes or more are needed, for example from: openssl rand -base64 32']
  if (s.DATABASE_URL === undefined) yield ['DATABASE_URL', missing(s, 'a postgres:// URL')]
  if (s.REDIS_URL === undefined) yield ['REDIS_URL', missing(s, 'a redis:// URL')]
  if (s.DATABASE_CA_FILE !== undefined && !isReadable(s.DATABASE_CA_FILE)) yield ['DATABASE_CA_FILE', 'names a file that cannot be read']
  if (s.REDIS_CA_FILE !== undefined && !isReadable(s.REDIS_CA_FILE)) yield ['REDIS_CA_FILE', 'names a file that cannot be read']
  if (s.REDIS_CA_FILE !== undefined && s.REDIS_URL?.startsWith('rediss') === false) yield ['REDIS_URL', 'must be a rediss:// URL, because REDIS_CA_FILE names an authority']
  if (s.DB_POOL_MIN > s.DB_POOL_MAX) yield ['DB_POOL_MIN', 'must not be above DB_POOL_MAX']
  if (!argon2Floor.some(([memory, passes]) => s.ARGON2_MEMORY_KIB >= memory && s.ARGON2_PASSES >= passes)) {
    yield ['ARGON2_MEMORY_KIB', 'is too weak with ARGON2_PASSES; at least one of 47104/1, 19456/2, 12288/3, 9216/4, 7168/5']
  }
  if (s.ARGON2_MEMORY_KIB < 8 * s.ARGON2_PARALLELISM) yield ['ARGON2_PARALLELISM', 'needs 8 KiB of ARGON2_MEMORY_KIB each']
  if (s.COOKIE_SAMESITE === 'none' && !s.COOKIE_SECURE) yield ['COOKIE_SAMESITE', 'none needs COOKIE_SECURE=true']
  if (s.COOKIE_PARTITIONED && !s.COOKIE_SECURE) yield ['COOKIE_PARTITIONED', 'true needs COOKIE_SECURE=true']
  if (s.COOKIE_DOMAIN !== undefined && s.ISSUER_URL !== undefined && !isUnder(new URL(s.ISSUER_URL).hostname, s.COOKIE_DOMAIN)) {
    yield ['COOKIE_DOMAIN', 'must be the host of ISSUER_URL or a domain above it']
  }
  if (s.BREACHED_PASSWORDS_URL !== undefined && !/^https:/.test(s.BREACHED_PASSWORDS_URL) && (strict || !isLoopback(new URL(s.BREACHED_PASSWORDS_URL).hostname))) {
    yield ['BREACHED_PASSWORDS_URL', strict ? `must be https in ${s.NODE_ENV}` : 'must be https, or http on this machine']
  }
  if (!strict) return

  if (s.ISSUER_URL === undefined) yield ['ISSUER_URL', 'is missing: the public https origin of this API, such as https://auth.example.com']
  if (s.ISSUER_URL?.startsWith('http:')) yield ['ISSUER_URL', `must be https in ${s.NODE_ENV}`]
  if (s.APP_URL !== undefined && !/^https:|^http:\/\/(localhost|127\.0\.0\.1)(:|\/|$)/.test(s.APP_URL)) yield ['APP_URL', `must be https in ${s.NODE_ENV}`]
  if (!s.COOKIE_SECURE) yield ['COOKIE_SECURE', `must not be false in ${s.NODE_ENV}`]
  if (!s.RATE_LIMITS_ENABLED) yield ['RATE_LIMITS_ENABLED', `must not be false in ${s.NODE_ENV}`]
  if (s.OPERATIONS_TOKEN !== undefined && s.OPERATIONS_TOKEN.length < 16) yield ['OPERATIONS_TOKEN', `must have 16 characters or more in ${s.NODE_ENV}`]
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
