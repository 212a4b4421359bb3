import { accessSync, constants } from 'node:fs'
import { isIP } from 'node:net'
import { checkExposed, isExposed } from './exposed-rules.ts'
import { distanceOf, isUnder } from './hosts.ts'
import { checkPasskeys } from './passkeys.ts'
import { readPostgresAddress } from './addresses/postgres-address.ts'
import { isPublicSuffix } from './public-suffixes.ts'
import type { Settings } from './settings.ts'
import type { Problem } from './sources.ts'

/** OWASP Password Storage: rows of equal strength, each with memory in KiB and passes. */
const argon2Floor = [[47104, 1], [19456, 2], [12288, 3], [9216, 4], [7168, 5]] as const

/** Checks the rules between settings. Each problem has the name of the setting that it is about. */
export function * checkSettings (s: Settings): Generator<Problem> {
  yield * checkListeners(s)
  yield * checkStores(s)
  yield * checkHashes(s)
  yield * checkCookies(s)
  yield * checkBreachedPasswords(s)
  yield * checkPasskeys(s)
  if (isExposed(s.NODE_ENV)) yield * checkExposed(s)
}

function * checkListeners (s: Settings): Generator<Problem> {
  const { NODE_ENV, HOST: host, PORT: port, METRICS_PORT: metricsPort } = s
  const isPublic = host !== undefined && distanceOf(host) === 'the internet' && isIP(host) !== 0

  if (metricsPort === port) yield ['METRICS_PORT', 'must not be PORT: it is a port of its own']
  if (metricsPort !== undefined && isPublic) {
    yield ['METRICS_PORT', 'asks for no token and HOST is a public address: unset it and use OPERATIONS_TOKEN']
  }
  if (s.CLIENT_ADDRESS_HEADER !== undefined && s.TRUST_PROXY === undefined) {
    yield ['CLIENT_ADDRESS_HEADER', 'needs TRUST_PROXY: the header of anybody else is not believed']
  }
  if (s.TRACEPARENT_FROM_PROXY && s.TRUST_PROXY === undefined) {
    yield ['TRACEPARENT_FROM_PROXY', 'needs TRUST_PROXY: the header of anybody else is not believed']
  }
  if (!isExposed(NODE_ENV) && isPublic) {
    yield ['HOST', `must not be a public address in ${NODE_ENV}: set NODE_ENV=production, or listen on 127.0.0.1`]
  }
}

function * checkStores (s: Settings): Generator<Problem> {
  const { ENCRYPTION_KEY: key, REDIS_CA_FILE: redisAuthority } = s

  if (key === undefined) {
    const advice = 'for example from: openssl rand -base64 32'
    yield ['ENCRYPTION_KEY', `is missing: 32 random bytes or more are needed, ${advice}`]
  }
  if (s.DATABASE_URL === undefined) yield ['DATABASE_URL', missing(s, 'a postgres:// URL')]
  if (s.REDIS_URL === undefined) yield ['REDIS_URL', missing(s, 'a redis:// URL')]
  for (const name of ['DATABASE_CA_FILE', 'REDIS_CA_FILE', 'SMTP_CA_FILE', 'OTEL_EXPORTER_OTLP_CERTIFICATE'] as const) {
    const path = s[name]
    if (path !== undefined && !isReadable(path)) yield [name, 'names a file that cannot be read']
  }
  if (redisAuthority !== undefined && s.REDIS_URL?.startsWith('rediss') === false) {
    yield ['REDIS_URL', 'must be a rediss:// URL, because REDIS_CA_FILE names an authority']
  }
  for (const name of ['DATABASE_URL', 'DATABASE_DIRECT_URL'] as const) {
    const url = s[name]
    if (s.DATABASE_CA_FILE !== undefined && url !== undefined && readPostgresAddress(url).sslmode === 'disable') {
      yield [name, 'must not say sslmode=disable, because DATABASE_CA_FILE names an authority']
    }
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
  } else if (domain !== undefined && isPublicSuffix(domain)) {
    yield ['COOKIE_DOMAIN', 'is a public suffix, for which browsers take no cookie: name a domain of your own']
  }
}

function * checkBreachedPasswords ({ NODE_ENV, BREACHED_PASSWORDS_URL: url }: Settings): Generator<Problem> {
  if (url === undefined || /^https:/.test(url)) return

  if (isExposed(NODE_ENV)) yield ['BREACHED_PASSWORDS_URL', `must be https in ${NODE_ENV}`]
  else if (!isLoopback(new URL(url).hostname)) {
    yield ['BREACHED_PASSWORDS_URL', 'must be https, or http on this machine']
  }
}

function missing (s: Settings, wanted: string) {
  return s.NODE_ENV === 'development'
    ? `is missing: give ${wanted}, or start the private services of DATA_DIR with npm run dev`
    : `is missing: ${wanted}`
}

const isLoopback = (host: string) => /^(localhost|127\.0\.0\.1|\[::1\])$/.test(host)

function isReadable (path: string) {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}
