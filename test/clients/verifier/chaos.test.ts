import t from 'tap'
import type { Test } from 'tap'
import { setTimeout as pause } from 'node:timers/promises'
import { defaultDeadline, openProxy } from '../../failure/nodes.ts'
import { as, deploy, signIn, start } from '../../support/helper.ts'
import { until } from '../../support/until.ts'
import { makeVerifier, openBalancer, verdict } from './world.ts'

/** The shortest time (ms) that a verifier takes. */
const staleAfter = 3000
const limitMs = 20_000

const deployment = await deploy(t, defaultDeadline)
const healthy = await start(t, deployment, { workers: false })

t.test('its node is killed: it goes on at another one, and accepts nothing that has ended', async t => {
  const { balancer, verifier, ada } = await open(t)
  const ending = endedDuring(t, verifier, ada.access_token, async () => {
    await balancer.point(healthy)
    balancer.cut()
  })
  t.equal(await ending, 'session_ended signed_out')
})

t.test('its stream freezes and nobody closes it: it refuses in time, and knows better afterwards', async t => {
  const { balancer, verifier, ada, grace } = await open(t)
  t.equal(await endedDuring(t, verifier, ada.access_token, () => balancer.freeze()), 'unavailable')
  t.equal(await verdict(verifier, grace.access_token), 'unavailable', 'nobody is let in, and nobody is told to sign in')

  balancer.thaw()
  await until(async () => await verdict(verifier, ada.access_token) === 'session_ended signed_out', limitMs)
  t.equal(await verdict(verifier, grace.access_token), 'fine')
})

t.test('the Postgres of its node stalls: the node falls silent, and the verifier refuses in time', async t => {
  const proxy = await openProxy(t, deployment.DATABASE_URL)
  const { verifier, ada, grace } = await open(t, { ...deployment, DATABASE_URL: proxy.url })
  t.equal(await endedDuring(t, verifier, ada.access_token, () => proxy.swallow()), 'unavailable')

  proxy.restore()
  await until(async () => await verdict(verifier, ada.access_token) === 'session_ended signed_out', limitMs)
  await until(async () => await verdict(verifier, grace.access_token) === 'fine', limitMs)
})

t.test('the Redis of its node is gone: the verifier hears in time all the same', async t => {
  const proxy = await openProxy(t, deployment.REDIS_URL)
  const { verifier, ada } = await open(t, { ...deployment, REDIS_URL: proxy.url })
  t.equal(await endedDuring(t, verifier, ada.access_token, () => proxy.cut()), 'session_ended signed_out')
})

/** A verifier that follows a node of its own through a balancer, and two sessions. */
async function open (t: Test, settings = deployment) {
  const [node, balancer] = [await start(t, settings, { workers: false }), await openBalancer(t)]
  const [ada, grace] = [await signIn(healthy), await signIn(healthy)]
  await balancer.point(node)
  const verifier = await makeVerifier(t, healthy, { baseUrl: balancer.url, staleAfter })
  await verifier.start()
  t.equal(await verdict(verifier, ada.access_token), 'fine')
  return { balancer, verifier, ada, grace }
}

/**
 * Lets something fail, ends the session elsewhere, and judges its token without a pause until it is refused. Asserts
 * the latest moment at which the ended token was accepted, and returns the verdict after it.
 */
async function endedDuring (t: Test, verifier: Parameters<typeof verdict>[0], token: string, fail: () => unknown) {
  await fail()
  const answer = await as(healthy, token, 'POST', '/auth/logout')
  t.equal(answer.statusCode, 204)
  const ended = performance.now()

  for (let acceptedAt = ended; ;) {
    const judgedAt = performance.now()
    const outcome = await verdict(verifier, token)
    if (outcome === 'fine') acceptedAt = judgedAt
    else {
      const late = Math.round(acceptedAt - ended)
      t.comment(`accepted for the last time ${late} ms after its end, then ${outcome}`)
      t.ok(late <= staleAfter, `accepted for the last time ${late} ms after its end`)
      return outcome
    }
    if (judgedAt - ended > limitMs) throw new Error('it is still accepted')
    await pause(5)
  }
}
