import t from 'tap'
import { as, deploy, refresh, signIn, start } from '../support/helper.ts'
import { until } from '../support/until.ts'
import { defaultDeadline, during, openProxy } from './nodes.ts'

const settings = { ...defaultDeadline, DB_POOL_MAX: '5' }

t.test('a connection that dies silently is not kept', async t => {
  const stores = await deploy(t, settings)
  const proxy = await openProxy(t, stores.DATABASE_URL)
  const node = await start(t, { ...stores, DATABASE_URL: proxy.url })
  const ada = await signIn(node)
  await Promise.all(Array.from({ length: 20 }, () => node.database`select pg_sleep(0.05)`))

  proxy.swallow()
  proxy.restore()
  const took = await until(async () => (await refresh(node, ada.refresh_token)).statusCode === 200, 12_000)
  await until(async () => (await Promise.all(Array.from({ length: 10 }, () => as(node, ada.access_token, 'GET', '/auth/me')))).every(({ statusCode }) => statusCode === 200), 5000)
  t.comment(`refreshed ${took} ms after all connections had died`)
  t.ok(took < 7000, `refreshed after ${took} ms`)
})

t.test('a server that closes connections at once is not retried without pause', async t => {
  const stores = await deploy(t, settings)
  const proxy = await openProxy(t, stores.DATABASE_URL)
  await start(t, { ...stores, DATABASE_URL: proxy.url })

  proxy.shut()
  const before = proxy.accepted
  await during(2000, async () => {})
  t.comment(`${(proxy.accepted - before) / 2} connections a second`)
  t.ok(proxy.accepted - before < 400, `${proxy.accepted - before} connections in two seconds`)
})
