import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { Value, TransformDecodeError } from '@sinclair/typebox/value'
import { checkSettings, isExposed } from './config/rules.ts'
import { settings } from './config/settings.ts'
import { readDevelopment, readSecretFiles } from './config/sources.ts'
import { readVersion } from './config/version.ts'
import type { Settings } from './config/rules.ts'
import type { Environment, Problem } from './config/sources.ts'

export { describeConfig } from './config/describe.ts'
export { readEnvironment } from './config/sources.ts'
export type { Environment } from './config/sources.ts'
export type { Rate } from './config/parse.ts'

/** The settings, typed and grouped: each plugin is handed its own group. Times are milliseconds. */
export type Config = ReturnType<typeof group>

/** Names every problem at once, never a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'

  constructor (problems: Problem[]) {
    const width = Math.max(...problems.map(([name]) => name.length))
    const lines = problems.map(([name, problem]) => `  ${name.padEnd(width)}  ${problem}`)
    super(`Latchkey cannot start, ${problems.length === 1 ? 'one setting is' : `${problems.length} settings are`} wrong:\n${lines.join('\n')}\n.env.example explains every setting.`)
  }
}

/**
 * Reads, checks and groups the settings of `env`; see `readEnvironment` for where they come from.
 * Throws one ConfigError that names all problems.
 */
export function loadConfig (env: Environment): Config {
  const problems: Problem[] = []
  const given = readSecretFiles(env, problems)
  const values = given['NODE_ENV'] === 'development' ? readDevelopment(resolve(given['DATA_DIR'] ?? '.data'), given) : given

  for (const name of Object.keys(settings.properties)) checkOne(name, values, problems)
  if (problems.length > 0) {
    // The rules between settings are told too: whatever does not decode is left out for them.
    const bad = new Set(problems.map(([name]) => name))
    const decodable = Object.fromEntries(Object.entries(values).filter(([name]) => !bad.has(name)))
    for (const problem of checkSettings(decode(decodable))) if (!bad.has(problem[0]) && !bad.has(`${problem[0]}_FILE`)) problems.push(problem)
    throw new ConfigError(problems)
  }

  const decoded = decode(values)
  problems.push(...checkSettings(decoded))
  if (problems.length > 0) throw new ConfigError(problems)
  return group(decoded)
}

function checkOne (name: string, values: Environment, problems: Problem[]) {
  try {
    decode(values[name] === undefined ? {} : { [name]: values[name] })
  } catch (error) {
    if (!(error instanceof TransformDecodeError)) throw error
    problems.push([name, error.error.message])
  }
}

function decode (values: Environment): Settings {
  const known = Object.fromEntries(Object.keys(settings.properties).flatMap(name => values[name] === undefined ? [] : [[name, values[name]]]))
  return Value.Decode(settings, Value.Default(settings, known))
}

function group (s: Settings) {
  const isDevelopment = s.NODE_ENV === 'development'
  const isStrict = isExposed(s.NODE_ENV)
  const issuer = s.ISSUER_URL ?? `http://localhost:${s.PORT}`
  const appUrl = s.APP_URL ?? issuer
  const dataDir = resolve(s.DATA_DIR)
  const accessTokenTtl = s.ACCESS_TOKEN_TTL
  const url = s.DATABASE_URL ?? ''

  return {
    process: { environment: s.NODE_ENV, host: s.HOST ?? (isDevelopment ? '127.0.0.1' : '0.0.0.0'), port: s.PORT, dataDir, shutdownTimeout: s.SHUTDOWN_TIMEOUT, drainTime: isDevelopment ? 0 : Math.min(1000, s.SHUTDOWN_TIMEOUT / 2), version: readVersion() },
    logger: { level: s.LOG_LEVEL ?? (s.NODE_ENV === 'test' ? 'silent' : 'info'), pretty: isDevelopment },
    http: { apiPrefix: s.API_PREFIX, trustProxy: s.TRUST_PROXY ?? [], issuer, production: isStrict },
    operations: { operationsToken: s.OPERATIONS_TOKEN ?? null, metricsPort: s.METRICS_PORT ?? null, docsEnabled: s.DOCS_ENABLED ?? !isStrict, readyGrace: s.READY_GRACE },
    wellKnown: { appUrl, issuer, securityContact: s.SECURITY_CONTACT ?? null },
    postgres: { url, directUrl: s.DATABASE_DIRECT_URL ?? url, poolMax: s.DB_POOL_MAX, poolMin: s.DB_POOL_MIN, idleTimeout: s.DB_IDLE_TIMEOUT, connectTimeout: s.DB_CONNECT_TIMEOUT, statementTimeout: s.DB_STATEMENT_TIMEOUT, deadline: s.DB_STATEMENT_TIMEOUT, queueMax: s.DB_POOL_MAX * 50, prepare: isDirect(url, s.DATABASE_DIRECT_URL), authority: s.DATABASE_CA_FILE === undefined ? null : readFileSync(s.DATABASE_CA_FILE, 'utf8') },
    redis: { url: s.REDIS_URL ?? '', keyPrefix: s.REDIS_KEY_PREFIX, authority: s.REDIS_CA_FILE === undefined ? null : readFileSync(s.REDIS_CA_FILE, 'utf8') },
    secrets: { encryptionKeys: s.ENCRYPTION_KEY ?? [] },
    tokens: { issuer, audience: s.JWT_AUDIENCE ?? issuer, accessTokenTtl },
    keyring: { accessTokenTtl, signingKeyTtl: s.SIGNING_KEY_TTL },
    sessions: { issuer, accessTokenTtl, refreshTokenTtl: s.REFRESH_TOKEN_TTL, sessionTtl: s.SESSION_TTL, sessionsMax: s.SESSIONS_MAX, refreshGrace: s.REFRESH_GRACE },
    browser: { appUrl, allowedOrigins: s.ALLOWED_ORIGINS ?? [], cookieDomain: s.COOKIE_DOMAIN ?? null, cookieSameSite: s.COOKIE_SAMESITE, cookiePartitioned: s.COOKIE_PARTITIONED, cookieSecure: s.COOKIE_SECURE },
    accounts: { emailVerification: s.EMAIL_VERIFICATION },
    passwords: { minLength: s.PASSWORD_MIN_LENGTH, minStrength: s.PASSWORD_MIN_STRENGTH, memoryKib: s.ARGON2_MEMORY_KIB, passes: s.ARGON2_PASSES, parallelism: s.ARGON2_PARALLELISM, concurrency: s.HASH_CONCURRENCY ?? availableParallelism(), queueMax: s.HASH_QUEUE_MAX },
    breachedPasswords: { url: s.BREACHED_PASSWORDS_URL ?? null, deadline: 1000 },
    lockout: { threshold: s.LOCKOUT_THRESHOLD, duration: s.LOCKOUT_DURATION },
    rateLimits: { enabled: s.RATE_LIMITS_ENABLED, global: s.RATE_LIMIT_GLOBAL, login: s.RATE_LIMIT_LOGIN, register: s.RATE_LIMIT_REGISTER, refresh: s.RATE_LIMIT_REFRESH, mail: s.RATE_LIMIT_MAIL, mailAddress: s.RATE_LIMIT_MAIL_ADDRESS },
    mail: { smtpUrl: s.SMTP_URL ?? null, from: s.MAIL_FROM ?? `Latchkey <no-reply@${new URL(issuer).hostname}>`, dataDir, appUrl },
    audit: { retention: s.AUDIT_RETENTION ?? null },
    cleanUp: { interval: s.TOKEN_CLEANUP_INTERVAL_MS, batchSize: s.TOKEN_CLEANUP_BATCH_SIZE, registrationTtl: s.REGISTRATION_TTL, refreshTokenTtl: s.REFRESH_TOKEN_TTL, sessionTtl: s.SESSION_TTL }
  }
}

// Named statements cost a third of unnamed ones, but a pooler in between may lose them: so only where the
// settings say that both URLs lead to one and the same server.
function isDirect (url: string, directUrl: string | undefined): boolean {
  return directUrl !== undefined && new URL(url).host === new URL(directUrl).host
}
