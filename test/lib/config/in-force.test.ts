import t from 'tap'
import { describeConfig, loadConfig } from '../../../lib/config/config.ts'
import { settings } from '../../../lib/config/settings.ts'
import { production } from '../../support/settings.ts'

/** The settings whose values nobody sees. A new one is masked, and belongs here or into `lib/config/in-force.ts`. */
const masked = [
  'OPERATIONS_TOKEN', 'SENTRY_DSN', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_HEADERS',
  'OTEL_RESOURCE_ATTRIBUTES', 'DATABASE_URL', 'DATABASE_DIRECT_URL', 'REDIS_URL', 'ENCRYPTION_KEY',
  'BREACHED_PASSWORDS_URL', 'SMTP_URL'
]

const secret = 'hunter2canary'

t.test('every setting is listed once, and masked unless somebody has decided that it may be seen', async t => {
  const listed = loadConfig(production()).settings

  t.strictSame(listed.map(({ name }) => name), Object.keys(settings.properties))
  t.strictSame(listed.filter(setting => setting.masked).map(({ name }) => name), masked)
  t.ok(listed.every(({ description }) => description !== ''))
})

t.test('every setting that is declared a secret is masked', async t => {
  const secrets = Object.entries(settings.properties).filter(([, { secret }]) => secret === true).map(([name]) => name)

  t.ok(secrets.length >= 8)
  t.strictSame(secrets.filter(name => !masked.includes(name)), [])
})

t.test('nothing of a masked value is listed, only whether there is one', async t => {
  const values: Record<string, string> = {
    OPERATIONS_TOKEN: `${secret}-operations`,
    SENTRY_DSN: `https://${secret}@sentry.example.com/7`,
    OTEL_EXPORTER_OTLP_ENDPOINT: `https://otlp.example.com/${secret}`,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=${secret}`,
    OTEL_RESOURCE_ATTRIBUTES: `key=${secret}`,
    DATABASE_URL: `postgres://${secret}:${secret}@${secret}.example/db?sslmode=verify-full`,
    DATABASE_DIRECT_URL: `postgres://${secret}:${secret}@${secret}.example/db?sslmode=verify-full`,
    REDIS_URL: `rediss://:${secret}@${secret}.example`,
    BREACHED_PASSWORDS_URL: `https://ranges.example.com/${secret}/range`,
    SMTP_URL: `smtps://me:${secret}@${secret}.example`
  }
  const env = { ...production(), ...values }
  const listed = loadConfig(env).settings

  t.notMatch(JSON.stringify(listed), secret)
  t.notMatch(JSON.stringify(listed), String(env.ENCRYPTION_KEY))
  for (const { value, set } of listed.filter(setting => setting.masked)) t.match({ value, set }, { value: '***', set: true })

  const unset = loadConfig(production()).settings.find(({ name }) => name === 'SMTP_URL')
  t.match(unset, { value: null, set: false, masked: true })
})

t.test('a secret from a file counts as set and is masked', async t => {
  const OPERATIONS_TOKEN_FILE = `${t.testdir({ token: `${secret}-operations\n` })}/token`
  const listed = loadConfig({ ...production(), OPERATIONS_TOKEN_FILE }).settings

  t.match(listed.find(({ name }) => name === 'OPERATIONS_TOKEN'), { value: '***', set: true })
  t.notMatch(JSON.stringify(listed), secret)
})

t.test('what development adds is in force, and nobody has set it', async t => {
  const DATA_DIR = t.testdir({ 'services.json': JSON.stringify({ DATABASE_URL: `postgres://${secret}@127.0.0.1/db`, REDIS_URL: 'redis://127.0.0.1:6380' }) })
  const listed = loadConfig({ NODE_ENV: 'development', DATA_DIR, REDIS_URL: 'redis://127.0.0.1:6379' }).settings
  const valueOf = new Map(listed.map(({ name, value, set }) => [name, { value, set }]))

  for (const name of ['DATABASE_URL', 'ENCRYPTION_KEY']) t.strictSame(valueOf.get(name), { value: '***', set: false }, name)
  t.strictSame(valueOf.get('REDIS_URL'), { value: '***', set: true })
  t.strictSame(valueOf.get('SMTP_URL'), { value: null, set: false })
  t.notMatch(JSON.stringify(listed), secret)
})

t.test('a value is the one that is in force: what was set, the default, or what follows from other settings', async t => {
  const given = { ...production(), ISSUER_URL: 'https://auth.example.com', ACCESS_TOKEN_TTL: '5m', RATE_LIMIT_LOGIN: '60/1m, 1000/1h' }
  const valueOf = new Map(loadConfig(given).settings.map(({ name, value, set }) => [name, { value, set }]))

  t.strictSame(valueOf.get('ACCESS_TOKEN_TTL'), { value: '5m', set: true })
  t.strictSame(valueOf.get('RATE_LIMIT_LOGIN'), { value: '60/1m, 1000/1h', set: true })
  t.strictSame(valueOf.get('REFRESH_TOKEN_TTL'), { value: '7d', set: false })
  for (const [name, value] of Object.entries({
    HOST: '0.0.0.0',
    LOG_LEVEL: 'info',
    DOCS_ENABLED: 'false',
    JWT_AUDIENCE: 'https://auth.example.com',
    APP_URL: 'https://auth.example.com',
    SENTRY_ENVIRONMENT: 'production',
    TOTP_ISSUER: 'auth.example.com',
    PASSKEY_RP_ID: 'auth.example.com',
    PASSKEY_RP_NAME: 'auth.example.com',
    PASSKEY_ORIGINS: 'https://auth.example.com',
    MAIL_FROM: 'Latchkey <no-reply@auth.example.com>',
    COOKIE_DOMAIN: null,
    AUDIT_RETENTION: null
  })) t.strictSame(valueOf.get(name), { value, set: false }, name)
  t.match(valueOf.get('HASH_CONCURRENCY'), { value: /^[1-9]\d*$/, set: false })
})

t.test('the log of a start has the settings once, by feature', async t => {
  t.notOk('settings' in describeConfig(loadConfig(production())))
})
