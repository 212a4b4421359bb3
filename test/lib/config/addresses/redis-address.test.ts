import { randomBytes } from 'node:crypto'
import t from 'tap'
import { ConfigError, describeConfig, loadConfig } from '../../../../lib/config/config.ts'
import { readRedisAddress } from '../../../../lib/config/addresses/redis-address.ts'

const least = { NODE_ENV: 'test', DATABASE_URL: 'postgres://localhost/latchkey', REDIS_URL: 'redis://a', ENCRYPTION_KEY: randomBytes(32).toString('base64') }
const open = { username: undefined, password: undefined, isEncrypted: false }

t.test('the URL of one server is read', async t => {
  t.strictSame(readRedisAddress('redis://cache'), { kind: 'server', ...open, host: 'cache', port: 6379, db: 0 })
  t.strictSame(readRedisAddress('redis://cache:6380/'), { kind: 'server', ...open, host: 'cache', port: 6380, db: 0 })
  t.strictSame(readRedisAddress('rediss://ada:s%40c%2Fr:t@[::1]:6380/2'), { kind: 'server', username: 'ada', password: 's@c/r:t', isEncrypted: true, host: '::1', port: 6380, db: 2 })
  t.strictSame(readRedisAddress('redis://:secret@10.0.0.7'), { kind: 'server', ...open, password: 'secret', host: '10.0.0.7', port: 6379, db: 0 })
})

t.test('the URL of Sentinels is read', async t => {
  t.strictSame(readRedisAddress('redis+sentinel://:secret@one:26379,two,[fd00::3]:26380/main-1'), {
    kind: 'sentinel', ...open, password: 'secret', sentinels: [{ host: 'one', port: 26379 }, { host: 'two', port: 26379 }, { host: 'fd00::3', port: 26380 }], name: 'main-1'
  })
  t.match(readRedisAddress('rediss+sentinel://one/main'), { kind: 'sentinel', isEncrypted: true })
})

t.test('the URL of a Cluster is read, also if it names one node only', async t => {
  t.strictSame(readRedisAddress('redis://:secret@a:6379,b:6380,c?cluster'), {
    kind: 'cluster', ...open, password: 'secret', nodes: [{ host: 'a', port: 6379 }, { host: 'b', port: 6380 }, { host: 'c', port: 6379 }]
  })
  t.match(readRedisAddress('rediss://clustercfg.example.com/?cluster=true'), { kind: 'cluster', isEncrypted: true, nodes: [{ host: 'clustercfg.example.com' }] })
})

t.test('a mistake is reported under the name REDIS_URL, and no part of the value is shown', async t => {
  const wrong: [string, RegExp][] = [
    ['http://:hunter2@a', /must be a redis:\/\//], ['redis://', /must be a redis:\/\//], ['redis://:hunter2@', /must be/], ['redis:a', /must be/],
    ['redis://:hun/ter2@a', /percent-encoded/], ['redis://:hun@ter2@a', /percent-encoded/], ['redis://:hunter2%zz@a', /percent-encoded/],
    ['redis://:hunter2@a,b', /several hosts/], ['redis://:hunter2@a:0', /host:port/], ['redis://:hunter2@a:65536', /host:port/], ['redis://:hunter2@a:b:1', /host:port/],
    ['redis://:hunter2@a,,b?cluster', /host:port/], ['redis://:hunter2@a, b?cluster', /host:port/], ['redis://:hunter2@::1', /host:port/],
    ['redis://:hunter2@a/two', /number of a database/], ['redis://:hunter2@a/2?cluster', /only one/], ['redis://:hunter2@a?cluster=no', /query/], ['redis://:hunter2@a?family=6', /query/],
    ['redis+sentinel://:hunter2@a,b', /name that the Sentinels watch/], ['redis+sentinel://:hunter2@a/', /name/], ['redis+sentinel://:hunter2@a/x?cluster', /not both/], ['redis://a#hunter2', /must be/]
  ]

  for (const [url, message] of wrong) {
    const text = problemsOf({ REDIS_URL: url })
    t.match(text, /^ {2}REDIS_URL {2}/m, url)
    t.match(text, message, url)
    t.notMatch(text, /hunter2|hun|ter2/, url)
  }
})

t.test('the start-up log contains no password from the address', async t => {
  for (const url of ['rediss://ada:hunter2@a:1,b:2?cluster', 'redis+sentinel://:hunter2@a:1,b:2/main', 'redis://:hunter2@a']) {
    t.notMatch(JSON.stringify(describeConfig(loadConfig({ ...least, REDIS_URL: url }))), /hunter2/, url)
  }
})

t.test('a certificate authority is read, and is allowed with TLS only', async t => {
  const file = new URL('../../../../package.json', import.meta.url).pathname
  t.match(loadConfig({ ...least, REDIS_URL: 'rediss://a', REDIS_CA_FILE: file }).redis.authority, /latchkey/)
  t.notMatch(JSON.stringify(describeConfig(loadConfig({ ...least, REDIS_URL: 'rediss://a', REDIS_CA_FILE: file }))), /Self-hosted/)
  t.match(problemsOf({ REDIS_URL: 'redis://a', REDIS_CA_FILE: file }), /REDIS_URL .*rediss:/)
  t.match(problemsOf({ REDIS_URL: 'rediss://a', REDIS_CA_FILE: '/nowhere/ca.pem' }), /REDIS_CA_FILE .*cannot be read/)
})

function problemsOf (settings: Record<string, string>): string {
  try {
    loadConfig({ ...least, ...settings })
    return 'none'
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
}
