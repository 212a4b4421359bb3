import { Type } from '@sinclair/typebox'
import type { StaticDecode } from '@sinclair/typebox'
import {
  baseUrl, boolean, choice, duration, encryptionKeys, integer, mailbox, origin, origins, pairs, passkeyOrigins, port,
  postgresUrl, proxies, rates, redisUrl, sentryDsn, share, smtpUrl, text, texts
} from './kinds.ts'
import { accessTokenTtlMaxMs } from './lifetimes.ts'

const environments = ['development', 'test', 'staging', 'production'] as const

/** The samplers of the OpenTelemetry specification that need no service of their own. */
const samplers = [
  'always_on', 'always_off', 'traceidratio', 'parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio'
] as const

/**
 * Every setting there is: its kind, what it does, its default. `.env.example` lists the same.
 * A setting without a default is either optional or filled in by `lib/config/sources.ts`.
 */
export const settings = Type.Object({
  // Process
  NODE_ENV: choice(environments, {
    description: 'Which file is read (.env, .env.staging or .env.production) and how strict the start is. Unset: development when run from the sources, production when compiled.',
    default: 'production'
  }),
  HOST: Type.Optional(text({
    description: 'The address to listen on: 0.0.0.0, in development and tests 127.0.0.1, which is also meant by localhost.'
  }, /^[\w.:-]+$/, 'an address or a host name')),
  PORT: port({ description: 'The port to listen on.', default: '3000' }),
  DATA_DIR: text({
    description: 'Development only: private services, the development key, mails.',
    default: '.data'
  }, /^[^\0]+$/, 'a folder'),
  API_PREFIX: text({
    description: 'The path under which the API is served.',
    default: '/api/v1'
  }, /^(?!\/(?:health|metrics|docs|\.well-known)(?:\/|$))(\/[A-Za-z0-9._~-]+)+$/, 'a path such as /api/v1'),
  LOG_LEVEL: Type.Optional(choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    description: 'The least level that is logged: info, in tests silent.'
  })),
  TRUST_PROXY: Type.Optional(proxies({
    description: 'Addresses and CIDRs of the proxies whose X-Forwarded-… headers are believed. Nobody else is.'
  })),
  CLIENT_ADDRESS_HEADER: Type.Optional(text({
    description: 'A header in which those proxies give the address of the client alone, and which they take from nobody ' +
      'else: Fly-Client-IP on Fly. Unset: X-Forwarded-For counts.'
  }, /^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'the name of a header')),
  SHUTDOWN_TIMEOUT: duration({
    description: 'How long requests in flight and mails on their way may take to finish after a signal.',
    default: '10s'
  }),
  READY_GRACE: duration({
    description: 'How long a store may be away before /health/ready says 503.',
    default: '5s'
  }, { minimum: 0, wanted: 'below 400d' }),
  OPERATIONS_TOKEN: Type.Optional(texts({
    description: 'The bearer token for /metrics, /health/database and /health/pool-stats. Several with commas while rotating: each is accepted. Unset: none is.',
    secret: true
  }, /^[A-Za-z0-9._~+/=-]+$/, 'letters, digits and . _ ~ + / = - only')),
  METRICS_PORT: Type.Optional(integer(1, 65535, {
    description: 'A port of its own for /metrics, without a token. Keep it inside your network.'
  })),
  DOCS_ENABLED: Type.Optional(boolean({
    description: 'Whether /docs is served: true, in staging and production false.'
  })),
  SECURITY_CONTACT: Type.Optional(text({
    description: 'Contact in /.well-known/security.txt (RFC 9116): mailto:, https: or tel:. Unset: 404.'
  }, /^(mailto:[^\s@]+@[^\s@]+|https:\/\/\S+|tel:[+\d-]+)$/, 'a mailto:, https: or tel: URI')),

  // Watching
  SENTRY_DSN: Type.Optional(sentryDsn({
    description: 'Where unexpected errors are reported (Sentry, or what speaks its protocol). Unset: nothing leaves.',
    secret: true
  })),
  SENTRY_ENVIRONMENT: Type.Optional(text({
    description: 'What Sentry calls this environment. Unset: NODE_ENV.'
  }, /^(?!None$)[^\s/\p{C}]{1,64}$/u, 'up to 64 characters without a blank or a slash')),
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(baseUrl({
    description: 'The OpenTelemetry collector that takes traces as OTLP over HTTP, such as http://127.0.0.1:4318; /v1/traces is added. Unset: nothing is traced.'
  })),
  OTEL_EXPORTER_OTLP_HEADERS: Type.Optional(pairs({
    description: 'Headers that the collector asks for: authorization=Basic%20…,x-tenant=7, percent-encoded.',
    secret: true
  })),
  OTEL_EXPORTER_OTLP_CERTIFICATE: Type.Optional(text({
    description: 'A PEM file with the authority that signed the certificate of the collector.'
  }, /^[^\0]+$/, 'a file')),
  OTEL_SERVICE_NAME: text({
    description: 'What traces call this service.',
    default: 'latchkey'
  }, /^[^\p{C}]{1,64}$/u, 'up to 64 characters'),
  OTEL_RESOURCE_ATTRIBUTES: Type.Optional(pairs({
    description: 'What else each trace says about this node: deployment.environment.name=production,k8s.pod.name=…'
  })),
  OTEL_TRACES_SAMPLER: choice(samplers, {
    description: 'Which requests are traced, at most 100 a second in each node; parentbased: as TRACEPARENT_FROM_PROXY says, if it says so.',
    default: 'parentbased_traceidratio'
  }),
  OTEL_TRACES_SAMPLER_ARG: share({
    description: 'The share of requests that traceidratio traces.',
    default: '0.1'
  }),
  TRACEPARENT_FROM_PROXY: boolean({
    description: 'true only where the proxies of TRUST_PROXY write traceparent themselves and take it from nobody: a trace then goes on from theirs, and they decide whether it is kept. false: each request begins a trace.',
    default: 'false'
  }),

  // Stores
  DATABASE_URL: Type.Optional(postgresUrl({
    description: 'Postgres, directly or through PgBouncer in transaction mode. TLS by sslmode (verify-full).',
    secret: true
  })),
  DATABASE_DIRECT_URL: Type.Optional(postgresUrl({
    description: 'Postgres in session mode, for migrations, as the owner of the tables. Unset: DATABASE_URL. With the host and port of DATABASE_URL it also says that no pooler is in between; then statements are prepared, which takes a third of the time.',
    secret: true
  })),
  DATABASE_CA_FILE: Type.Optional(text({
    description: 'A PEM file with the authority that signed the certificate of Postgres.'
  }, /^[^\0]+$/, 'a file')),
  DB_POOL_MAX: integer(1, 1000, {
    description: 'The most connections of one node to Postgres, beside one for the change feed; two for one user or network, and two that strangers leave to users.',
    default: '10'
  }),
  DB_POOL_MIN: integer(0, 1000, { description: 'The connections that are kept open.', default: '0' }),
  DB_IDLE_TIMEOUT: duration({ description: 'How long a connection beyond DB_POOL_MIN may idle.', default: '30s' }),
  DB_CONNECT_TIMEOUT: duration({ description: 'How long connecting to Postgres may take.', default: '2s' }),
  DB_STATEMENT_TIMEOUT: duration({
    description: 'How long one statement may take; waiting for a connection takes two thirds of it at most.',
    default: '1500ms'
  }),
  REDIS_URL: Type.Optional(redisUrl({
    description: 'Redis: redis://:password@host:6379, redis+sentinel://:password@host:26379,host:26379/name or redis://:password@host:6379,host:6379?cluster; with rediss for TLS.',
    secret: true
  })),
  REDIS_CA_FILE: Type.Optional(text({
    description: 'A PEM file with the authority that signed the certificates of Redis and of its Sentinels.'
  }, /^[^\0]+$/, 'a file')),
  REDIS_KEY_PREFIX: text({
    description: 'What every key in Redis begins with.',
    default: 'latchkey:'
  }, /^[\w:.-]{1,64}$/, '1 to 64 letters, digits and _ : . -'),

  // Tokens
  ENCRYPTION_KEY: Type.Optional(encryptionKeys({
    description: '32 random bytes or more (openssl rand -base64 32): base64, base64url, hex, or random text of 256 bits. Several with commas while rotating (old,new, then new,old, then new): the first encrypts and signs, all decrypt and verify.',
    secret: true
  })),
  ISSUER_URL: Type.Optional(origin({
    description: 'The public origin of this API, without a path; https in staging and production. In development and tests http://localhost:PORT.'
  })),
  JWT_AUDIENCE: Type.Optional(text({
    description: 'The audience of access tokens. Unset: ISSUER_URL.'
  }, /^\S{1,200}$/, 'one word')),
  ACCESS_TOKEN_TTL: duration({
    description: 'How long an access token lives, at most 1h.',
    default: '15m'
  }, { minimum: 1000, maximum: accessTokenTtlMaxMs, wanted: 'from 1s to 1h' }),
  REFRESH_TOKEN_TTL: duration({ description: 'How long a session may lie idle.', default: '7d' }, { minimum: 1000 }),
  SESSION_TTL: duration({ description: 'How long a session may last at all.', default: '30d' }, { minimum: 1000 }),
  SESSIONS_MAX: integer(1, 10_000, {
    description: 'Sessions of one user; beyond it the one unused longest ends.',
    default: '50'
  }),
  REFRESH_GRACE: duration({
    description: 'How long a superseded refresh token still brings the newest one, at most 15m; 0s is never.',
    default: '30s'
  }, { minimum: 0, maximum: 900_000, wanted: 'from 0s to 15m' }),
  REFRESH_RESUME: boolean({
    description: 'Whether a session goes on from the token before a newer one that never arrived, however late.',
    default: 'true'
  }),
  SIGNING_KEY_TTL: duration({
    description: 'How long a signing key signs.',
    default: '30d'
  }, { minimum: 60_000, wanted: 'from 1m to below 400d' }),

  // Browser
  APP_URL: Type.Optional(baseUrl({
    description: 'Where the web application lives: links in mails begin with it. Unset: ISSUER_URL.'
  })),
  ALLOWED_ORIGINS: Type.Optional(origins({
    description: 'Exact origins that may call with credentials, also capacitor://localhost.'
  })),
  COOKIE_DOMAIN: Type.Optional(text({
    description: 'A domain for the cookies. Every host under it is then trusted like the API. Unset: this host only. Browsers stay signed in when it becomes a parent or a child.'
  }, /^(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'a domain such as example.com')),
  COOKIE_SAMESITE: choice(['strict', 'lax', 'none'], { description: 'SameSite of the cookies.', default: 'strict' }),
  COOKIE_PARTITIONED: boolean({
    description: 'Whether cookies are partitioned (CHIPS), for an application on another site.',
    default: 'false'
  }),
  COOKIE_SECURE: boolean({
    description: 'Whether cookies are Secure. false only over plain http on localhost; refused in staging and production.',
    default: 'true'
  }),

  // Accounts
  EMAIL_VERIFICATION: choice(['required', 'optional'], {
    description: 'Whether an address must be confirmed before there is an account. optional cannot hide who has one.',
    default: 'required'
  }),
  PASSWORD_MIN_LENGTH: integer(8, 64, {
    description: 'The shortest password, in code points, never below 8 (15 for NIST 800-63B).',
    default: '8'
  }),
  PASSWORD_MIN_STRENGTH: integer(0, 4, {
    description: 'The least estimated strength of a password, 0 to 4.',
    default: '3'
  }),
  BREACHED_PASSWORDS_URL: Type.Optional(baseUrl({
    description: 'Where new passwords are looked up among stolen ones, by range query: https://api.pwnedpasswords.com/range/ or a mirror. Five characters of a digest leave. Unset: no look-up.'
  })),
  ARGON2_MEMORY_KIB: integer(7168, 4_194_304, {
    description: 'Memory of one hash in KiB. With ARGON2_PASSES at least one of 47104/1, 19456/2, 12288/3, 9216/4, 7168/5.',
    default: '19456'
  }),
  ARGON2_PASSES: integer(1, 100, { description: 'Passes of one hash.', default: '2' }),
  ARGON2_PARALLELISM: integer(1, 16, { description: 'Lanes of one hash.', default: '1' }),
  HASH_CONCURRENCY: Type.Optional(integer(1, 1024, { description: 'Hashes at once. Unset: as many as cores.' })),
  HASH_QUEUE_MAX: integer(1, 100_000, { description: 'Hashes that may wait; beyond it 503.', default: '64' }),

  // Guessing
  LOCKOUT_THRESHOLD: integer(1, 100, { description: 'Failures that shut a bucket.', default: '5' }),
  LOCKOUT_DURATION: duration({
    description: 'How long a bucket stays shut at first, doubling up to 12h.',
    default: '30m'
  }, { minimum: 1000, maximum: 43_200_000, wanted: 'from 1s to 12h' }),
  RATE_LIMIT_GLOBAL: rates({
    description: 'Requests per session, or per client address without one; in each node.',
    default: '1000/15m'
  }),
  RATE_LIMIT_LOGIN: rates({
    description: 'Logins per client address (IPv6: per /64), or per device that the account knows; tries of codes, and per user passwords entered again, each counted separately.',
    default: '10/15m'
  }),
  RATE_LIMIT_SECOND_FACTOR: rates({
    description: 'Second steps of a sign-in per client address, or per device that has passed one; per user in a session.',
    default: '20/15m'
  }),
  RATE_LIMIT_REGISTER: rates({ description: 'Registrations per client address.', default: '3/1h' }),
  RATE_LIMIT_REFRESH: rates({ description: 'Rotations per session.', default: '20/15m' }),
  RATE_LIMIT_MAIL: rates({ description: 'Mails that requests cause, per client and address.', default: '3/1h' }),
  RATE_LIMIT_MAIL_ADDRESS: rates({ description: 'Mails that requests cause, per address and kind.', default: '10/1h' }),
  RATE_LIMITS_ENABLED: boolean({
    description: 'false lifts RATE_LIMIT_… for load tests, never the lockout; refused in staging and production.',
    default: 'true'
  }),

  // Second factors
  TOTP_ISSUER: Type.Optional(text({
    description: 'What authenticator apps call this service. Unset: the host of APP_URL.'
  }, /^[^:\p{C}]{1,64}$/u, 'up to 64 characters without a colon')),
  TOTP_STEPS_BACK: integer(0, 1, {
    description: 'How many codes before the current one of an authenticator app still work; 0 is strict.',
    default: '1'
  }),
  REMEMBER_DEVICE: duration({
    description: 'How long a device is not asked for the second factor again if its user wishes so, at most 30d; 0s is never. Users whose role demands a second factor are asked every time.',
    default: '0s'
  }, { minimum: 0, maximum: 30 * 86_400_000, wanted: 'from 0s to 30d' }),
  SECOND_FACTOR_MAX_AGE: Type.Optional(duration({
    description: 'How long after its proof a second factor counts in a session, 10m at least: 24h for AAL2 of NIST SP 800-63B. From the first refresh after that the session is one of a single factor, and whatever needs two asks for both again: for users whose role demands a second factor that is every call. Unset: as long as the session.'
  }, { minimum: 600_000, wanted: 'from 10m to below 400d' })),
  PASSKEY_RP_ID: Type.Optional(text({
    description: 'The domain that passkeys belong to: that of the pages, or a parent of it. All passkeys are lost when it changes. Unset: the host of APP_URL.'
  }, /^(?=.{1,253}$)(?!-)[a-z0-9-]{1,63}(\.(?!-)[a-z0-9-]{1,63})*$/, 'a domain in lower case, such as example.com')),
  PASSKEY_RP_NAME: Type.Optional(text({
    description: 'What browsers call this service when they make a passkey. Unset: the host of APP_URL.'
  }, /^[^\p{C}]{1,64}$/u, 'up to 64 characters')),
  PASSKEY_ORIGINS: Type.Optional(passkeyOrigins({
    description: 'Where passkeys may be used: exact origins of pages, and android:apk-key-hash:… of apps. Unset: that of APP_URL and those of ALLOWED_ORIGINS that belong to PASSKEY_RP_ID.'
  })),

  // Mail
  SMTP_URL: Type.Optional(smtpUrl({
    description: 'The mail server: smtp:// or smtps://. Unset in development: mails are shown and kept as files.',
    secret: true
  })),
  SMTP_CA_FILE: Type.Optional(text({
    description: 'A PEM file with the authority that signed the certificate of the mail server. TLS is then required.'
  }, /^[^\0]+$/, 'a file')),
  MAIL_FROM: Type.Optional(mailbox({
    description: 'The sender of mails, one mailbox. Unset: Latchkey <no-reply@(host of ISSUER_URL)>.'
  })),

  // Audit
  AUDIT_RETENTION: Type.Optional(duration({
    description: 'How long audit events are kept, in whole months, 90d at least. Unset: for ever. `latchkey migrate` needs it too.'
  }, { minimum: 90 * 86_400_000, maximum: 36_500 * 86_400_000, wanted: 'from 90d to 36500d' })),

  // Clean-up
  TOKEN_CLEANUP_INTERVAL_MS: integer(1000, 86_400_000, {
    description: 'Milliseconds between two clean-ups of what has expired. Beyond two hours, adapt the alert LatchkeyCleanUpOverdue.',
    default: '3600000'
  }),
  TOKEN_CLEANUP_BATCH_SIZE: integer(1, 100_000, {
    description: 'Rows that one statement of the clean-up removes at most.',
    default: '1000'
  }),
  REGISTRATION_TTL: duration({
    description: 'How long a registration is kept that nobody confirms.',
    default: '7d'
  }, { minimum: 3_600_000, wanted: 'from 1h to below 400d' })
})

/** What a deployment has set, each setting in the kind that it is used in. */
export type Settings = StaticDecode<typeof settings>
