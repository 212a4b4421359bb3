import t from 'tap'
import { connect } from '../support/database.ts'
import { deploy, freshAddress, password } from '../support/helper.ts'
import { startMailServer } from '../support/outside/mail-server.ts'
import { until } from '../support/until.ts'
import { api, defaultDeadline, openProxy, spawnNode, timed } from './nodes.ts'

for (const kind of ['swallow', 'cut'] as const) {
  t.test(`a node whose stores are ${kind} still ends, with exit code 0`, async t => {
    const stores = await deploy(t, defaultDeadline)
    const [database, redis] = [await openProxy(t, stores.DATABASE_URL), await openProxy(t, stores.REDIS_URL)]
    const node = await spawnNode(t, { ...stores, DATABASE_URL: database.url, REDIS_URL: redis.url })

    database[kind]()
    redis[kind]()
    const waiting = node.send('POST', api('/auth/login'), { body: { email: 'ada@example.com', password: 'a long walk through wet leaves' } })
    process.kill(node.pid, 'SIGTERM')
    const { answer: code, took } = await timed(() => node.exited)
    t.equal(code, 0, node.output().split('\n').slice(-5).join('\n'))
    t.ok(took < 8000, `it took ${took} ms`)
    t.comment(`ended after ${took} ms`)
    t.match(await waiting, { status: 503 }, 'the request in flight was answered')
  })
}

t.test('a mail that is on its way when its node stops is waited for, and not sent again', async t => {
  let received = 0
  let isAnswered = false
  const server = await startMailServer(t, {
    onData: (stream, _session, callback) => {
      received++
      stream.resume().on('end', () => setTimeout(() => { isAnswered = true; callback() }, 10_000))
    }
  })
  const deployment = await deploy(t, { SMTP_URL: server.url, SHUTDOWN_TIMEOUT: '40s' })
  const node = await spawnNode(t, deployment)
  const fields = { email: freshAddress(), password, full_name: 'Ada King' }
  t.match(await node.send('POST', api('/auth/register'), { body: fields }), { status: 201 })
  await until(() => received === 1, 20_000)

  process.kill(node.pid, 'SIGTERM')
  await until(async () => await fetch(node.url).then(() => false, () => true), 20_000)
  t.notOk(isAnswered, 'it takes no connections while it waits')
  t.equal(await node.exited, 0)
  t.equal(received, 1)
  t.equal((await connect(t, deployment.DATABASE_URL)`select from jobs where queue = 'mail'`).length, 0, 'nothing is left to send')
})
