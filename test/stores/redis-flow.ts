import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { check, outcomeOf } from '../failure/nodes.ts'
import { cheapHasher } from '../support/hashers.ts'
import { api, as, deploy, freshAddress, post, refresh, signIn, signUp, start } from '../support/helper.ts'
import { until } from '../support/until.ts'

/** Two nodes of one deployment on the given Redis. */
export async function twoNodes (t: Pick<Test, 'teardown'>, settings: Record<string, string>) {
  const deployment = await deploy(t, settings)
  return [
    await start(t, deployment, { hasher: cheapHasher }), await start(t, deployment, { hasher: cheapHasher })
  ] as const
}

/** Everything for which a deployment uses Redis, from registration to the last session's end. */
export async function wholeFlow (t: Test, url: string) {
  const [first, second] = await twoNodes(t, { REDIS_URL: url, RATE_LIMITS_ENABLED: 'true', RATE_LIMIT_REGISTER: '100/1h', RATE_LIMIT_LOGIN: '30/15m', RATE_LIMIT_REFRESH: '5/15m' })

  await t.test('sessions begin, continue from node to node and end', async t => {
    const people = await Promise.all(Array.from({ length: 6 }, () => signUp(first)))
    await Promise.all(people.map(async person => {
      const tokens = await signIn(second, person)
      const next = (await refresh(first, tokens.refresh_token)).json()
      t.match(await refresh(second, next.refresh_token), { statusCode: 200 })
      t.match(await refresh(first, tokens.refresh_token), { statusCode: 200 }, 'an answer that was lost is given again')
      t.match(await as(second, next.access_token, 'POST', '/auth/logout'), { statusCode: 204 })
      t.equal(outcomeOf(await refresh(second, next.refresh_token)), '401 session_ended signed_out')
    }))
  })

  await t.test('a node wakes the other', async t => {
    const tokens = await signIn(first)
    let woken = 0
    const { read } = second.feed
    second.feed.read = () => { woken++; return read() }

    await as(first, tokens.access_token, 'POST', '/auth/logout')
    await until(async () => (await check(second, tokens.access_token)).statusCode === 401)
    await until(() => woken > 0)
    t.ok(woken > 0)
  })

  await t.test('five wrong passwords lock a bucket, on both nodes', async t => {
    const ada = await signUp(first)
    const guesses = await Promise.all(Array.from({ length: 12 }, (_, n) => post(n % 2 ? first : second, '/auth/login', { email: ada.email, password: `guess ${n}` })))
    t.equal(guesses.filter(guess => outcomeOf(guess) === '401 invalid_credentials').length, 5)
    for (const node of [first, second]) t.equal(outcomeOf(await post(node, '/auth/login', { email: ada.email, password: ada.password })), '429 too_many_attempts')
  })

  await t.test('limits are exact across nodes', async t => {
    const guesses = await Promise.all(Array.from({ length: 40 }, (_, n) => (n % 2 ? first : second).inject({ method: 'POST', url: api('/auth/login'), remoteAddress: '203.0.113.9', payload: { email: freshAddress(), password: 'a guess' } })))
    t.equal(guesses.filter(guess => outcomeOf(guess) === '429 rate_limited').length, 10)

    let { refresh_token: newest } = await signIn(first)
    for (let n = 0; n < 5; n++) newest = (await refresh(n % 2 ? first : second, newest)).json().refresh_token
    t.equal(outcomeOf(await refresh(first, newest)), '429 rate_limited')
  })
}

/** Sessions that are held, one that has ended, and an account whose bucket is locked. */
export async function prepare (node: FastifyInstance) {
  const ada = await signUp(node)
  const [locked, ended] = [await signUp(node), await signIn(node, ada)]
  const held = await Promise.all(Array.from({ length: 24 }, () => signIn(node, ada)))
  const gone = await signIn(node, ada)

  await as(node, gone.access_token, 'POST', '/auth/logout')
  for (let n = 0; n < 5; n++) await post(node, '/auth/login', { email: locked.email, password: `guess ${n}` })
  return { ada, locked, held, ended, gone }
}

/** Asserts that held sessions continue, ended ones stay ended, and nobody else has been signed out. */
export async function showAftermath (
  t: Test,
  nodes: readonly [FastifyInstance, FastifyInstance],
  { ada, locked, held, ended, gone }: Awaited<ReturnType<typeof prepare>>
) {
  const [node, other] = nodes

  for (const [n, tokens] of held.entries()) {
    const next = await refresh(n % 2 ? node : other, tokens.refresh_token)
    t.match(next, { statusCode: 200 }, `session ${n} goes on`)
    t.match(await refresh(node, next.json().refresh_token), { statusCode: 200 })
  }
  for (const each of nodes) {
    t.equal(outcomeOf(await refresh(each, gone.refresh_token)), '401 session_ended signed_out', 'what had ended before')
    t.equal(outcomeOf(await refresh(each, ended.refresh_token)), '401 session_ended signed_out', 'what ended meanwhile')
    t.match(await check(each, ended.access_token), { statusCode: 401 })
    t.equal(outcomeOf(await post(each, '/auth/login', { email: locked.email, password: locked.password })), '429 too_many_attempts', 'a bucket that was locked')
  }
  t.match(await post(node, '/auth/login', { email: ada.email, password: ada.password }), { statusCode: 200 })
  const [{ count } = { count: -1 }] = await node.database<{ count: number }>`select count(*)::int as count from sessions where user_id = ${ada.user.id} and ended_at is not null`
  t.equal(count, 2, 'nobody was signed out')
}
