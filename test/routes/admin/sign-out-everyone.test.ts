import { randomUUID } from 'node:crypto'
import t from 'tap'
import { brief, signed } from '../../support/accounts/people.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, refresh, signIn, start } from '../../support/helper.ts'
import { trail } from '../../support/trail/evidence.ts'
import { until } from '../../support/until.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
const everyone = { status: 401, code: 'session_ended', reason: 'everyone_signed_out' }

t.test('everybody is signed out in one step and told the reason', async t => {
  const [chief, ...others] = [await signed(app, 'super_admin'), await signed(app, 'admin'), await signed(app), await signed(app)]
  t.match(brief(await as(app, chief.access_token, 'POST', '/admin/sign-out-everyone')), { status: 204 })

  for (const who of [chief, ...others]) {
    t.match(brief(await as(app, who.access_token, 'GET', '/auth/me')), everyone)
    t.match(brief(await refresh(app, who.refresh_token)), everyone)
    await until(async () => (await as(other, who.access_token, 'GET', '/auth/check')).statusCode === 401)
    t.match(brief(await as(other, who.access_token, 'GET', '/auth/me')), everyone)
  }
  t.match((await trail(app, null)).at(-1), { event: 'sessions_ended', outcome: 'success', reason: 'everyone_signed_out', actorId: chief.id })
  t.ok(await signIn(app, others[0]))
})

t.test('signing everybody out needs the permission, then a recent sign-in', async t => {
  const [chief, admin] = [await signed(app, 'super_admin'), await signed(app, 'admin')]
  t.match(brief(await as(app, admin.access_token, 'POST', '/admin/sign-out-everyone')), { status: 403, code: 'forbidden' })
  app.clock.advance(10 * 60_000 + 2000)
  t.match(brief(await as(app, admin.access_token, 'POST', '/admin/sign-out-everyone')), { status: 403, code: 'forbidden' })
  t.match((await as(app, chief.access_token, 'POST', '/admin/sign-out-everyone')).json(), { status: 401, code: 'reauthentication_required', max_age: 600 })
  t.match(brief(await as(app, chief.access_token, 'GET', '/auth/me')), { status: 200 })
  t.match(brief(await as(app, chief.access_token, 'POST', '/admin/sign-out-everyone', { everyone: true })), { status: 401 })
})

t.test('what the actor may do is read again under a lock, whatever this node has heard', async t => {
  const caller = { ip: '127.0.0.1', userAgent: 'test', requestId: randomUUID() }
  const statements: Record<string, (id: string, session: string) => PromiseLike<unknown>> = {
    forbidden: id => app.database`update users set role = 'admin' where id = ${id}`,
    session_ended: id => app.database`update users set status = 'disabled' where id = ${id}`,
    vendor_suspended: id => app.database`
      with shut as (insert into vendors (name, status) values ('Shut', 'suspended') returning id)
      update users set vendor_id = (select id from shut) where id = ${id}`,
    invalid_token: (_, session) => app.database`
      update sessions set ended_at = now(), ended_reason = 'revoked_by_admin' where id = ${session}`
  }
  const epoch = async () => await app.database`select session_epoch from deployment`
  const before = await epoch()

  for (const [code, change] of Object.entries(statements)) {
    const chief = await signed(app, 'super_admin')
    await change(chief.id, chief.session.id)
    t.match((await as(app, chief.access_token, 'POST', '/admin/sign-out-everyone')).json(), { code }, code)
  }
  const [chief, bob] = [await signed(app, 'super_admin'), await signed(app)]
  for (const [actor, code] of [
    [{ userId: randomUUID(), sessionId: chief.session.id }, 'session_ended'],
    [{ userId: chief.id, sessionId: bob.session.id }, 'invalid_token'],
    [{ userId: bob.id, sessionId: bob.session.id }, 'forbidden']
  ] as const) await t.rejects(app.accounts.signOutEveryone({ actor, caller }), { code })
  t.same(await epoch(), before)
})
