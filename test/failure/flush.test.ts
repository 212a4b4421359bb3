import { Redis } from 'ioredis'
import t from 'tap'
import type { Test } from 'tap'
import { createClock } from '../../lib/clock.ts'
import { as, deploy, password, post, refresh, signIn, signUp, start } from '../support/helper.ts'
import type { Tokens } from '../support/helper.ts'
import { until } from '../support/until.ts'
import { check, claimsOf, outcomeOf, ownRedis } from './nodes.ts'

const steps = ['login', 'a second login', 'refresh', 'refresh again', 'reauthenticate', 'list', 'logout of one', 'refresh after that', 'sign-out everywhere'] as const

t.test('a flush between any two steps signs nobody out and revives nothing', async t => {
  const nodes = await twoNodes(t)

  for (const step of steps) await t.test(`before: ${step}`, async t => live(t, nodes, name => name === step))
  await t.test('before every step', async t => live(t, nodes, () => true))
})

t.test('tabs that refresh one token around a flush keep one session', async t => {
  const { nodes: [first, second], redis } = await twoNodes(t)
  const ada = await signIn(first)
  const answers = await Promise.all(Array.from({ length: 30 }, async (_, tab) => {
    if (tab === 15) await redis.flushall()
    return await refresh(tab % 2 ? first : second, ada.refresh_token)
  }))

  t.same(new Set(answers.map(({ statusCode }) => statusCode)), new Set([200]))
  for (const answer of answers) t.match(await refresh(first, answer.json().refresh_token), { statusCode: 200 }, 'every answer goes on')
})

t.test('auth_time survives a flush, and so does the absolute end', async t => {
  const { nodes: [first, second], redis, clock } = await twoNodes(t)
  const ada = await signIn(first)
  clock.advance(3_600_000)
  await redis.flushall()
  const later = (await refresh(second, ada.refresh_token)).json() as Tokens

  t.equal(claimsOf(later.access_token).auth_time, claimsOf(ada.access_token).auth_time)
  t.equal(later.session.expires_at, ada.session.expires_at)
})

t.test('an idle session does not come back by a flush', async t => {
  const { nodes: [first], redis, clock } = await twoNodes(t)
  const ada = await signIn(first)
  clock.advance(7 * 86_400_000)
  await redis.flushall()

  t.equal(outcomeOf(await refresh(first, ada.refresh_token)), '401 session_ended idle')
})

type Nodes = Awaited<ReturnType<typeof twoNodes>>

async function twoNodes (t: Pick<Test, 'teardown'>) {
  const server = await ownRedis(t)
  const deployment = await deploy(t, { REDIS_URL: server.redisUrl })
  const redis = new Redis(server.redisUrl)
  t.teardown(() => redis.disconnect())

  const clock = createClock()
  const nodes = [await start(t, deployment, { clock }), await start(t, deployment, { clock })] as const
  return { nodes, redis, clock }
}

/**
 * One life of two sessions, every step on the other node; `flushes` lists the steps before which Redis loses
 * everything.
 */
async function live (
  t: Test,
  { nodes: [first, second], redis, clock }: Nodes,
  flushes: (step: typeof steps[number]) => boolean
) {
  const ada = await signUp(first)
  const step = async (name: typeof steps[number]) => { if (flushes(name)) await redis.flushall() }

  await step('login')
  const phone = await signIn(first, ada)
  await step('a second login')
  const laptop = await signIn(second, ada)
  await step('refresh')
  const once = await renewed(refresh(second, phone.refresh_token))
  await step('refresh again')
  const twice = await renewed(refresh(first, once.refresh_token))

  clock.advance(5000)
  await step('reauthenticate')
  const proved = await renewed(as(second, twice.access_token, 'POST', '/auth/reauthenticate', { password }))
  t.ok(claimsOf(proved.access_token).auth_time >= claimsOf(phone.access_token).auth_time + 5, 'auth_time has moved')

  await step('list')
  t.equal((await as(first, proved.access_token, 'GET', '/auth/sessions')).json().sessions.length, 2, 'both sessions live')

  await step('logout of one')
  t.match(await post(second, '/auth/logout', { refresh_token: laptop.refresh_token }), { statusCode: 204 })
  await isOver(t, laptop, 'signed_out')

  await step('refresh after that')
  const last = await renewed(refresh(first, proved.refresh_token))
  t.equal(claimsOf(last.access_token).auth_time, claimsOf(proved.access_token).auth_time, 'auth_time is kept')
  await isOver(t, laptop, 'signed_out')

  await step('sign-out everywhere')
  t.match(await as(second, last.access_token, 'POST', '/auth/logout', { scope: 'everywhere' }), { statusCode: 204 })
  for (const tokens of [phone, once, twice, proved, last]) await isOver(t, tokens, 'signed_out')

  if (flushes('sign-out everywhere')) await redis.flushall()
  for (const tokens of [phone, proved, last]) await isOver(t, tokens, 'signed_out')
  await isOver(t, laptop, 'signed_out')

  async function renewed (answer: ReturnType<typeof refresh>): Promise<Tokens> {
    const { statusCode, body } = await answer
    t.equal(statusCode, 200, `the newest token works ${statusCode === 200 ? '' : body}`)
    return JSON.parse(body)
  }

  async function isOver (t: Test, { access_token: access, refresh_token: token }: Tokens, reason: string) {
    for (const node of [first, second]) {
      await until(async () => (await check(node, access)).statusCode !== 204, 1000)
      t.equal(outcomeOf(await check(node, access)), `401 session_ended ${reason}`)
      t.equal(outcomeOf(await refresh(node, token)), `401 session_ended ${reason}`)
    }
  }
}
