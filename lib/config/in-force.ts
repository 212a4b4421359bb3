import type { Config as Groups } from './group.ts'
import { settings } from './settings.ts'
import type { Settings } from './settings.ts'
import type { Environment } from './sources.ts'

/** A setting as administrators see it. */
export interface SettingInForce {
  name: string
  description: string
  /** As an operator writes it; null if there is none. A masked one is `mask` or null. */
  value: string | null
  /** Whether the value is nobody's to see here. */
  masked: boolean
  /** Whether it has been set. Otherwise its default is in force. */
  set: boolean
}

/** The settings by feature, and the list of them that administrators see. */
export type Config = Groups & { readonly settings: readonly SettingInForce[] }

/** What stands for a value that is masked. It does not tell how long the value is. */
const mask = '***'

/**
 * The settings whose values may be seen, and what each comes from where it is not set and has no default of its own.
 * Every other setting is masked: the secrets, a setting that nobody has thought about yet, and those in which a secret
 * may stand although they are meant for none, such as the path of a URL at a service.
 */
const shown: { [Name in keyof Settings]?: ((config: Groups) => string | null) | null } = {
  NODE_ENV: null,
  HOST: ({ process }) => process.host,
  PORT: null,
  DATA_DIR: null,
  API_PREFIX: null,
  LOG_LEVEL: ({ logger }) => logger.level,
  TRUST_PROXY: null,
  CLIENT_ADDRESS_HEADER: null,
  SHUTDOWN_TIMEOUT: null,
  READY_GRACE: null,
  METRICS_PORT: null,
  DOCS_ENABLED: ({ operations }) => String(operations.docsEnabled),
  SECURITY_CONTACT: null,
  SENTRY_ENVIRONMENT: ({ errorReports }) => errorReports.environment,
  OTEL_EXPORTER_OTLP_CERTIFICATE: null,
  OTEL_SERVICE_NAME: null,
  OTEL_TRACES_SAMPLER: null,
  OTEL_TRACES_SAMPLER_ARG: null,
  TRACEPARENT_FROM_PROXY: null,
  DATABASE_CA_FILE: null,
  DB_POOL_MAX: null,
  DB_POOL_MIN: null,
  DB_IDLE_TIMEOUT: null,
  DB_CONNECT_TIMEOUT: null,
  DB_STATEMENT_TIMEOUT: null,
  REDIS_CA_FILE: null,
  REDIS_KEY_PREFIX: null,
  ISSUER_URL: ({ http }) => http.issuer,
  JWT_AUDIENCE: ({ tokens }) => tokens.audience,
  ACCESS_TOKEN_TTL: null,
  REFRESH_TOKEN_TTL: null,
  SESSION_TTL: null,
  SESSIONS_MAX: null,
  REFRESH_GRACE: null,
  REFRESH_RESUME: null,
  SIGNING_KEY_TTL: null,
  APP_URL: ({ mail }) => mail.appUrl,
  ALLOWED_ORIGINS: null,
  COOKIE_DOMAIN: null,
  COOKIE_SAMESITE: null,
  COOKIE_PARTITIONED: null,
  COOKIE_SECURE: null,
  EMAIL_VERIFICATION: null,
  PASSWORD_MIN_LENGTH: null,
  PASSWORD_MIN_STRENGTH: null,
  ARGON2_MEMORY_KIB: null,
  ARGON2_PASSES: null,
  ARGON2_PARALLELISM: null,
  HASH_CONCURRENCY: ({ passwords }) => String(passwords.concurrency),
  HASH_QUEUE_MAX: null,
  LOCKOUT_THRESHOLD: null,
  LOCKOUT_DURATION: null,
  RATE_LIMIT_GLOBAL: null,
  RATE_LIMIT_LOGIN: null,
  RATE_LIMIT_SECOND_FACTOR: null,
  RATE_LIMIT_REGISTER: null,
  RATE_LIMIT_REFRESH: null,
  RATE_LIMIT_MAIL: null,
  RATE_LIMIT_MAIL_ADDRESS: null,
  RATE_LIMITS_ENABLED: null,
  TOTP_ISSUER: ({ factors }) => factors.totpIssuer,
  TOTP_STEPS_BACK: null,
  REMEMBER_DEVICE: null,
  SECOND_FACTOR_MAX_AGE: null,
  PASSKEY_RP_ID: ({ passkeys }) => passkeys.rpId,
  PASSKEY_RP_NAME: ({ passkeys }) => passkeys.rpName,
  PASSKEY_ORIGINS: ({ passkeys }) => passkeys.origins.join(','),
  SMTP_CA_FILE: null,
  MAIL_FROM: ({ mail: { from } }) => `${from.name} <${from.address}>`,
  AUDIT_RETENTION: null,
  TOKEN_CLEANUP_INTERVAL_MS: null,
  TOKEN_CLEANUP_BATCH_SIZE: null,
  REGISTRATION_TTL: null
}

/**
 * Every setting with the value that is in force, in the order of `.env.example`. No secret is in what is returned.
 * @param texts the settings that have been `given`, and all `values`: with those that development adds
 */
export function listSettings (
  { given, values }: { given: Environment, values: Environment }, config: Groups
): SettingInForce[] {
  const visible = new Map(Object.entries(shown))

  return Object.entries(settings.properties).map(([name, { description = '', default: usual = null }]) => {
    const text = values[name]
    const about = { name, description, set: given[name] !== undefined }
    const derive = visible.get(name)
    if (derive === undefined) return { ...about, masked: true, value: text ? mask : null }
    return { ...about, masked: false, value: text ?? usual ?? derive?.(config) ?? null }
  })
}
