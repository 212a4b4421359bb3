import t from 'tap'
import { deploy } from '../support/helper.ts'
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
