import t from 'tap'
import { brief, rowOf, signed } from '../../support/accounts/people.ts'
import { signInAs } from '../../support/accounts/roles.ts'
import { as, deploy, freshAddress, password, post, start } from '../../support/helper.ts'
import { startMailServer } from '../../support/outside/mail-server.ts'
import { trail } from '../../support/trail/evidence.ts'
import { until } from '../../support/until.ts'

const server = await startMailServer(t)
const deployment = await deploy(t, { SMTP_URL: server.url })
const app = await start(t, deployment, { workers: false })
const chief = await signed(app, 'super_admin')
await app.database`delete from jobs`

t.test('a failed mail is sent again, once, and its audit event names who did it', async t => {
  const email = freshAddress()
  await post(app, '/auth/register', { email, password, full_name: 'Ada King' })
  const id = await fail()
  t.same(brief(await retry(id)), { status: 204 })
  t.match(await jobOf(id), { attempts: 0, failedAt: null, isDue: true })
  t.match((await trail(app)).at(-1), { event: 'mail_retried', reason: 'registration', actorId: chief.id, subjectId: null, read: { mail: id } })

  t.same(brief(await retry(id)), { status: 409, code: 'mail_not_failed' })
  const worker = await start(t, deployment, { clock: app.clock })
  await until(async () => await jobOf(id) === undefined)
  t.same(server.mails.map(({ to }) => to), [[email]])
  t.same(brief(await retry(id)), { status: 404, code: 'not_found' }, 'it was sent')
  t.equal((await trail(app)).filter(({ event }) => event === 'mail_retried').length, 1)
  await worker.close()
})

t.test('of several who ask at once, one begins the mail again', async t => {
  await post(app, '/auth/register', { email: freshAddress(), password, full_name: 'Ada King' })
  const id = await fail()
  const before = (await trail(app)).length
  const answers = await Promise.all(Array.from({ length: 5 }, () => retry(id)))

  t.same(answers.map(({ statusCode }) => statusCode).sort(), [204, 409, 409, 409, 409])
  t.equal((await trail(app)).length, before + 1)
  await app.database`delete from jobs`
})

t.test('a mail whose link has expired is not sent any more', async t => {
  const ada = await signed(app)
  await app.database`delete from jobs`
  await post(app, '/auth/password/forgot', { email: ada.email })
  const id = await fail()
  const sent = server.mails.length
  await app.database`update one_time_tokens set expires_at = now() - interval '1 minute'`

  t.same(brief(await retry(id)), { status: 204 })
  const worker = await start(t, deployment, { clock: app.clock })
  await until(async () => await jobOf(id) === undefined)
  t.equal(server.mails.length, sent)
  await worker.close()
})

t.test('what has not failed, is no mail or does not exist stays as it is', async t => {
  const rows = await app.database<{ id: number }>`
    insert into jobs (queue, attempts, due_at, failed_at, error)
    values ('mail', 3, now() + interval '1 hour', null, 'away'), ('clean-up', 3, now(), now(), 'away')
    returning id`
  const [waiting = 0, other = 0] = rows.map(({ id }) => id)
  const [before, events] = [await all(), (await trail(app)).length]

  t.same(brief(await retry(waiting)), { status: 409, code: 'mail_not_failed' })
  t.same(brief(await retry(other)), { status: 404, code: 'not_found' })
  for (const id of ['999999999', '0', '01', '-1', 'all', '1e3', '9'.repeat(16)]) t.same(brief(await retry(id)), { status: 404, code: 'not_found' }, id)
  t.same(brief(await as(app, chief.access_token, 'POST', `/admin/mails/${waiting}/retry`, { id: 1 })), { status: 422, code: 'invalid_request' })

  t.strictSame(await all(), before)
  t.equal((await trail(app)).length, events)
  await app.database`delete from jobs`
})

t.test('only callers who may change roles send mails again', async t => {
  await post(app, '/auth/register', { email: freshAddress(), password, full_name: 'Ada King' })
  const id = await fail()
  const before = await all()

  for (const role of ['admin', 'accountant', 'user']) {
    const { access_token: token, user } = await signInAs(app, role)
    await app.database`delete from jobs where failed_at is null`
    t.same(brief(await retry(id, token)), { status: 403, code: 'forbidden' }, role)
    t.match((await trail(app)).filter(({ actorId }) => actorId === user.id).at(-1), { event: 'authz_fail', reason: 'roles:write' })
  }
  t.match(brief(await post(app, `/admin/mails/${id}/retry`)), { status: 401 })

  const former = await signed(app, 'super_admin')
  await app.database`update users set status = 'disabled' where id = ${former.id}`
  t.equal((await rowOf(app, former.id))?.status, 'disabled')
  t.match(brief(await retry(id, former.access_token)), { status: 401, code: 'session_ended' }, 'whatever this node has heard')
  await app.database`delete from jobs where failed_at is null`
  t.strictSame(await all(), before)
  await app.database`delete from jobs`
})

t.test('who has just lost the role or the session begins nothing, whatever this node has heard', async t => {
  await post(app, '/auth/register', { email: freshAddress(), password, full_name: 'Ada King' })
  const id = await fail()
  const [before, events] = [await all(), (await trail(app)).length]
  const [demoted, gone] = [await signed(app, 'super_admin'), await signed(app, 'super_admin')]
  await app.database`delete from jobs where failed_at is null`
  await app.database`update users set role = 'admin' where id = ${demoted.id}`
  await app.database`update sessions set ended_at = now(), ended_reason = 'signed_out' where id = ${gone.session.id}`

  t.same(brief(await retry(id, demoted.access_token)), { status: 403, code: 'forbidden' })
  t.match(brief(await retry(id, gone.access_token)), { status: 401, code: 'invalid_token' })
  t.strictSame(await all(), before)
  t.notOk((await trail(app)).slice(events).some(({ event }) => event === 'mail_retried'))
  await app.database`delete from jobs`
})

t.test('while Postgres does not answer, nothing is begun, and the caller may repeat the request', async t => {
  const impatient = await start(t, { ...deployment, DB_STATEMENT_TIMEOUT: '1s' }, { workers: false, clock: app.clock })
  await post(app, '/auth/register', { email: freshAddress(), password, full_name: 'Ada King' })
  const id = await fail()
  await app.database.begin(async tx => {
    await tx`select id from jobs where id = ${id} for update`
    const answer = await as(impatient, chief.access_token, 'POST', `/admin/mails/${id}/retry`)
    t.match(brief(answer), { status: 503, code: 'unavailable' })
    t.ok(answer.headers['retry-after'])
  })
  t.not((await jobOf(id))?.failedAt, null)
  t.same(brief(await retry(id)), { status: 204 })
})

async function retry (id: number | string, token = chief.access_token) {
  return await as(app, token, 'POST', `/admin/mails/${id}/retry`)
}

/** Gives up the mail that waits. */
async function fail (): Promise<number> {
  const rows = await app.database<{ id: number }>`
    update jobs set attempts = 11, failed_at = now(), error = 'mail: unreachable: away' where queue = 'mail' and failed_at is null returning id`
  if (rows.length !== 1) throw new Error(`${rows.length} mails wait`)
  return rows[0]?.id ?? 0
}

async function jobOf (id: number) {
  const [row] = await app.database<{ attempts: number, failedAt: Date | null, isDue: boolean }>`
    select attempts, failed_at, due_at <= now() as is_due from jobs where id = ${id}`
  return row
}

async function all () {
  return await app.database`select * from jobs order by id`
}
