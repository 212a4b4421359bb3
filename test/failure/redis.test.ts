import { Redis } from 'ioredis'
import t from 'tap'
import type { Test } from 'tap'
import { as, deploy, post, refresh, signIn, signUp, start } from '../support/helper.ts'
import type { Tokens } from '../support/helper.ts'
import { until } from '../support/until.ts'
import { check, claimsOf, defaultDeadline, during, isUnavailable, live, login, openProxy, outcomeOf, ownRedis } from './nodes.ts'

t.test('a Redis that restarts without its last writes signs nobody out', async t => {
  const { nodes: [first, second], server, command } = await twoNodes(t)

  await t.test('loses no holder of the newest token: its signature proves it', async t => {
    const ada = await signIn(first)
    const once = await renewed(first, ada.refresh_token)
    await command('save')
    const twice = await renewed(second, once.refresh_token)
    const newest = await renewed(first, twice.refresh_token)
    await restart(t)

    const after = await renewed(second, newest.refresh_token)
    t.equal(claimsOf(after.access_token).sid, ada.session.id)
    t.same(await anomalies(ada), ['fast_forward'], 'an audit event tells of it, once')
    t.match(await refresh(first, after.refresh_token), { statusCode: 200 })
    t.match(await refresh(first, newest.refresh_token), { statusCode: 200 }, 'a tab that is one behind is forgiven')
  })

  await t.test('loses no holder of the token of the older record', async t => {
    const ada = await signIn(first)
    const once = await renewed(first, ada.refresh_token)
    await command('save')
    await renewed(second, once.refresh_token)
    await restart(t)

    const again = await renewed(second, once.refresh_token)
    t.match(await refresh(first, again.refresh_token), { statusCode: 200 })
    t.match(await check(first, again.access_token), { statusCode: 204 })
  })

  await t.test('revives nothing that ended meanwhile', async t => {
    const ada = await signUp(first)
    const [out, deleted, left, other] = [
      await signIn(first, ada), await signIn(first, ada), await signIn(second, ada), await signIn(second)
    ]
    await command('save')
    const newest = await renewed(first, out.refresh_token)
    await as(first, newest.access_token, 'POST', '/auth/logout')
    await as(second, left.access_token, 'DELETE', `/auth/sessions/${deleted.session.id}`)
    await as(second, left.access_token, 'POST', '/auth/logout', { scope: 'everywhere' })
    await restart(t)
    await until(async () => (await check(second, newest.access_token)).statusCode === 401 &&
      (await check(first, left.access_token)).statusCode === 401, 1000)

    for (const node of [first, second]) {
      for (const [tokens, reason] of [[out, 'signed_out'], [newest, 'signed_out'], [deleted, 'revoked_by_user'], [left, 'signed_out']] as const) {
        t.match(await check(node, tokens.access_token), { statusCode: 401 })
        // Of two causes from two nodes the later may arrive first.
        await until(async () => outcomeOf(await check(node, tokens.access_token)) === `401 session_ended ${reason}`, 1000)
        t.equal(outcomeOf(await refresh(node, tokens.refresh_token)), `401 session_ended ${reason}`)
      }
    }
    t.match(await refresh(first, other.refresh_token), { statusCode: 200 }, 'somebody else is not touched')
  })

  async function restart (t: Test) {
    await server.kill()
    await server.start()
    t.comment(`Redis is back on both nodes after ${await untilServed(first)} and ${await untilServed(second)} ms`)
  }

  async function anomalies ({ session }: Tokens) {
    const rows = await first.database<{ reason: string }>`select reason from audit_events where event = 'authn_token_anomaly' and session_id = ${session.id}`
    return rows.map(({ reason }) => reason)
  }
})

t.test('a Redis that is frozen for ten seconds signs nobody out', async t => {
  const { nodes, server } = await twoNodes(t)
  await survives(t, nodes, 10_000, { fail: () => server.freeze(), mend: () => server.thaw() })
})

t.test('a Redis that is killed and started again signs nobody out', async t => {
  const { nodes, server } = await twoNodes(t)
  await survives(t, nodes, 3000, { fail: () => server.kill(), mend: () => server.start() })
})

t.test('a connection to Redis that swallows what is sent signs nobody out', async t => {
  const { nodes, proxy } = await twoNodes(t)
  await survives(t, nodes, 3000, { fail: () => proxy.swallow(), mend: () => proxy.restore() })
})

t.test('a connection to Redis that is cut signs nobody out', async t => {
  const { nodes, proxy } = await twoNodes(t)
  await survives(t, nodes, 3000, { fail: () => proxy.cut(), mend: () => proxy.restore() })
})

type Nodes = Awaited<ReturnType<typeof twoNodes>>['nodes']

async function twoNodes (t: Pick<Test, 'teardown'>) {
  const server = await ownRedis(t)
  const proxy = await openProxy(t, server.redisUrl)
  const deployment = await deploy(t, { ...defaultDeadline, REDIS_URL: proxy.url })
  const nodes = [await start(t, deployment), await start(t, deployment)] as const

  return { nodes, server, proxy, command }

  async function command (name: 'save') {
    const redis = new Redis(server.redisUrl)
    await redis.call(name)
    redis.disconnect()
  }
}

/** While Redis is away some requests wait and the others are answered; afterwards every session continues. */
async function survives (
  t: Test,
  [first, second]: Nodes,
  milliseconds: number,
  { fail, mend }: { fail: () => unknown, mend: () => unknown }
) {
  const ada = await signUp(first)
  const kept = [await signIn(first, ada), await signIn(second, ada), await signIn(first, ada)] as const
  const [phone, laptop, gone] = kept

  await fail()
  await during(milliseconds, async () => {
    await Promise.all([first, second].flatMap(node => [
      isUnavailable(t, 'refresh', () => refresh(node, phone.refresh_token)),
      isUnavailable(t, 'login', () => login(node, ada)),
      isUnavailable(t, 'reauthenticate', () => as(node, laptop.access_token, 'POST', '/auth/reauthenticate', { password: ada.password })),
      ...kept.slice(0, 2).map(async tokens => t.match(await check(node, tokens.access_token), { statusCode: 204 }, 'check goes on')),
      as(node, phone.access_token, 'GET', '/auth/me').then(answer => t.match(answer, { statusCode: 200 }, 'me goes on')),
      live(node).then(answer => t.match(answer, { statusCode: 200 }, 'live'))
    ]))
  })
  t.match(await as(first, gone.access_token, 'POST', '/auth/logout'), { statusCode: 204 }, 'a session can be ended meanwhile')
  t.ok(await until(async () => (await check(second, gone.access_token)).statusCode === 401, 1500) <= 1000, 'and the other node hears of it within a second')

  await mend()
  t.comment(`refreshed again after ${await untilServed(first)} and ${await untilServed(second)} ms`)
  for (const [node, tokens] of [[first, phone], [second, laptop]] as const) {
    const next = await renewed(node, tokens.refresh_token)
    t.match(await check(first, next.access_token), { statusCode: 204 })
    t.match(await check(second, tokens.access_token), { statusCode: 204 }, 'the old access token, too')
  }
  t.equal(outcomeOf(await refresh(second, gone.refresh_token)), '401 session_ended signed_out')
  t.match(await login(first, ada), { statusCode: 200 })

  const [{ ended } = { ended: -1 }] = await first.database<{ ended: number }>`select count(*)::int as ended from sessions where user_id = ${ada.user.id} and ended_at is not null`
  t.equal(ended, 1, 'no other session has ended')
}

async function untilServed (node: Nodes[number]) {
  return await until(async () => {
    try { return await node.scripts.ping() > 0 } catch { return false }
  }, 8000)
}

async function renewed (node: Nodes[number], token: string): Promise<Tokens> {
  const { statusCode, body } = await post(node, '/auth/refresh', { refresh_token: token })
  if (statusCode !== 200) throw new Error(`refresh answered ${statusCode}: ${body}`)
  return JSON.parse(body)
}
