import { sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { createClock } from '../../lib/clock.ts'
import { signed } from '../support/accounts/people.ts'
import { freshRole, putRole } from '../support/accounts/roles.ts'
import { operator } from '../support/accounts/services.ts'
import { connect } from '../support/database.ts'
import { as, deploy, post, refresh, signIn, signUp, start } from '../support/helper.ts'
import { until } from '../support/until.ts'
import { check, claimsOf, defaultDeadline, isUnavailable, live, openProxy, outcomeOf, timed } from './nodes.ts'

t.test('a row that commits late, behind hundreds of later ones, is not missed', async t => {
  const deployment = await deploy(t)
  const nodes = [await start(t, deployment), await start(t, deployment)] as const
  const sql = connect(t, deployment.DATABASE_URL)
  const ada = await signIn(nodes[0])
  const marker = await signIn(nodes[0])
  let commit = () => {}
  const committed = new Promise<void>(resolve => { commit = resolve })
  let written = () => {}
  const isWritten = new Promise<void>(resolve => { written = resolve })

  const late = sql.begin(async tx => {
    await tx`update sessions set ended_at = now(), ended_reason = 'evicted' where id = ${ada.session.id}`
    await tx`insert into changes (kind, subject_id, reason) values ('session_ended', ${ada.session.id}, 'evicted')`
    written()
    await committed
  })
  await isWritten
  // Each row in a transaction of its own, so that the reads in between see the gap.
  for (let row = 0; row < 300; row++) await sql`insert into changes (kind, subject_id, reason) values ('session_ended', gen_random_uuid(), 'evicted')`
  await sql`insert into changes (kind, subject_id, reason) values ('session_ended', ${marker.session.id}, 'evicted')`
  for (const node of nodes) await until(async () => (await check(node, marker.access_token)).statusCode === 401, 1500)
  for (const node of nodes) t.match(await check(node, ada.access_token), { statusCode: 204 }, 'nothing is told before its commit')

  commit()
  await late
  const times = await Promise.all(nodes.map(node => until(async () => outcomeOf(await check(node, ada.access_token)) === '401 session_ended evicted', 1500)))
  for (const took of times) t.ok(took < 1000, `refused after ${took} ms`)
  t.comment(`refused ${times.join(' and ')} ms after the late commit`)
})

for (const kind of ['cut', 'swallow', 'shut'] as const) {
  t.test(`a node whose connection to Postgres is ${kind} answers 503 after three seconds, and is exact when it returns`, async t => {
    const deployment = await deploy(t, defaultDeadline)
    const proxy = await openProxy(t, deployment.DATABASE_URL)
    const near = await start(t, deployment)
    const far = await start(t, { ...deployment, DATABASE_URL: proxy.url })
    const ada = await signUp(near)
    const [gone, left, kept] = [await signIn(near, ada), await signIn(near, ada), await signIn(near)]
    t.match(await check(far, gone.access_token), { statusCode: 204 })

    proxy[kind]()
    await post(near, '/auth/logout', { refresh_token: gone.refresh_token })
    await as(near, left.access_token, 'POST', '/auth/logout', { scope: 'everywhere' })
    const blind = await until(async () => (await check(far, gone.access_token)).statusCode !== 204, 4000)
    t.ok(blind <= 3200, `it knows after ${blind} ms that it may not know`)
    for (const tokens of [gone, left, kept]) {
      await isUnavailable(t, 'check', () => check(far, tokens.access_token))
      await isUnavailable(t, 'me', () => as(far, tokens.access_token, 'GET', '/auth/me'))
      await isUnavailable(t, 'refresh', () => refresh(far, tokens.refresh_token))
    }
    t.match(await live(far), { statusCode: 200 })
    t.match(await check(near, kept.access_token), { statusCode: 204 }, 'the other node goes on')

    proxy.restore()
    const first = await Promise.all([gone, left, kept].map(tokens => firstAnswer(far, tokens.access_token)))
    t.same(first.map(({ outcome }) => outcome), ['401 session_ended signed_out', '401 session_ended signed_out', '204'], 'the first answer is right')
    const returned = await until(async () => (await refresh(far, kept.refresh_token)).statusCode === 200, 8000)
    t.comment(`${kind}: 503 from ${blind} ms on; access tokens judged ${Math.max(...first.map(({ took }) => took))} ms after the return, refreshed ${returned} ms later`)
    t.equal(outcomeOf(await refresh(far, gone.refresh_token)), '401 session_ended signed_out')
  })
}

t.test('a node that comes back after longer than the feed lasts goes by no role and no key of before', async t => {
  const deployment = await deploy(t, defaultDeadline)
  const near = await start(t, deployment, { workers: false })
  const proxy = await openProxy(t, deployment.DATABASE_URL)
  const clock = Object.assign(createClock(), { ahead: 0 })
  clock.monotonic = () => performance.now() + clock.ahead
  const far = await start(t, { ...deployment, DATABASE_URL: proxy.url }, { workers: false, clock })
  const sql = connect(t, deployment.DATABASE_DIRECT_URL)
  const [ada, root, role] = [await signIn(near), await signed(near, 'super_admin'), freshRole()]
  const { kid, privateKey } = near.keyring.current.signing ?? {}
  if (!privateKey) throw new Error('there is no key')
  await putRole(near, root.access_token, role, { permissions: ['users:read'] })
  await until(() => far.roles.may(role, 'users:read'))
  const forged = () => forge(privateKey, { kid, claims: { ...claimsOf(ada.access_token), epoch: [99, 99], ver: 99 } })
  t.equal(outcomeOf(await check(far, forged())), '204', 'the forger has the key')

  proxy.cut()
  await putRole(near, root.access_token, role, { permissions: [] })
  await near.signingKeys.replace(operator)
  await sql`update changes set at = at - interval '90 minutes'`
  clock.ahead = 90 * 60_000
  const lock = await lockTables(sql)
  proxy.restore()
  await until(async () => { await far.feed.read().catch(() => {}); return far.feed.isFresh() }, 20_000)
  t.throws(() => far.roles.may(role, 'users:read'), { code: 'unavailable' }, 'not even before they are read')
  await isUnavailable(t, 'a token of the old key', () => check(far, forged()))

  await lock.release()
  await until(() => may(far, role) !== 'unavailable')
  t.equal(may(far, role), false)
  await until(async () => (await check(far, forged())).statusCode !== 503)
  t.equal(outcomeOf(await check(far, forged())), '401 invalid_token')
  t.equal(outcomeOf(await check(far, (await signIn(near)).access_token)), '204', 'and the new key is known')
})

t.test('a node whose clock is wrong answers 503 instead of judging a token', async t => {
  const deployment = await deploy(t)
  const right = await start(t, deployment)
  const ada = await signIn(right)

  for (const [skew, isRight] of [[14_000, true], [-14_000, true], [16_500, false], [-16_500, false]] as const) {
    const node = await start(t, deployment, { clock: wrongClock(skew) })
    if (isRight) t.match(await check(node, ada.access_token), { statusCode: 204 }, `${skew} ms off`)
    else await isUnavailable(t, `check on a node that is ${skew} ms off`, () => check(node, ada.access_token))
    t.match(await live(node), { statusCode: 200 })
  }
})

/** Keeps everybody from reading roles and keys, as a slow database would. */
async function lockTables (sql: ReturnType<typeof connect>) {
  let release = () => {}
  const released = new Promise<void>(resolve => { release = resolve })
  let transaction = Promise.resolve()
  await new Promise<void>((resolve, reject) => {
    transaction = sql.begin(async tx => {
      await tx`lock table roles, signing_keys in access exclusive mode`
      resolve()
      await released
    }).then(() => {}, reject)
  })
  return { release: async () => { release(); await transaction } }
}

/** Whether a role may read users at a node, or that the node does not know. */
function may (node: FastifyInstance, role: string) {
  try {
    return node.roles.may(role, 'users:read')
  } catch (error) {
    return (error as { code: string }).code
  }
}

/** A token of now, signed with a stolen key. */
function forge (key: KeyObject, { kid, claims }: { kid: string | undefined, claims: object }) {
  const now = Math.floor(Date.now() / 1000)
  const input = [{ alg: 'ES256', typ: 'at+jwt', kid }, { ...claims, iat: now, exp: now + 900 }].map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

async function firstAnswer (node: Awaited<ReturnType<typeof start>>, token: string) {
  let outcome = ''
  const { took } = await timed(() => until(async () => {
    outcome = outcomeOf(await check(node, token))
    return !outcome.startsWith('503')
  }, 10_000))
  return { outcome, took }
}

function wrongClock (skew: number) {
  const clock = createClock()
  return Object.defineProperty({ ...clock, now: () => clock.now() + skew }, 'offset', { get: () => clock.offset })
}
