import { randomBytes } from 'node:crypto'
import t from 'tap'
import Fastify from 'fastify'
import { createClock } from '../../../lib/clock.ts'
import { loadConfig } from '../../../lib/config/config.ts'
import metrics from '../../../plugins/monitoring/metrics.ts'
import passwordsFeature from '../../../plugins/passwords/index.ts'
import { standIn } from '../../support/features.ts'
import { knownTurn, strangerTurn } from '../../support/hashers.ts'

const config = loadConfig({
  NODE_ENV: 'test',
  DATABASE_URL: 'postgres://localhost/none',
  REDIS_URL: 'redis://localhost',
  ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  ISSUER_URL: 'http://localhost:3000'
})

t.test('a storm of logins is bounded: a few run, a few wait, and the rest are told to retry', async t => {
  const app = await start(t)
  const stored = await app.passwords.hash('plum orbit', knownTurn)
  t.match(stored, /^\$argon2id\$v=19\$m=1024,t=1,p=1\$/, 'with the parameters of the settings')

  const strangers = Array.from({ length: 40 }, () => app.passwords.verify(stored, 'plum orbit', strangerTurn))
  const owner = app.passwords.verify(stored, 'plum orbit', knownTurn)
  t.match(app.passwords.stats(), { running: 2, concurrency: 2, queued: { known: 1, stranger: 4 } })
  t.match(await app.metrics.render(), /hashes_running\S* 2[^]*hashes_queued\S* 5/)

  const outcomes = await Promise.allSettled(strangers)
  t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 6, '2 at once and half of 8')
  t.ok(outcomes.every(outcome => outcome.status === 'fulfilled' || outcome.reason.code === 'overloaded'))
  t.equal(await owner, true, 'a known caller has its place')
})

t.test('the event loop goes on while passwords are hashed', async t => {
  const app = await start(t)
  let turns = 0
  const counter = setInterval(() => { turns++ }, 1)
  await Promise.all(Array.from({ length: 8 }, () => app.passwords.verify(null, 'x', knownTurn)))
  clearInterval(counter)
  t.ok(turns > 0)
})

t.test('the rules for passwords follow the settings', async t => {
  const app = await start(t)
  t.match(await app.passwordPolicy.check('plum orbit', []), [{ path: '/password', code: 'too_short', message: /15/ }])
})

async function start (t: { teardown: (work: () => unknown) => void }) {
  const app = Fastify()
  const settings = {
    minLength: 15,
    minStrength: 3,
    memoryKib: 1024,
    passes: 1,
    parallelism: 1,
    concurrency: 2,
    queueMax: 8
  }
  t.teardown(() => app.close())

  await app.register(metrics)
  await app.register(standIn('monitoring', 'stores', 'audit'))
  await app.register(passwordsFeature, {
    config: { ...config, passwords: settings },
    clock: createClock(),
    workers: false
  })
  return app
}
