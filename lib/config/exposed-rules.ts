import { distanceOf } from './hosts.ts'
import { readPostgresAddress } from './addresses/postgres-address.ts'
import { hostsOf, readRedisAddress } from './addresses/redis-address.ts'
import type { Settings } from './settings.ts'
import type { Problem } from './sources.ts'

/** Staging is as strict as production: it is as reachable. */
export const isExposed = (environment: string) => environment === 'production' || environment === 'staging'

/** The rules of staging and production: they refuse what nobody can want there. See `warnings.ts` for the rest. */
export function * checkExposed (s: Settings): Generator<Problem> {
  yield * checkOrigins(s)
  yield * checkProtections(s)
  yield * checkLifetimes(s)
  yield * checkTelemetry(s)
  yield * checkPostgres('DATABASE_URL', s.DATABASE_URL, s)
  yield * checkPostgres('DATABASE_DIRECT_URL', s.DATABASE_DIRECT_URL, s)
  yield * checkRedis(s)
}

function * checkOrigins (s: Settings): Generator<Problem> {
  const { NODE_ENV: environment, ISSUER_URL: issuer, APP_URL: appUrl, ALLOWED_ORIGINS: origins = [] } = s

  if (issuer === undefined) {
    yield ['ISSUER_URL', 'is missing: the public https origin of this API, such as https://auth.example.com']
  }
  if (issuer?.startsWith('http:')) yield ['ISSUER_URL', `must be https in ${environment}`]
  if (appUrl !== undefined && isClearText(appUrl)) yield ['APP_URL', `must be https in ${environment}`]
  if (origins.some(isClearText)) {
    yield ['ALLOWED_ORIGINS', `must be https in ${environment}: anybody on the way could act as a page over http`]
  }
}

/** Plain http, except on the machine of the person who uses it: an app in development, or in a web view. */
export const isClearText = (url: string) => url.startsWith('http:') && distanceOf(new URL(url).hostname) !== 'this machine'

function * checkProtections (s: Settings): Generator<Problem> {
  const { NODE_ENV: environment, OPERATIONS_TOKEN: tokens = [] } = s

  if (!s.COOKIE_SECURE) yield ['COOKIE_SECURE', `must not be false in ${environment}`]
  if (!s.RATE_LIMITS_ENABLED) yield ['RATE_LIMITS_ENABLED', `must not be false in ${environment}`]
  if (tokens.some(token => token.length < operationsTokenLengthMin)) {
    yield ['OPERATIONS_TOKEN', `must have ${operationsTokenLengthMin} characters or more in ${environment}`]
  } else if (tokens.some(isGuessable)) {
    yield ['OPERATIONS_TOKEN', 'can be guessed: make one with openssl rand -hex 32']
  }
}

/** The fewest characters of an OPERATIONS_TOKEN where strangers can try to guess it. */
const operationsTokenLengthMin = 16
/** A token of 16 random hexadecimal digits has fewer different ones once in 8,000; one of 32 digits in 10^9. */
const differentCharactersMin = 7
const words = 'change|example|placeholder|replace|your|secret|password|operations?[-_.]?token|0123456|1234567|abcdef'
const placeholders = new RegExp(`^(?:${words})`, 'i')

const isGuessable = (token: string) =>
  new Set(token).size < differentCharactersMin || /^(.+)\1+$/.test(token) || placeholders.test(token)

function * checkLifetimes (s: Settings): Generator<Problem> {
  if (s.SESSION_TTL < s.REFRESH_TOKEN_TTL) {
    yield ['SESSION_TTL', 'must not be below REFRESH_TOKEN_TTL: a session cannot lie idle for longer than it lasts']
  }
  if (s.ACCESS_TOKEN_TTL > Math.min(s.REFRESH_TOKEN_TTL, s.SESSION_TTL)) {
    yield ['ACCESS_TOKEN_TTL', 'must not be above REFRESH_TOKEN_TTL and SESSION_TTL']
  }
}

function * checkTelemetry (s: Settings): Generator<Problem> {
  for (const name of ['SENTRY_DSN', 'OTEL_EXPORTER_OTLP_ENDPOINT'] as const) {
    const url = s[name]
    if (url?.startsWith('http:') && distanceOf(new URL(url).hostname) === 'the internet') {
      yield [name, `must not reach a remote host in clear text: write https://, ${privately}`]
    }
  }
}

const privately = 'or name a host of a private network by its address'

function * checkPostgres (
  name: string, url: string | undefined, { DATABASE_CA_FILE: ca }: Settings
): Generator<Problem> {
  if (url === undefined || ca !== undefined) return

  const { host, sslmode } = readPostgresAddress(url)
  if (distanceOf(host) === 'the internet' && (sslmode === null || sslmode === 'disable')) {
    yield [name, `must not reach a remote host in clear text: add sslmode=verify-full, ${privately}`]
  }
}

function * checkRedis ({ REDIS_URL: url }: Settings): Generator<Problem> {
  if (url === undefined) return

  const address = readRedisAddress(url)
  if (hostsOf(address).every(host => distanceOf(host) !== 'the internet')) return
  if (!address.isEncrypted) {
    yield ['REDIS_URL', `must not reach a remote host in clear text: write rediss://, ${privately}`]
  }
  if (address.password === undefined) yield ['REDIS_URL', 'must have a password: the host is a remote one']
}
