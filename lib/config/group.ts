import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { isExposed } from './exposed-rules.ts'
import { appUrlOf, issuerOf, passkeysOf } from './passkeys.ts'
import type { Settings } from './settings.ts'
import { readVersion } from './version.ts'

/**
 * How long (ms) a node that stops goes on taking requests. A proxy that keeps idle connections for less, such as
 * deploy/nginx.conf, has closed them by then: no request meets a connection that the node closes.
 */
const drainTimeMaxMs = 2000

/** How long (ms) a statement waits for a lock at most. */
const lockTimeoutMaxMs = 1000

/** The settings, typed and grouped: each plugin is handed its own group. Times are milliseconds. */
export type Config = ReturnType<typeof group>

export function group (s: Settings) {
  const isDevelopment = s.NODE_ENV === 'development'
  const isStrict = isExposed(s.NODE_ENV)
  const issuer = issuerOf(s)
  const appUrl = appUrlOf(s)
  const passkeys = passkeysOf(s)
  const dataDir = resolve(s.DATA_DIR)
  const url = s.DATABASE_URL ?? ''

  return {
    process: {
      environment: s.NODE_ENV,
      host: hostOf(s),
      port: s.PORT,
      dataDir,
      shutdownTimeout: s.SHUTDOWN_TIMEOUT,
      drainTime: isDevelopment ? 0 : Math.min(drainTimeMaxMs, s.SHUTDOWN_TIMEOUT / 2),
      version: readVersion()
    },
    logger: {
      level: s.LOG_LEVEL ?? (s.NODE_ENV === 'test' ? 'silent' : 'info'),
      pretty: isDevelopment
    },
    http: {
      apiPrefix: s.API_PREFIX,
      trustProxy: s.TRUST_PROXY ?? [],
      clientAddressHeader: s.CLIENT_ADDRESS_HEADER?.toLowerCase() ?? null,
      issuer,
      isExposed: isStrict
    },
    operations: {
      operationsTokens: s.OPERATIONS_TOKEN ?? [],
      metricsPort: s.METRICS_PORT ?? null,
      docsEnabled: s.DOCS_ENABLED ?? !isStrict,
      readyGrace: s.READY_GRACE
    },
    errorReports: {
      dsn: s.SENTRY_DSN ?? null,
      environment: s.SENTRY_ENVIRONMENT ?? s.NODE_ENV
    },
    traces: {
      endpoint: s.OTEL_EXPORTER_OTLP_ENDPOINT ?? null,
      headers: s.OTEL_EXPORTER_OTLP_HEADERS ?? {},
      authority: readAuthority(s.OTEL_EXPORTER_OTLP_CERTIFICATE),
      serviceName: s.OTEL_SERVICE_NAME,
      resource: s.OTEL_RESOURCE_ATTRIBUTES ?? {},
      sampler: s.OTEL_TRACES_SAMPLER,
      share: s.OTEL_TRACES_SAMPLER_ARG,
      traceparentFromProxy: s.TRACEPARENT_FROM_PROXY
    },
    wellKnown: {
      appUrl,
      issuer,
      securityContact: s.SECURITY_CONTACT ?? null,
      relatedOrigins: passkeys.relatedOrigins
    },
    postgres: {
      url,
      directUrl: s.DATABASE_DIRECT_URL ?? url,
      poolMax: s.DB_POOL_MAX,
      poolMin: s.DB_POOL_MIN,
      idleTimeout: s.DB_IDLE_TIMEOUT,
      connectTimeout: s.DB_CONNECT_TIMEOUT,
      deadline: s.DB_STATEMENT_TIMEOUT,
      lockTimeout: Math.min(lockTimeoutMaxMs, s.DB_STATEMENT_TIMEOUT),
      queueMax: s.DB_POOL_MAX * 50,
      prepare: isDirect(url, s.DATABASE_DIRECT_URL),
      authority: readAuthority(s.DATABASE_CA_FILE)
    },
    redis: {
      url: s.REDIS_URL ?? '',
      keyPrefix: s.REDIS_KEY_PREFIX,
      authority: readAuthority(s.REDIS_CA_FILE),
      deadline: 1000
    },
    secrets: { encryptionKeys: s.ENCRYPTION_KEY ?? [] },
    tokens: {
      issuer,
      audience: s.JWT_AUDIENCE ?? issuer,
      accessTokenTtl: s.ACCESS_TOKEN_TTL
    },
    keyring: { signingKeyTtl: s.SIGNING_KEY_TTL },
    sessions: {
      issuer,
      refreshTokenTtl: s.REFRESH_TOKEN_TTL,
      sessionTtl: s.SESSION_TTL,
      sessionsMax: s.SESSIONS_MAX,
      refreshGrace: s.REFRESH_GRACE,
      refreshResume: s.REFRESH_RESUME,
      secondFactorMaxAge: s.SECOND_FACTOR_MAX_AGE ?? null
    },
    browser: {
      allowedOrigins: s.ALLOWED_ORIGINS ?? [],
      cookieDomain: s.COOKIE_DOMAIN ?? null,
      cookieSameSite: s.COOKIE_SAMESITE,
      cookiePartitioned: s.COOKIE_PARTITIONED,
      cookieSecure: s.COOKIE_SECURE
    },
    accounts: { emailVerification: s.EMAIL_VERIFICATION },
    passwords: {
      minLength: s.PASSWORD_MIN_LENGTH,
      minStrength: s.PASSWORD_MIN_STRENGTH,
      memoryKib: s.ARGON2_MEMORY_KIB,
      passes: s.ARGON2_PASSES,
      parallelism: s.ARGON2_PARALLELISM,
      concurrency: s.HASH_CONCURRENCY ?? availableParallelism(),
      queueMax: s.HASH_QUEUE_MAX
    },
    breachedPasswords: {
      url: s.BREACHED_PASSWORDS_URL ?? null,
      deadline: 1000
    },
    lockout: {
      threshold: s.LOCKOUT_THRESHOLD,
      duration: s.LOCKOUT_DURATION
    },
    rateLimits: {
      enabled: s.RATE_LIMITS_ENABLED,
      global: s.RATE_LIMIT_GLOBAL,
      login: s.RATE_LIMIT_LOGIN,
      secondFactor: s.RATE_LIMIT_SECOND_FACTOR,
      register: s.RATE_LIMIT_REGISTER,
      refresh: s.RATE_LIMIT_REFRESH,
      mail: s.RATE_LIMIT_MAIL,
      mailAddress: s.RATE_LIMIT_MAIL_ADDRESS
    },
    factors: {
      totpIssuer: s.TOTP_ISSUER ?? new URL(appUrl).hostname,
      totpStepsBack: s.TOTP_STEPS_BACK,
      rememberDevice: s.REMEMBER_DEVICE
    },
    passkeys,
    mail: {
      smtpUrl: s.SMTP_URL ?? null,
      authority: readAuthority(s.SMTP_CA_FILE),
      from: s.MAIL_FROM ?? { name: 'Latchkey', address: `no-reply@${new URL(issuer).hostname}` },
      dataDir,
      appUrl
    },
    audit: { retention: s.AUDIT_RETENTION ?? null },
    cleanUp: {
      interval: s.TOKEN_CLEANUP_INTERVAL_MS,
      batchSize: s.TOKEN_CLEANUP_BATCH_SIZE,
      registrationTtl: s.REGISTRATION_TTL,
      refreshTokenTtl: s.REFRESH_TOKEN_TTL,
      sessionTtl: s.SESSION_TTL
    }
  }
}

/** The text of a PEM file, null where none is named. */
function readAuthority (path: string | undefined): string | null {
  return path === undefined ? null : readFileSync(path, 'utf8')
}

// Named statements take a third of the time of unnamed ones, but a pooler in between may lose them. So statements are
// named only where the settings say that both URLs lead to the same server.
function isDirect (url: string, directUrl: string | undefined): boolean {
  return directUrl !== undefined && new URL(url).host === new URL(directUrl).host
}

// For `localhost` Fastify makes a server for each address of the name, and only the first has what we give it: the
// bound of pipelined requests, the answer to `Expect`, connections that end when the node drains.
function hostOf ({ HOST: host, NODE_ENV: environment }: Settings): string {
  if (host === undefined) return isExposed(environment) ? '0.0.0.0' : '127.0.0.1'
  return host === 'localhost' ? '127.0.0.1' : host
}
