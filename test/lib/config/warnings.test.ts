import { join } from 'node:path'
import t from 'tap'
import { listWarnings } from '../../../lib/config/config.ts'
import type { Environment } from '../../../lib/config/config.ts'
import { sound } from '../../support/settings.ts'

t.test('the smallest sound set of settings has no warning', async t => {
  t.strictSame(listWarnings(sound()), [])
})

t.test('what is risky and may be meant is warned about, by name', async t => {
  const risky: [Environment, RegExp, string][] = [
    [{ DATABASE_URL: 'postgres://u:p@db/db' }, /clear text/, 'database_clear_text'],
    [{ DATABASE_URL: 'postgres://u:p@db.example.com/db?sslmode=require' }, /does not verify/, 'database_not_verified'],
    [{ DATABASE_DIRECT_URL: 'postgres://u:p@db.example.com/db?sslmode=verify-ca' }, /does not verify/, 'database_not_verified'],
    [{ REDIS_URL: 'redis://:pw@redis' }, /clear text/, 'redis_clear_text'],
    [{ REDIS_URL: 'rediss://redis' }, /has no password/, 'redis_no_password'],
    [{ METRICS_PORT: '9091' }, /asks for no token/, 'metrics_reachable'],
    [{ EMAIL_VERIFICATION: 'optional' }, /which addresses have an account/, 'accounts_can_be_listed'],
    [{ DOCS_ENABLED: 'true' }, /to everybody/, 'docs_enabled'],
    [{ LOG_LEVEL: 'trace' }, /trace writes/, 'log_level_verbose'],
    [{ TRUST_PROXY: '' }, /all clients count as one network/, 'proxy_not_named'],
    [{ SMTP_URL: '' }, /no code, no link/, 'mail_not_set'],
    [{ APP_URL: 'https://app.example.org' }, /on another site than ISSUER_URL/, 'app_on_another_site'],
    [{ ALLOWED_ORIGINS: 'https://app.example.com,https://app.example.org' }, /\(https:\/\/app\.example\.org\) is on another site/, 'origin_on_another_site'],
    [{ MAIL_FROM: 'Acme <no-reply@example.org>' }, /belongs neither to ISSUER_URL/, 'mail_sender_foreign']
  ]

  for (const [setting, sentence, code] of risky) {
    const [name = ''] = Object.keys(setting)
    t.match(listWarnings({ ...sound(), ...setting }), [{ code, setting: name, message: sentence, advice: /\.$/ }], JSON.stringify(setting))
    t.equal(listWarnings({ ...sound(), ...setting }).length, 1, 'and nothing else')
  }
  t.strictSame(listWarnings({ ...sound(), METRICS_PORT: '9091', HOST: '127.0.0.1' }), [], 'a port that only this machine reaches')
  t.strictSame(listWarnings({ ...sound(), DATABASE_URL: 'postgres://u:p@localhost/db', REDIS_URL: 'redis://localhost' }), [], 'stores of this machine')
})

t.test('an application on the same site, and mail from there, are no risk', async t => {
  const fine: Environment[] = [
    { APP_URL: 'https://app.example.com' },
    { APP_URL: 'https://app.example.org', COOKIE_SAMESITE: 'none' },
    { ALLOWED_ORIGINS: 'https://example.com,capacitor://localhost' },
    { ISSUER_URL: 'https://auth.example.co.uk', APP_URL: 'https://www.example.co.uk', MAIL_FROM: 'no-reply@example.co.uk' },
    { APP_URL: 'https://example.org', COOKIE_SAMESITE: 'none', MAIL_FROM: 'no-reply@mail.example.org' }
  ]

  for (const settings of fine) t.strictSame(listWarnings({ ...sound(), ...settings }), [], JSON.stringify(settings))
  t.match(listWarnings({ ...sound(), ISSUER_URL: 'https://one.fly.dev', APP_URL: 'https://two.fly.dev' }), [{ code: 'app_on_another_site' }], 'two names of a platform are two sites')
})

for (const environment of ['development', 'test']) {
  t.test(`${environment} that listens on every address is warned about, and nothing else in it`, async t => {
    const settings = { ...sound(), NODE_ENV: environment, LOG_LEVEL: 'trace', DOCS_ENABLED: 'true', REDIS_URL: 'redis://redis' }
    t.strictSame(listWarnings(settings), [])
    t.match(listWarnings({ ...settings, HOST: '0.0.0.0' }), [{ code: 'development_reachable', severity: 'unsafe', setting: 'HOST', message: new RegExp(`every address with the rules of ${environment}`) }])
  })
}

t.test('a name that resembles a setting is named, with the one that was meant, and never its value', async t => {
  const misspelt = { REFRESH_TOKEN_TLL: 'canary', ALOWED_ORIGINS: 'canary', ENCRYPTION_KEYS: 'canary', TRUSTPROXY: 'canary', RATE_LIMITS_LOGIN: 'canary', RATE_LIMIT_PASSWORD: 'canary', DB_POOL_SIZE: 'canary', ISSUER_URL_FILE: 'canary' }
  const warnings = listWarnings({ ...sound(), ...misspelt })

  t.match(Object.fromEntries(warnings.map(({ setting, advice }) => [setting, advice])), {
    REFRESH_TOKEN_TLL: /REFRESH_TOKEN_TTL\?/,
    ALOWED_ORIGINS: /ALLOWED_ORIGINS\?/,
    ENCRYPTION_KEYS: /ENCRYPTION_KEY\?/,
    TRUSTPROXY: /TRUST_PROXY\?/,
    RATE_LIMITS_LOGIN: /RATE_LIMIT_LOGIN\?/,
    RATE_LIMIT_PASSWORD: /\.env\.example/,
    DB_POOL_SIZE: /\.env\.example/
  })
  t.notMatch(JSON.stringify(warnings), 'canary')
})

t.test('a name with two mistakes is named wherever they are, and one with three is left alone', async t => {
  const setting = 'ENCRYPTION_KEY'
  for (let place = 0; place < setting.length - 2; place++) {
    const [before, pair, rest] = [setting.slice(0, place), setting.slice(place, place + 2), setting.slice(place + 2)]
    const turned = [...pair].reverse().join('')
    for (const instead of ['', 'ZZ', `ZZ${pair}`, `${turned}Z`]) {
      const misspelt = `${before}${instead}${rest}`
      const found = listWarnings({ ...sound(), [misspelt]: 'canary' })
      t.match(found, [{ code: 'setting_misspelt', setting: misspelt, advice: `Did you mean ${setting}?` }], misspelt)
    }
    const three = listWarnings({ ...sound(), [`${before}ZZZ${pair}${rest}`]: 'canary' })
    t.strictSame(three, [], 'three letters too many')
  }
})

t.test('the names of other programs are left alone', async t => {
  const others = { PATH: '/bin', HOME: '/', HOSTNAME: 'a', REDIS_PORT: 'tcp://10.0.0.1:6379', REDIS_SERVICE_HOST: '10.0.0.1', DATABASE_HOST: 'b', NODE_OPTIONS: '', PGPASSWORD: 'c', LOGNAME: 'd', NODE_EXTRA_CA_CERTS: 'e', API_URL: 'f', MAIL: 'g', OPERATIONS_TOKEN_FILE: join(t.testdir({ token: '9f86d081884c7d65' }), 'token') }
  t.strictSame(listWarnings({ ...sound(), ...others }), [])
})
