import { join } from 'node:path'
import t from 'tap'
import { listWarnings } from '../../../lib/config/config.ts'
import type { Environment } from '../../../lib/config/config.ts'
import { production } from '../../support/settings.ts'

t.test('the smallest set of settings of production has no warning', async t => {
  t.strictSame(listWarnings(production()), [])
})

t.test('what is risky and may be meant is warned about, by name', async t => {
  const risky: [Environment, RegExp][] = [
    [{ DATABASE_URL: 'postgres://u:p@db/db' }, /clear text/],
    [{ DATABASE_URL: 'postgres://u:p@db.example.com/db?sslmode=require' }, /does not verify/],
    [{ DATABASE_DIRECT_URL: 'postgres://u:p@db.example.com/db?sslmode=verify-ca' }, /does not verify/],
    [{ REDIS_URL: 'redis://:pw@redis' }, /clear text/],
    [{ REDIS_URL: 'rediss://redis' }, /has no password/],
    [{ METRICS_PORT: '9091' }, /asks for no token/],
    [{ EMAIL_VERIFICATION: 'optional' }, /which addresses have an account/],
    [{ DOCS_ENABLED: 'true' }, /to everybody/],
    [{ LOG_LEVEL: 'trace' }, /trace writes/]
  ]

  for (const [setting, sentence] of risky) {
    const [name = ''] = Object.keys(setting)
    t.match(listWarnings({ ...production(), ...setting }), [[name, sentence]], JSON.stringify(setting))
    t.equal(listWarnings({ ...production(), ...setting }).length, 1, 'and nothing else')
  }
  t.strictSame(listWarnings({ ...production(), METRICS_PORT: '9091', HOST: '127.0.0.1' }), [], 'a port that only this machine reaches')
  t.strictSame(listWarnings({ ...production(), DATABASE_URL: 'postgres://u:p@localhost/db', REDIS_URL: 'redis://localhost' }), [], 'stores of this machine')
})

t.test('development that listens on every address is warned about, and nothing else in it', async t => {
  const development = { ...production(), NODE_ENV: 'development', LOG_LEVEL: 'trace', DOCS_ENABLED: 'true', REDIS_URL: 'redis://redis' }
  t.strictSame(listWarnings(development), [])
  t.match(listWarnings({ ...development, HOST: '0.0.0.0' }), [['HOST', /every address/]])
})

t.test('a name that resembles a setting is named, with the one that was meant, and never its value', async t => {
  const misspelt = { REFRESH_TOKEN_TLL: 'canary', ALOWED_ORIGINS: 'canary', ENCRYPTION_KEYS: 'canary', TRUSTPROXY: 'canary', RATE_LIMITS_LOGIN: 'canary', RATE_LIMIT_PASSWORD: 'canary', DB_POOL_SIZE: 'canary', ISSUER_URL_FILE: 'canary' }
  const warnings = listWarnings({ ...production(), ...misspelt })

  t.match(Object.fromEntries(warnings), {
    REFRESH_TOKEN_TLL: /REFRESH_TOKEN_TTL is one/,
    ALOWED_ORIGINS: /ALLOWED_ORIGINS is one/,
    ENCRYPTION_KEYS: /ENCRYPTION_KEY is one/,
    TRUSTPROXY: /TRUST_PROXY is one/,
    RATE_LIMITS_LOGIN: /RATE_LIMIT_LOGIN is one/,
    RATE_LIMIT_PASSWORD: /\.env\.example/,
    DB_POOL_SIZE: /\.env\.example/
  })
  t.notMatch(JSON.stringify(warnings), 'canary')
})

t.test('the names of other programs are left alone', async t => {
  const others = { PATH: '/bin', HOME: '/', HOSTNAME: 'a', REDIS_PORT: 'tcp://10.0.0.1:6379', REDIS_SERVICE_HOST: '10.0.0.1', DATABASE_HOST: 'b', NODE_OPTIONS: '', PGPASSWORD: 'c', LOGNAME: 'd', NODE_EXTRA_CA_CERTS: 'e', API_URL: 'f', MAIL: 'g', OPERATIONS_TOKEN_FILE: join(t.testdir({ token: '9f86d081884c7d65' }), 'token') }
  t.strictSame(listWarnings({ ...production(), ...others }), [])
})
