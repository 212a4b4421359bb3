import t from 'tap'
import type { Test } from 'tap'
import type { Environment } from '../../../lib/config/config.ts'
import { problemsOf, production } from '../../support/settings.ts'

/** Any file that can be read. */
const authority = new URL('../../../package.json', import.meta.url).pathname

/** A setting that production refuses, and what the sentence about it says. */
type Refused = [setting: Environment, sentence: RegExp]

t.test('production and staging refuse what cannot be meant there, by name and with what to do', async t => {
  const refused: Refused[] = [
    [{ RATE_LIMIT_LOGIN: ',' }, /entry between its commas/],
    [{ RATE_LIMIT_GLOBAL: ' , ,' }, /entry between its commas/],
    [{ ALLOWED_ORIGINS: ',' }, /entry between its commas/],
    [{ TRUST_PROXY: ',' }, /entry between its commas/],
    [{ ALLOWED_ORIGINS: 'https://a.example.com,http://app.example.com' }, /must be https in/],
    [{ ALLOWED_ORIGINS: 'http://192.168.1.10:3000' }, /must be https in/],
    [{ OPERATIONS_TOKEN: 'aaaaaaaaaaaaaaaa' }, /can be guessed: .*openssl rand/],
    [{ OPERATIONS_TOKEN: 'passphrasepassphrase' }, /can be guessed/],
    [{ OPERATIONS_TOKEN: 'change-me-to-a-token' }, /can be guessed/],
    [{ OPERATIONS_TOKEN: '0123456789abcdef' }, /can be guessed/],
    [{ OPERATIONS_TOKEN: 'k3Q9xT7bk3Q9xT7b' }, /can be guessed/],
    [{ OPERATIONS_TOKEN: '9f86d081884c7d65,short' }, /must have 16 characters or more/],
    [{ OPERATIONS_TOKEN: '9f86d081884c7d65,change-me-to-a-token' }, /can be guessed/],
    [{ METRICS_PORT: '3000' }, /must not be PORT/],
    [{ METRICS_PORT: '9091', HOST: '203.0.113.7' }, /OPERATIONS_TOKEN/],
    [{ SESSION_TTL: '6d' }, /must not be below REFRESH_TOKEN_TTL/],
    [{ ACCESS_TOKEN_TTL: '10m', REFRESH_TOKEN_TTL: '9m' }, /must not be above REFRESH_TOKEN_TTL/]
  ]

  for (const [setting, sentence] of refused) refuses(t, setting, sentence)
})

t.test('Postgres is not reached over the internet in clear text', async t => {
  for (const name of ['DATABASE_URL', 'DATABASE_DIRECT_URL']) {
    for (const url of [
      'postgres://u:p@db.example.com/db', 'postgres://u:p@203.0.113.7/db', 'postgres://u:p@[2001:db8::7]/db',
      'postgres://u:p@db.example.com/db?sslmode=disable', 'postgres://u:p@localhost/db?host=db.example.com'
    ]) refuses(t, { [name]: url }, /clear text: add sslmode=verify-full/)
  }
  refuses(t, { DATABASE_URL: 'postgres://u:p@localhost/db?sslmode=disable', DATABASE_CA_FILE: authority }, /sslmode=disable, because DATABASE_CA_FILE/)
  accepts(t, 'DATABASE_URL', [
    'postgres://u:p@db.example.com/db?sslmode=require', 'postgres://u:p@localhost/db', 'postgres://u:p@127.0.0.1:6432/db',
    'postgres://u:p@db/db', 'postgres://u:p@db.internal/db', 'postgres://u:p@10.1.2.3/db', 'postgres://u:p@[fd00::7]/db',
    'postgres:///db?host=/var/run/postgresql', 'postgres://u:p@%2Fvar%2Frun%2Fpostgresql/db'
  ])
  t.equal(problemsOf({ ...production(), DATABASE_URL: 'postgres://u:p@db.example.com/db', DATABASE_CA_FILE: authority }), 'no problem', 'an authority is verified whatever the URL says')
})

t.test('Redis is not reached over the internet in clear text or without a password', async t => {
  for (const url of ['redis://:pw@redis.example.com', 'redis://:pw@203.0.113.7', 'redis://:pw@a,b.example.com?cluster', 'redis+sentinel://:pw@a.example.com/main']) {
    refuses(t, { REDIS_URL: url }, /clear text: write rediss:/)
  }
  refuses(t, { REDIS_URL: 'rediss://redis.example.com' }, /must have a password/)
  accepts(t, 'REDIS_URL', ['redis://localhost', 'redis://[::1]:6380', 'redis://redis', 'redis://10.0.0.7', 'redis://:pw@a.flycast', 'rediss://:pw@redis.example.com'])
})

t.test('errors and traces do not cross the internet in clear text', async t => {
  refuses(t, { SENTRY_DSN: 'http://key@sentry.example.com/7' }, /clear text: write https:/)
  refuses(t, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otlp.example.com:4318' }, /clear text: write https:/)
  accepts(t, 'OTEL_EXPORTER_OTLP_ENDPOINT', ['http://127.0.0.1:4318', 'http://collector:4318', 'http://10.0.0.7:4318', 'https://otlp.example.com'])
  accepts(t, 'SENTRY_DSN', ['http://key@sentry.internal/7', 'https://key@sentry.example.com/7'])
})

t.test('proxies are not a large part of the internet, in one piece or in several', async t => {
  const eighths = (from: number, to: number) => Array.from({ length: to - from }, (_, place) => `${from + place}.0.0.0/8`).join(',')
  for (const list of [
    '0.0.0.0/1,128.0.0.0/1', '0.0.0.0/1', '64.0.0.0/2', eighths(20, 40), '2000::/3', '::/1', '2000::/4,3000::/4',
    '::ffff:0:0/96', '::/64', '::ffff:0.0.0.0/97'
  ]) refuses(t, { TRUST_PROXY: list }, /a large part of the internet/)
  accepts(t, 'TRUST_PROXY', ['10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7', '104.16.0.0/13,172.64.0.0/13,2606:4700::/32', '172.16.0.0/12,66.241.124.7,2a09:8280:1::7', '::ffff:10.0.0.7'])
})

t.test('a domain that strangers share is no domain for cookies', async t => {
  for (const [host, domain] of [['auth.example.co.uk', 'co.uk'], ['latchkey.fly.dev', 'fly.dev'], ['auth.example.com.au', 'com.au'], ['x.github.io', 'github.io']]) {
    refuses(t, { ISSUER_URL: `https://${host}`, COOKIE_DOMAIN: domain }, /COOKIE_DOMAIN +is a public suffix/)
  }
  for (const [host, domain] of [['auth.example.co.uk', 'example.co.uk'], ['a.latchkey.fly.dev', 'latchkey.fly.dev'], ['auth.co.de', 'auth.co.de'], ['auth.example.com', 'example.com']]) {
    t.equal(problemsOf({ ...production(), ISSUER_URL: `https://${host}`, COOKIE_DOMAIN: domain }), 'no problem', `${domain}`)
  }
})

for (const environment of ['development', 'test']) {
  t.test(`${environment} does not listen on a public address`, async t => {
    const settings = { ...production(), NODE_ENV: environment }
    for (const HOST of ['203.0.113.7', '2001:db8::7']) t.match(problemsOf({ ...settings, HOST }), new RegExp(`HOST +must not be a public address in ${environment}`))
    for (const HOST of ['127.0.0.1', '0.0.0.0', '192.168.1.10', 'localhost']) t.equal(problemsOf({ ...settings, HOST }), 'no problem', HOST)
  })
}

t.test('what is meant is accepted', async t => {
  accepts(t, 'OPERATIONS_TOKEN', ['9f86d081884c7d65', 'k3Q9-xT7b_0pLm2z', 'correct-horse-battery-staple'])
  accepts(t, 'ALLOWED_ORIGINS', ['https://app.example.com', 'http://localhost:5173', 'http://localhost', 'capacitor://localhost', 'https://a.example.com,'])
  accepts(t, 'METRICS_PORT', ['9091'])
  accepts(t, 'SESSION_TTL', ['7d'])
})

function refuses (t: Test, setting: Environment, sentence: RegExp) {
  for (const NODE_ENV of ['production', 'staging']) {
    const message = problemsOf({ ...production(), NODE_ENV, ...setting })
    const shown = JSON.stringify(setting)
    t.match(message, sentence, `${NODE_ENV}: ${shown}`)
    t.ok(Object.keys(setting).some(name => message.includes(`\n  ${name} `)), `it names the setting: ${shown}`)
  }
}

function accepts (t: Test, name: string, values: string[]) {
  for (const value of values) t.equal(problemsOf({ ...production(), [name]: value }), 'no problem', `${name}=${value}`)
}
