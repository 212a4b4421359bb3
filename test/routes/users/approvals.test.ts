import t from 'tap'
import { eventsOf, mailJobs, sentMails, trail, until } from '../../support/evidence.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, post, refresh, signIn, signUp, start } from '../../support/helper.ts'
import { brief, person, rowOf, signed } from '../../support/people.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const admin = await signed(app, 'admin')

t.test('a registration for a role that needs approval waits, and approvers are notified', async t => {
  const applicant = await signUp(app, { user_type: 'vendor' })
  t.match(brief(await login(applicant)), { status: 403, code: 'approval_pending' })
  t.match(brief(await post(app, '/auth/login', { email: applicant.email, password: 'not this one' })), { status: 401, code: 'invalid_credentials' }, 'told only after the right password')
  t.match((await mailJobs(app, 'approval')).filter(job => job['applicantId'] === applicant.user.id), [{ kind: 'approval', stage: 'pending', userId: admin.id }])

  t.match((await as(app, admin.access_token, 'POST', `/users/${applicant.user.id}/approve`)).json(), { user: { approval: 'approved' } })
  t.ok(await signIn(app, applicant))
  t.match((await mailJobs(app, 'approval')).at(-1), { stage: 'approved', userId: applicant.user.id, applicantId: applicant.user.id })
  t.match((await trail(app, applicant.user.id)).find(({ event }) => event === 'user_approved'), { actorId: admin.id, read: { before: { approval: 'pending' }, after: { approval: 'approved' } } })

  const jobs = (await mailJobs(app, 'approval')).length
  t.match((await as(app, admin.access_token, 'POST', `/users/${applicant.user.id}/approve`)).json(), { user: { approval: 'approved' } }, 'once more is no error')
  t.equal((await mailJobs(app, 'approval')).length, jobs, 'and no mail')
})

t.test('a rejected user is signed out at once and told the reason', async t => {
  const applicant = await signUp(app, { user_type: 'vendor' })
  await as(app, admin.access_token, 'POST', `/users/${applicant.user.id}/approve`)
  const session = await signIn(app, applicant)

  t.match((await as(app, admin.access_token, 'POST', `/users/${applicant.user.id}/reject`, { reason: 'The licence № 4711 has expired.' })).json(), { user: { approval: 'rejected' } })
  t.match(brief(await as(app, session.access_token, 'GET', '/auth/me')), { status: 401, reason: 'revoked_by_admin' })
  t.match(brief(await refresh(app, session.refresh_token)), { status: 401, reason: 'revoked_by_admin' })
  t.match(brief(await login(applicant)), { status: 403, code: 'approval_rejected' })

  const job = (await mailJobs(app, 'approval')).at(-1)
  t.match(job, { stage: 'rejected', userId: applicant.user.id })
  t.notMatch(JSON.stringify(job), /4711/, 'the reason does not lie in the queue')
  t.match((await trail(app, applicant.user.id)).find(({ event }) => event === 'user_rejected'), { read: { reason: 'The licence № 4711 has expired.', before: { approval: 'approved' } } })

  t.match((await as(app, admin.access_token, 'POST', `/users/${applicant.user.id}/approve`)).json(), { user: { approval: 'approved' } }, 'a second thought')
  t.ok(await signIn(app, applicant))
})

t.test('an approval of a user who does not wait is refused', async t => {
  const ada = await person(app)
  for (const act of ['approve', 'reject']) t.match(brief(await as(app, admin.access_token, 'POST', `/users/${ada.id}/${act}`)), { status: 409, code: 'conflict' })
  t.match(await rowOf(app, ada.id), { approval: 'not_required', version: 1 })
  t.notOk((await eventsOf(app, ada.id)).some(event => /approved|rejected/.test(event)))
  for (const payload of [{ reason: '' }, { reason: 'two\nlines' }, { reason: 'x'.repeat(501) }, { why: 'x' }]) t.match(brief(await as(app, admin.access_token, 'POST', `/users/${ada.id}/reject`, payload)), { status: 422 })
})

t.test('of an approval and a rejection at once one remains, with as many mails as decisions', async t => {
  for (let round = 0; round < 5; round++) {
    const applicant = await signUp(app, { user_type: 'vendor' })
    await Promise.all(['approve', 'reject', 'approve', 'reject'].map(act => as(app, admin.access_token, 'POST', `/users/${applicant.user.id}/${act}`)))
    const row = await rowOf(app, applicant.user.id)
    const decisions = (await eventsOf(app, applicant.user.id)).filter(event => /^user_(approved|rejected)$/.test(event))
    t.equal(decisions.at(-1), `user_${row?.approval}`)
    t.equal((await mailJobs(app, 'approval')).filter(job => job['applicantId'] === applicant.user.id && job['stage'] !== 'pending').length, decisions.length)
  }
})

t.test('at most twenty approvers are notified, and only those who can decide', async t => {
  const away = await person(app, 'admin')
  await app.database`update users set status = 'disabled' where id = ${away.id}`
  await app.database`
    insert into users (email, email_canonical, full_name, role)
    select n || '@admins.example', n || '@admins.example', 'An admin', 'admin' from generate_series(1, 30) n`
  const applicant = await signUp(app, { user_type: 'vendor' })
  const told = (await mailJobs(app, 'approval')).filter(job => job['applicantId'] === applicant.user.id)
  t.equal(told.length, 20)
  t.notOk(told.some(job => job['userId'] === away.id))
})

t.test('the mails arrive, with the reason', async t => {
  const deployment = await deploy(t, { MAIL_FROM: 'Latchkey <no-reply@example.com>' })
  const app = await start(t, deployment, { hasher: cheapHasher })
  const admin = await signed(app, 'admin')
  const applicant = await signUp(app, { user_type: 'vendor' })
  await until(async () => (await sentMails(app, deployment.DATA_DIR)).some(mail => mail.kind === 'approval' && mail.to.includes(admin.email)))
  await as(app, admin.access_token, 'POST', `/users/${applicant.user.id}/reject`, { reason: 'Licence 4711 has expired.' })
  await until(async () => (await sentMails(app, deployment.DATA_DIR)).some(mail => mail.kind === 'approval' && mail.to.includes(applicant.email)))
  const mail = (await sentMails(app, deployment.DATA_DIR)).findLast(({ to }) => to.includes(applicant.email))
  t.match(mail?.raw.replaceAll(/=\r\n/g, ''), /Licence 4711 has expired/)
})

function login ({ email, password }: { email: string, password: string }) {
  return post(app, '/auth/login', { email, password })
}
