import { randomUUID } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import { as, deploy, post, refresh, retryUnavailable, signIn, signUp, start } from '../support/helper.ts'
import type { Tokens } from '../support/helper.ts'
import { until } from '../support/until.ts'
import { check, during, isUnavailable, live, login, openProxy, outcomeOf, ownPostgres, timed } from './nodes.ts'

/** No grace at all, so a token that was used up by a refresh which answered 503 would be taken for a replay. */
const settings = { REFRESH_GRACE: '0s', REFRESH_RESUME: 'false', DB_POOL_MAX: '5' }

t.test('nodes survive every fault of their Postgres', async t => {
  const { postgres, settings: stores } = await ownPostgres(t, process.env['LATCHKEY_TEST_REDIS_URL'] ?? '')
  const proxy = await openProxy(t, stores.DATABASE_URL)
  const deployment = await deploy(t, { ...stores, ...settings, DATABASE_URL: proxy.url })
  const nodes = [await start(t, deployment), await start(t, deployment)] as const

  const faults: [string, number, () => unknown, () => unknown][] = [
    ['frozen', 3000, () => postgres.freeze(), () => postgres.thaw()],
    ['killed and started again', 2500, () => postgres.kill(), () => postgres.start()],
    ['behind a connection that swallows what is sent', 5000, () => proxy.swallow(), () => proxy.restore()],
    ['behind a server that closes connections at once', 2500, () => proxy.shut(), () => proxy.restore()]
  ]
  for (const [name, milliseconds, fail, mend] of faults) {
    await t.test(`${name}, uses up no token and comes back by itself`, t => survives(t, nodes, milliseconds, { fail, mend }))
  }

  await t.test('frozen between two statements of a request, answers in time and continues', async t => {
    const ada = await signUp(nodes[0])
    await Promise.all(Array.from({ length: 20 }, async (_, turn) => {
      if (turn === 10) postgres.freeze()
      const { answer, took } = await timed(() => login(nodes[turn % 2] ?? nodes[0], ada))
      t.ok([200, 503].includes(answer.statusCode), `login answers ${answer.statusCode}`)
      t.ok(took < 5000, `after ${took} ms`)
    }))
    postgres.thaw()
    await until(async () => (await login(nodes[0], ada)).statusCode === 200, 3000)
  })

  await t.test('killed in the middle of a transaction, ends that and not the node', async t => {
    const { database } = nodes[0]
    await until(async () => await refreshable(nodes[0]))
    let begun = 0
    let isKilled = false
    const transactions = Promise.allSettled([
      database.begin(async tx => { await tx`select ${1}::int`; begun++; return await tx`select pg_sleep(${1})` }),
      database.begin(async tx => { await tx`select ${1}::int`; begun++; await until(() => isKilled); return await tx`select ${2}::int` })
    ])
    await until(() => begun === 2)
    await postgres.kill()
    isKilled = true
    const [lost, late] = await transactions
    t.match(lost, { status: 'rejected', reason: { code: 'unavailable' } }, 'during a statement')
    t.match(late, { status: 'rejected', reason: { code: 'unavailable' } }, 'between two')

    await postgres.start()
    await until(async () => await refreshable(nodes[0]))
  })

  await t.test('killed again and again under load, breaks no node', async t => {
    const users = await Promise.all(Array.from({ length: 8 }, () => signIn(nodes[0])))
    let isOver = false
    t.teardown(() => { isOver = true })
    const clients = users.map((tokens, place) => insist(tokens, nodes[place % 2] ?? nodes[0], () => isOver))

    for (let round = 0; round < 2; round++) {
      await postgres.kill()
      await postgres.start()
      t.comment(`both nodes serve ${await Promise.all(nodes.map(node => until(async () => (await refreshable(node)), 8000)))} ms after start ${round + 1}`)
    }
    isOver = true
    for (const { outcomes, newest } of await Promise.all(clients)) {
      t.strictSame([...outcomes].filter(outcome => !/^(200|503 unavailable)$/.test(outcome)), [], 'only 200 and 503')
      t.match(await retryUnavailable(() => refresh(nodes[1], newest)), { statusCode: 200 }, 'still signed in')
    }
  })
})

type Node = Awaited<ReturnType<typeof start>>

async function survives (
  t: Test,
  [first, second]: readonly [Node, Node],
  milliseconds: number,
  { fail, mend }: { fail: () => unknown, mend: () => unknown }
) {
  const ada = await signUp(first)
  const [phone, laptop, tablet] = [await signIn(first, ada), await signIn(second, ada), await signIn(first, ada)]
  let isOver = false
  t.teardown(() => { isOver = true })
  // Refreshes continue during the failure, each client with the newest token that it was given.
  const clients = [insist(tablet, first, () => isOver), insist(await signIn(second), second, () => isOver)]

  await fail()
  const started = performance.now()
  await isRefusedEverywhere(t, first, phone)
  await isRefusedEverywhere(t, second, laptop)
  await during(Math.max(0, started + milliseconds - performance.now()), async () => {
    await isUnavailable(t, 'refresh', () => refresh(first, phone.refresh_token))
    t.match(await live(first), { statusCode: 200 })
  })
  await until(async () => (await check(first, phone.access_token)).statusCode === 503, 3100)

  await mend()
  const [refreshed, checked] = await Promise.all([
    until(async () => (await refreshable(first)) && (await refreshable(second)), 8000),
    until(async () => (await check(first, phone.access_token)).statusCode === 204 &&
      (await check(second, laptop.access_token)).statusCode === 204, 8000)
  ])
  t.comment(`refresh ${refreshed} ms and check ${checked} ms after it is back`)
  t.ok(refreshed < 3000, `served again after ${refreshed} ms`)

  for (const [node, tokens] of [[first, phone], [second, laptop]] as const) {
    let answer = await refresh(node, tokens.refresh_token)
    if (answer.statusCode === 503) answer = await refresh(node, tokens.refresh_token)
    t.equal(outcomeOf(answer), '200', 'the same token works')
  }
  isOver = true
  for (const { outcomes, newest } of await Promise.all(clients)) {
    t.strictSame([...outcomes].filter(outcome => !/^(200|503 unavailable)$/.test(outcome)), [], 'refreshes were answered 200 or 503 and nothing else')
    t.match(await refresh(second, newest), { statusCode: 200 }, 'who went on refreshing is still signed in')
  }
  const [{ ended } = { ended: -1 }] = await first.database<{ ended: number }>`select count(*)::int as ended from sessions where ended_at is not null and user_id = ${ada.user.id}`
  t.equal(ended, 0, 'no session has ended')
}

async function refreshable (node: Node) {
  return (await refresh(node, 'x'.repeat(80))).statusCode === 401 && await node.database.ping().then(() => true, () => false)
}

/** A client that refreshes again and again, with the newest token it has been given. */
async function insist (tokens: Tokens, node: Node, isOver: () => boolean) {
  const outcomes = new Set<string>()
  let newest = tokens.refresh_token

  while (!isOver()) {
    const answer = await refresh(node, newest)
    outcomes.add(outcomeOf(answer))
    if (answer.statusCode === 200) newest = answer.json().refresh_token
    await until(() => true)
    await during(1, async () => {})
  }
  return { outcomes, newest }
}

/** Every route that needs Postgres, one by one, also with the pool already full of hanging statements. */
async function isRefusedEverywhere (t: Test, node: Node, { access_token: access, refresh_token: token }: Tokens) {
  const email = `${randomUUID()}@example.com`
  const password = 'a long walk through wet leaves'
  const id = randomUUID()
  const asks: [string, () => ReturnType<typeof post>][] = [
    ['verify-email', () => post(node, '/auth/verify-email', { registration_id: id, code: '123456' })],
    ['resend', () => post(node, '/auth/verify-email/resend', { registration_id: id })],
    ['login', () => login(node, { email, password })],
    ['refresh', () => refresh(node, token)],
    ['logout with a refresh token', () => post(node, '/auth/logout', { refresh_token: token })],
    ['logout', () => as(node, access, 'POST', '/auth/logout', { scope: 'everywhere' })],
    ['reauthenticate', () => as(node, access, 'POST', '/auth/reauthenticate', { password })],
    ['me', () => as(node, access, 'GET', '/auth/me')],
    ['update me', () => as(node, access, 'PATCH', '/auth/me', { full_name: 'Ada' })],
    ['sessions', () => as(node, access, 'GET', '/auth/sessions')],
    ['end of a session', () => as(node, access, 'DELETE', `/auth/sessions/${id}`)]
  ]
  // A hash comes first, and on a machine that is busy with other tests it takes a while.
  const register = isUnavailable(t, 'register', () => post(node, '/auth/register', { email, password, full_name: 'Ada King' }), 3000)
  await Promise.all([register, ...[...asks, ...asks].map(([name, ask]) => isUnavailable(t, name, ask))])
  t.match(await node.inject({ method: 'GET', url: '/.well-known/jwks.json' }), { statusCode: 200 }, 'keys are in memory')
}
