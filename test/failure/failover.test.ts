import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { enter, signed } from '../support/accounts/people.ts'
import { freshRole, putRole } from '../support/accounts/roles.ts'
import { connect } from '../support/database.ts'
import { as, deploy, post, refresh, retryUnavailable, signIn, start } from '../support/helper.ts'
import { until } from '../support/until.ts'
import { check, login, outcomeOf, ownPostgres } from './nodes.ts'

t.test('a node forgets what its Postgres has lost by failing over, and what it had ended itself stays ended', async t => {
  const standby = await laggingStandby(t)
  const node = await start(t, standby.deployment)
  const root = await signed(node, 'super_admin')
  const [ada, bob, cem] = [await signed(node), await signed(node), await signed(node)]
  const [role, lostRole] = [freshRole(), freshRole()]
  await putRole(node, root.access_token, role, { permissions: [] })
  const gone = await signIn(node, cem)

  await standby.fallBehind()
  const lost = async (answer: ReturnType<typeof as>) => t.match(await answer, { statusCode: /^2/ })
  await until(async () => (await refresh(node, root.refresh_token)).statusCode === 200, 8000)
  const chief = await enter(node, root)
  await lost(post(node, '/auth/logout', { refresh_token: gone.refresh_token }))
  await lost(as(node, (await enter(node, bob)).access_token, 'POST', '/auth/password/change', { current_password: bob.password, new_password: 'vj xh pf wq zk' }))
  await lost(as(node, ada.access_token, 'PATCH', '/auth/me', { full_name: 'Lost Name' }))
  await lost(putRole(node, chief.access_token, role, { permissions: ['users:read'] }))
  await lost(putRole(node, chief.access_token, lostRole, { permissions: [] }))
  t.match((await as(node, ada.access_token, 'GET', '/auth/me')).json(), { user: { full_name: 'Lost Name' } })
  await lost(as(node, chief.access_token, 'POST', '/admin/sign-out-everyone'))
  t.equal(outcomeOf(await check(node, ada.access_token)), '401 session_ended everyone_signed_out')

  await standby.takeOver()
  const back = await until(async () => (await check(node, ada.access_token)).statusCode === 204, 10_000)
  t.comment(`judged by the new server's data ${back} ms after it answers`)

  for (const who of [ada, bob, cem, root]) {
    t.equal(outcomeOf(await check(node, who.access_token)), '204', 'the session from before')
    const renewed = await retryUnavailable(() => refresh(node, who.refresh_token))
    t.equal(outcomeOf(renewed), '200', 'goes on')
    t.equal(outcomeOf(await check(node, renewed.json().access_token)), '204')
    const again = await login(node, who)
    t.equal(outcomeOf(again), '200', 'and the password from before signs in')
    t.equal(outcomeOf(await check(node, again.json().access_token)), '204')
  }
  t.equal(outcomeOf(await check(node, gone.access_token)), '401 session_ended signed_out', 'this node has heard of it')
  const { full_name: name } = (await as(node, ada.access_token, 'GET', '/auth/me')).json().user
  t.not(name, 'Lost Name', 'no profile from memory')
  await until(() => node.roles.find(lostRole) === undefined)
  t.strictSame(node.roles.find(role)?.permissions, [])

  const after = await enter(node, root)
  await as(node, after.access_token, 'POST', '/admin/sign-out-everyone')
  t.equal(outcomeOf(await check(node, ada.access_token)), '401 session_ended everyone_signed_out', 'what comes after it counts')
})

/**
 * A deployment whose Postgres can fall behind, as an asynchronous standby does, and take over from a primary that has
 * crashed: what was committed in between is lost. The standby is a copy of the primary's files.
 */
async function laggingStandby (t: Test) {
  const dataDir = join(mkdtempSync(join(tmpdir(), 'failover-')), 'postgres')
  const { postgres, settings } = await ownPostgres(t, process.env['LATCHKEY_TEST_REDIS_URL'] ?? '', { dataDir })
  await connect(t, settings.DATABASE_DIRECT_URL, { max: 1 })`update roles set second_factor = 'optional'`
  const [primary, standby] = [join(dataDir, 'data'), join(dataDir, 'standby')]
  return { deployment: await deploy(t, settings), fallBehind, takeOver }

  async function fallBehind () {
    await postgres.stop()
    execFileSync('cp', ['-a', primary, standby])
    await postgres.start()
  }

  async function takeOver () {
    await postgres.kill()
    rmSync(primary, { recursive: true })
    execFileSync('cp', ['-a', standby, primary])
    await postgres.start()
  }
}
