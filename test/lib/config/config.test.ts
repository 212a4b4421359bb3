import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ConfigError, describeConfig, loadConfig, readEnvironment } from '../../../lib/config/config.ts'
import { settings } from '../../../lib/config/settings.ts'
import type { Environment } from '../../../lib/config/config.ts'
import { problemsOf, production } from '../../support/settings.ts'

/** A list without entries, as a pattern. An empty list would match every list. */
const none = { length: 0 }

t.test('the smallest set of settings that production needs is enough', async t => {
  const config = loadConfig(production())

  t.match(config, {
    process: { environment: 'production', host: '0.0.0.0', port: 3000, shutdownTimeout: 10_000 },
    http: { apiPrefix: '/api/v1', trustProxy: none, clientAddressHeader: null, issuer: 'https://auth.example.com', isExposed: true },
    operations: { operationsTokens: none, metricsPort: null, docsEnabled: false, readyGrace: 5000 },
    redis: { keyPrefix: 'latchkey:' },
    tokens: { issuer: 'https://auth.example.com', audience: 'https://auth.example.com', accessTokenTtl: 900_000 },
    sessions: {
      refreshTokenTtl: 604_800_000,
      sessionTtl: 2_592_000_000,
      sessionsMax: 50,
      refreshGrace: 30_000,
      refreshResume: true,
      secondFactorMaxAge: null
    },
    browser: { allowedOrigins: none, cookieSameSite: 'strict', cookiePartitioned: false, cookieSecure: true },
    passwords: { minLength: 8, minStrength: 3, memoryKib: 19456, passes: 2, parallelism: 1, queueMax: 64 },
    rateLimits: {
      enabled: true,
      login: [{ limit: 10, window: 900_000 }],
      secondFactor: [{ limit: 20, window: 900_000 }]
    },
    factors: { totpIssuer: 'auth.example.com', totpStepsBack: 1, rememberDevice: 0 },
    passkeys: { rpId: 'auth.example.com', rpName: 'auth.example.com', origins: ['https://auth.example.com'], relatedOrigins: none },
    mail: { appUrl: 'https://auth.example.com', from: { name: 'Latchkey', address: 'no-reply@auth.example.com' } },
    cleanUp: { interval: 3_600_000, batchSize: 1000 }
  })
  t.equal(config.secrets.encryptionKeys.length, 1)
})

t.test('one message names every wrong setting', async t => {
  const message = problemsOf({ NODE_ENV: 'production', PORT: 'eighty', ACCESS_TOKEN_TTL: '2h', COOKIE_SECURE: 'false', RATE_LIMITS_ENABLED: 'false', ISSUER_URL: 'http://auth.example.com' })

  for (const name of ['PORT', 'ACCESS_TOKEN_TTL', 'COOKIE_SECURE', 'RATE_LIMITS_ENABLED', 'ISSUER_URL', 'ENCRYPTION_KEY', 'DATABASE_URL', 'REDIS_URL']) {
    t.match(message, new RegExp(`^  ${name} `, 'm'))
  }
})

t.test('production and staging refuse unsafe settings', async t => {
  const unsafe: Environment[] = [
    { ENCRYPTION_KEY: '' }, { ENCRYPTION_KEY: 'a'.repeat(64) }, { DATABASE_URL: '' }, { REDIS_URL: '' },
    { ISSUER_URL: '' }, { ISSUER_URL: 'http://auth.example.com' }, { ISSUER_URL: 'https://auth.example.com/auth' },
    { COOKIE_SECURE: 'false' }, { RATE_LIMITS_ENABLED: 'false' }, { APP_URL: 'http://app.example.com' }, { OPERATIONS_TOKEN: 'short' },
    { BREACHED_PASSWORDS_URL: 'http://ranges.example.com/range/' }, { BREACHED_PASSWORDS_URL: 'http://127.0.0.1/range/' }
  ]

  for (const NODE_ENV of ['production', 'staging']) {
    for (const setting of unsafe) {
      const [name = ''] = Object.keys(setting)
      t.match(problemsOf({ ...production(), NODE_ENV, ...setting }), new RegExp(`one setting is wrong:\n  ${name} `), `${NODE_ENV}: ${name}=${setting[name]}`)
    }
  }
})

t.test('a value outside its bounds is refused', async t => {
  const bad: Environment[] = [
    { PASSWORD_MIN_LENGTH: '7' }, { PASSWORD_MIN_LENGTH: '8.5' }, { ACCESS_TOKEN_TTL: '61m' }, { ACCESS_TOKEN_TTL: '0s' }, { ACCESS_TOKEN_TTL: '15' },
    { REFRESH_GRACE: '16m' }, { SECOND_FACTOR_MAX_AGE: '9m' }, { SECOND_FACTOR_MAX_AGE: '0s' }, { SESSION_TTL: '400d' }, { SESSION_TTL: '-1d' }, { REFRESH_TOKEN_TTL: '0s' }, { SIGNING_KEY_TTL: '500d' },
    { ARGON2_MEMORY_KIB: '19455' }, { ARGON2_PASSES: '1' }, { ARGON2_MEMORY_KIB: '7168', ARGON2_PASSES: '4' },
    { CLIENT_ADDRESS_HEADER: 'Fly-Client-IP' }, { TRUST_PROXY: '10.0.0.7', CLIENT_ADDRESS_HEADER: 'a b' }, { TRUST_PROXY: '1' }, { TRUST_PROXY: 'true' }, { TRUST_PROXY: 'loopback' }, { TRUST_PROXY: '0.0.0.0/0' }, { TRUST_PROXY: '10.0.0.0/33' }, { TRUST_PROXY: '::/129' },
    { ALLOWED_ORIGINS: '*' }, { ALLOWED_ORIGINS: 'null' }, { ALLOWED_ORIGINS: 'https://app.example.com/' }, { ALLOWED_ORIGINS: 'https://*.example.com' }, { ALLOWED_ORIGINS: 'app.example.com' },
    { RATE_LIMIT_LOGIN: '10' }, { RATE_LIMIT_LOGIN: '0/15m' }, { RATE_LIMIT_LOGIN: '10/15m;5/1m' }, { COOKIE_SAMESITE: 'Strict' }, { EMAIL_VERIFICATION: 'no' },
    { COOKIE_DOMAIN: 'other.example.org' }, { COOKIE_SAMESITE: 'sometimes' }, { API_PREFIX: '/health' }, { API_PREFIX: 'api' }, { PORT: '65536' }, { REDIS_KEY_PREFIX: '' + '{x}' },
    { SENTRY_DSN: 'https://sentry.example.com/7' }, { SENTRY_DSN: 'https://key@sentry.example.com' }, { SENTRY_DSN: 'key@sentry.example.com/7' }, { SENTRY_ENVIRONMENT: 'a b' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, { OTEL_EXPORTER_OTLP_HEADERS: 'authorization' }, { OTEL_EXPORTER_OTLP_HEADERS: 'a=%zz' }, { OTEL_EXPORTER_OTLP_CERTIFICATE: '/nowhere/ca.pem' },
    { OTEL_TRACES_SAMPLER: 'jaeger_remote' }, { OTEL_TRACES_SAMPLER_ARG: '1.1' }, { OTEL_TRACES_SAMPLER_ARG: '-0.1' }, { TRACEPARENT_FROM_PROXY: 'true' },
    { DB_POOL_MIN: '11' }, { DATABASE_CA_FILE: '/nowhere/ca.pem' }, { DATABASE_URL: 'mysql://x' }, { REDIS_URL: 'http://x' }, { SECURITY_CONTACT: 'me' }, { MAIL_FROM: 'a@b\r\nBcc: c@d' }
  ]

  for (const setting of bad) {
    t.throws(() => loadConfig({ ...production(), ...setting }), ConfigError, JSON.stringify(setting))
  }
})

t.test('a value exactly at its bound is accepted', async t => {
  const good: Environment[] = [
    { ACCESS_TOKEN_TTL: '1h' }, { REFRESH_GRACE: '0s' }, { REFRESH_GRACE: '15m' }, { SECOND_FACTOR_MAX_AGE: '10m' }, { SESSION_TTL: '399d' }, { PASSWORD_MIN_LENGTH: '15' },
    { ARGON2_MEMORY_KIB: '47104', ARGON2_PASSES: '1' }, { ARGON2_MEMORY_KIB: '7168', ARGON2_PASSES: '5' }, { TRUST_PROXY: '10.0.0.7, 10.1.0.0/16,::1,fd00::/8' }, { TRUST_PROXY: '10.0.0.7', CLIENT_ADDRESS_HEADER: 'Fly-Client-IP' },
    { ALLOWED_ORIGINS: 'https://app.example.com,capacitor://localhost,http://localhost:5173' }, { COOKIE_DOMAIN: 'example.com' },
    { SENTRY_DSN: 'https://0abc@sentry.example.com/path/7', OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otlp.example.com/tenant' }, { OTEL_TRACES_SAMPLER_ARG: '1' }, { OTEL_TRACES_SAMPLER_ARG: '0.25' }, { TRUST_PROXY: '10.0.0.7', TRACEPARENT_FROM_PROXY: 'true' },
    { REDIS_URL: 'redis+sentinel://a:1,b:2/main' }, { REDIS_URL: 'rediss://u:p@a,b,c?cluster' }, { RATE_LIMIT_GLOBAL: '60/1m,1000/1h' }, { UNKNOWN_SETTING: 'x' }
  ]

  for (const setting of good) t.doesNotThrow(() => loadConfig({ ...production(), ...setting }), JSON.stringify(setting))
  t.strictSame(loadConfig({ ...production(), OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20eA==,x-tenant = 7' }).traces.headers, { authorization: 'Basic eA==', 'x-tenant': '7' })
  t.strictSame(loadConfig({ ...production(), RATE_LIMIT_GLOBAL: '60/1m,1000/1h' }).rateLimits.global, [{ limit: 60, window: 60_000 }, { limit: 1000, window: 3_600_000 }])
})

t.test('no message shows a value', async t => {
  const secret = 'hunter2-canary'
  const message = problemsOf({
    ...production(), ENCRYPTION_KEY: secret, DATABASE_URL: secret, DATABASE_DIRECT_URL: secret, REDIS_URL: secret, SMTP_URL: secret, OPERATIONS_TOKEN: `${secret} `.repeat(2), PORT: secret, JWT_AUDIENCE: `${secret} x`
  })
  t.notMatch(message, secret)

  const shown = JSON.stringify(describeConfig(loadConfig({
    ...production(),
    OPERATIONS_TOKEN: `${secret}-operations`,
    DATABASE_URL: `postgres://me:${secret}@p@host/db?sslmode=verify-full&password=${secret}`,
    DATABASE_DIRECT_URL: `postgres://me:${secret}@host/db`,
    REDIS_URL: `redis://:${secret}@a,b,c?cluster`,
    SMTP_URL: `smtp://me:${secret}@host`,
    SENTRY_DSN: `https://${secret.replaceAll('-', '')}@sentry.example.com/7`,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=${secret}`
  })))
  t.notMatch(shown, secret)
  t.notMatch(shown, secret.replaceAll('-', ''))
  t.notMatch(shown, 'Buffer')
  t.match(shown, 'postgres://me:***@host/db')
})

t.test('only where Latchkey is meant to be reachable does it listen on every address unless it is told to', async t => {
  for (const [NODE_ENV, host] of [['development', '127.0.0.1'], ['test', '127.0.0.1'], ['staging', '0.0.0.0'], ['production', '0.0.0.0']] as const) {
    t.equal(loadConfig({ ...production(), NODE_ENV }).process.host, host, NODE_ENV)
  }
  t.equal(loadConfig({ ...production(), NODE_ENV: 'test', HOST: '192.168.1.10' }).process.host, '192.168.1.10')
  t.equal(loadConfig({ ...production(), HOST: 'localhost' }).process.host, '127.0.0.1', 'one address, whatever the name has')
})

t.test('nothing in the URL of the mail server weakens the connection to it', async t => {
  for (const query of ['tls.rejectUnauthorized=false', 'requireTLS=false', 'ignoreTLS=true', 'logger=true', 'pool=false', 'hunter2']) {
    const text = problemsOf({ ...production(), SMTP_URL: `smtp://me:pw@mail.example.com:587?${query}` })
    t.match(text, /one setting is wrong:\n {2}SMTP_URL +must have no query[^]*SMTP_CA_FILE/, query)
    t.notMatch(text, query)
  }
  for (const SMTP_URL of ['smtp://me:pw@mail.example.com:587', 'smtps://mail.example.com', 'smtp://me:p%3Fw@mail.example.com/']) {
    t.equal(problemsOf({ ...production(), SMTP_URL }), 'no problem', SMTP_URL)
  }
})

t.test('a secret may come from a file', async t => {
  const folder = t.testdir({ token: 'from-a-file-sixteen\n', other: 'x' })
  const token = join(folder, 'token')

  t.equal(loadConfig({ ...production(), OPERATIONS_TOKEN_FILE: token }).operations.operationsTokens[0], 'from-a-file-sixteen')
  t.match(problemsOf({ ...production(), OPERATIONS_TOKEN: 'a'.repeat(20), OPERATIONS_TOKEN_FILE: token }), /OPERATIONS_TOKEN_FILE +is set although OPERATIONS_TOKEN is set too/)
  t.match(problemsOf({ ...production(), OPERATIONS_TOKEN_FILE: join(folder, 'none') }), /OPERATIONS_TOKEN_FILE +names a file that cannot be read/)
  t.equal(loadConfig({ ...production(), PORT_FILE: token }).process.port, 3000, 'only secrets are read from files')
})

t.test('NODE_ENV chooses the file, and the environment wins over it', async t => {
  const folder = t.testdir({ '.env': 'PORT=1111\nHOST=1.1.1.1', '.env.staging': 'PORT=2222', '.env.production': 'PORT=3333\nLOG_LEVEL="warn" # loud' })

  t.match(readEnvironment(folder, { NODE_ENV: 'production', EXTRA: '1' }), { PORT: '3333', LOG_LEVEL: 'warn', EXTRA: '1' })
  t.notOk(readEnvironment(folder, { NODE_ENV: 'production' })['HOST'], 'nothing of development comes through')
  t.match(readEnvironment(folder, { NODE_ENV: 'staging' }), { PORT: '2222' })
  t.match(readEnvironment(folder, { NODE_ENV: 'staging', PORT: '4444' }), { PORT: '4444' })
  t.match(readEnvironment(folder, {}), { NODE_ENV: 'development', PORT: '1111' })
  t.strictSame(readEnvironment(folder, { NODE_ENV: 'test' }), { NODE_ENV: 'test' })
})

t.test('a file of Windows, of a shell or with quotes means what it says', async t => {
  const folder = t.testdir({
    '.env.production': '\ufeffPORT=3333\r\nexport HOST=10.0.0.7\r\nMAIL_FROM="Acme, Inc <a@example.com>"\r\nSMTP_URL=\'smtp://u:p%23@host\'\r\nLOG_LEVEL=warn # loud\r\n',
    '.env.staging': Buffer.from('\ufeffPORT=3333\n', 'utf16le'),
    token: '\ufefffrom-a-file-sixteen\r\n'
  })

  t.strictSame(readEnvironment(folder, { NODE_ENV: 'production' }), {
    NODE_ENV: 'production', PORT: '3333', HOST: '10.0.0.7', MAIL_FROM: 'Acme, Inc <a@example.com>', SMTP_URL: 'smtp://u:p%23@host', LOG_LEVEL: 'warn'
  })
  t.throws(() => readEnvironment(folder, { NODE_ENV: 'staging' }), /\.env\.staging is not UTF-8/)
  t.equal(loadConfig({ ...production(), OPERATIONS_TOKEN_FILE: join(folder, 'token') }).operations.operationsTokens[0], 'from-a-file-sixteen')
})

t.test('without NODE_ENV the strictest rules hold', async t => {
  t.match(problemsOf({}), /ENCRYPTION_KEY/)
  t.equal(loadConfig({ ...production(), NODE_ENV: undefined }).process.environment, 'production')
})

t.test('development finds its services by default and keeps its key in DATA_DIR', async t => {
  const DATA_DIR = join(t.testdir(), 'data')
  t.match(problemsOf({ NODE_ENV: 'development', DATA_DIR }), /DATABASE_URL +is missing.*npm run dev/)

  mkdirSync(DATA_DIR, { recursive: true })
  writeFileSync(join(DATA_DIR, 'services.json'), JSON.stringify({ DATABASE_URL: 'postgres://a/b', DATABASE_DIRECT_URL: 'postgres://c/d', REDIS_URL: 'redis://e' }))
  const config = loadConfig({ NODE_ENV: 'development', DATA_DIR, PORT: '4000' })
  const again = loadConfig({ NODE_ENV: 'development', DATA_DIR })

  t.match(config, { process: { host: '127.0.0.1', dataDir: DATA_DIR }, http: { issuer: 'http://localhost:4000', isExposed: false }, operations: { docsEnabled: true } })
  t.match(config, { postgres: { url: 'postgres://a/b', directUrl: 'postgres://c/d' }, redis: { url: 'redis://e' } })
  t.strictSame(again.secrets, config.secrets, 'one key, made once')
  t.equal(statSync(join(DATA_DIR, 'encryption-key')).mode & 0o777, 0o600)

  const own = loadConfig({ NODE_ENV: 'development', DATA_DIR, DATABASE_URL: 'postgres://own/db' })
  t.match(own.postgres, { url: 'postgres://own/db', directUrl: 'postgres://own/db' }, 'the direct URL follows the pooled one')
})

t.test('the certificate authority of Postgres is read and always required', async t => {
  const path = join(t.testdir({ 'ca.pem': 'CERTIFICATE' }), 'ca.pem')
  t.strictSame(loadConfig({ ...production(), DATABASE_CA_FILE: path }).postgres.authority, 'CERTIFICATE')
  t.strictSame(loadConfig(production()).postgres.authority, null)

  if (process.getuid?.() !== 0) {
    chmodSync(path, 0)
    t.throws(() => loadConfig({ ...production(), DATABASE_CA_FILE: path }), ConfigError)
  }
})

t.test('the certificate authority of the mail server is read', async t => {
  const path = join(t.testdir({ 'ca.pem': 'CERTIFICATE' }), 'ca.pem')
  t.strictSame(loadConfig({ ...production(), SMTP_CA_FILE: path }).mail.authority, 'CERTIFICATE')
  t.strictSame(loadConfig(production()).mail.authority, null)
  t.throws(() => loadConfig({ ...production(), SMTP_CA_FILE: '/nowhere/ca.pem' }), /SMTP_CA_FILE +names a file that cannot be read/)
})

t.test('stolen passwords are looked up at the address in the settings, over https or on this machine', async t => {
  t.strictSame(loadConfig(production()).breachedPasswords, { url: null, deadline: 1000 }, 'nowhere unless told')
  t.match(loadConfig({ ...production(), BREACHED_PASSWORDS_URL: 'https://ranges.example.com/range/' }).breachedPasswords, { url: 'https://ranges.example.com/range' })

  const test = { ...production(), NODE_ENV: 'test' }
  for (const host of ['localhost', '127.0.0.1', '[::1]']) t.doesNotThrow(() => loadConfig({ ...test, BREACHED_PASSWORDS_URL: `http://${host}:8080/range/` }))
  for (const url of ['http://ranges.example.com/range/', 'http://127.0.0.1.example.com/', 'http://localhost@example.com/', 'ftp://localhost/', 'https://me:secret@ranges.example.com/', 'https://ranges.example.com/?key=1']) {
    t.throws(() => loadConfig({ ...test, BREACHED_PASSWORDS_URL: url }), ConfigError, url)
  }
})

t.test('.env.example lists every setting with its description and its default', async t => {
  const example = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8')
  const words = example.replace(/\n# /g, ' ')

  for (const [name, { description, default: value }] of Object.entries(settings.properties)) {
    t.match(example, `\n# ${name}=${value ?? ''}\n`, name)
    t.ok(words.includes(description ?? name), `${name} is described`)
  }
  const listed = [...example.matchAll(/^# ([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name)
  t.strictSame(listed, Object.keys(settings.properties), 'and nothing else')
})
