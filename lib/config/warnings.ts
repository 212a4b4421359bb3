import { isExposed } from './exposed-rules.ts'
import { distanceOf } from './hosts.ts'
import { readPostgresAddress } from './postgres-address.ts'
import { hostsOf, readRedisAddress } from './redis-address.ts'
import type { Settings } from './settings.ts'
import type { Problem } from './sources.ts'

/** What may be meant and is risky. Each warning has the name of the setting that it is about. */
export function * warnAbout (s: Settings): Generator<Problem> {
  yield * warnAboutListeners(s)
  if (!isExposed(s.NODE_ENV)) return
  yield * warnAboutPostgres('DATABASE_URL', s.DATABASE_URL, s)
  yield * warnAboutPostgres('DATABASE_DIRECT_URL', s.DATABASE_DIRECT_URL, s)
  yield * warnAboutRedis(s)
  yield * warnAboutOpenness(s)
}

function * warnAboutListeners ({ NODE_ENV, HOST: host, METRICS_PORT: metricsPort }: Settings): Generator<Problem> {
  const isDevelopment = NODE_ENV === 'development'
  const isEverywhere = host === undefined ? !isDevelopment : /^(0\.0\.0\.0|::)$/.test(host)

  if (isDevelopment && isEverywhere) yield ['HOST', 'listens on every address with the rules of development']
  if (metricsPort !== undefined && isEverywhere) {
    yield ['METRICS_PORT', 'listens on every address and asks for no token: keep it inside your network']
  }
}

function * warnAboutPostgres (
  name: string, url: string | undefined, { DATABASE_CA_FILE: ca }: Settings
): Generator<Problem> {
  if (url === undefined || ca !== undefined) return

  const { host, sslmode } = readPostgresAddress(url)
  if (distanceOf(host) === 'this machine' || sslmode === 'verify-full') return
  if (sslmode === null || sslmode === 'disable') yield [name, 'reaches a private network in clear text']
  else yield [name, `encrypts and does not verify the name of the server: sslmode=verify-full does (it says ${sslmode})`]
}

function * warnAboutRedis ({ REDIS_URL: url }: Settings): Generator<Problem> {
  if (url === undefined) return

  const address = readRedisAddress(url)
  if (hostsOf(address).every(host => distanceOf(host) === 'this machine')) return
  if (!address.isEncrypted) yield ['REDIS_URL', 'reaches a private network in clear text: rediss:// encrypts']
  if (address.password === undefined) yield ['REDIS_URL', 'has no password: anybody in that network can read and write']
}

function * warnAboutOpenness (s: Settings): Generator<Problem> {
  if (s.EMAIL_VERIFICATION === 'optional') {
    yield ['EMAIL_VERIFICATION', 'optional tells everybody which addresses have an account']
  }
  if (s.DOCS_ENABLED === true) yield ['DOCS_ENABLED', 'shows the whole API to everybody']
  if (s.LOG_LEVEL === 'trace' || s.LOG_LEVEL === 'debug') {
    yield ['LOG_LEVEL', `${s.LOG_LEVEL} writes much more about each request than is needed to run Latchkey`]
  }
}
