import t from 'tap'
import type { FastifyInstance } from 'fastify'
import { brief, person, rowOf, signed, vendor } from '../../support/accounts/people.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, post, refresh, signIn, signUp, start } from '../../support/helper.ts'
import { eventsOf, mailJobs, sentMails, trail } from '../../support/trail/evidence.ts'
import { until } from '../../support/until.ts'

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

t.test('to give an applicant another role that needs an approval is to approve them, for those who may', async t => {
  await app.database`insert into roles (name, rank, user_type, requires_approval) values ('partner', 15, 'partner', true), ('clerk', 50, 'staff', false)`
  await app.database`insert into role_permissions (role, permission) values ('clerk', 'users:write')`
  await app.roles.reload()
  const [clerk, applicant] = [await signed(app, 'clerk'), await signUp(app, { user_type: 'vendor' })]
  const { id } = applicant.user
  const give = async (who: { access_token: string }, role: string) => (await as(app, who.access_token, 'PATCH', `/users/${id}`, { role })).json()
  const told = async () => (await mailJobs(app, 'approval')).filter(({ userId }) => userId === id).map(({ stage, applicantId }) => [stage, applicantId])
  const announced = async () => [await app.database`select id from jobs where queue = 'applications' and data->>'userId' = ${id}`, (await mailJobs(app, 'approval')).filter(job => job['applicantId'] === id && job['stage'] === 'pending')]

  t.match(await give(clerk, 'partner'), { user: { role: 'partner', approval: 'pending' } }, 'whoever may not approve does not')
  t.strictSame(await told(), [])

  const before = await announced()
  for (let time = 0; time < 2; time++) t.match(await give(admin, 'vendor'), { user: { role: 'vendor', approval: 'approved' } })
  t.strictSame(await told(), [['approved', id]], 'told once')
  t.strictSame(await announced(), before, 'and nobody is asked to decide again')
  t.match((await trail(app, id)).slice(-2), [
    { event: 'authz_change', actorId: admin.id, read: { before: { role: 'partner' }, after: { role: 'vendor' } } },
    { event: 'user_approved', actorId: admin.id, read: { before: { approval: 'pending' }, after: { approval: 'approved' } } }
  ])
  t.ok(await signIn(app, applicant))

  t.match(await give(admin, 'partner'), { user: { approval: 'approved' } })
  t.equal((await told()).length, 1, 'whoever is approved already is told nothing')
  await as(app, admin.access_token, 'POST', `/users/${id}/reject`)
  t.match(await give(clerk, 'vendor'), { user: { approval: 'rejected' } })
  t.match(await give(admin, 'partner'), { user: { approval: 'approved' } }, 'a rejected user as well')
  t.strictSame((await told()).map(([stage]) => stage), ['approved', 'rejected', 'approved'])
})

t.test('to give a role that needs no approval admits nobody, unless the actor may approve', async t => {
  await app.database`insert into roles (name, rank, user_type) values ('helper', 50, 'staff')`
  await app.database`insert into role_permissions (role, permission) values ('helper', 'users:write')`
  await app.roles.reload()
  const helper = await signed(app, 'helper')
  const give = async (who: { access_token: string }, id: string, role: string) => (await as(app, who.access_token, 'PATCH', `/users/${id}`, { role })).json()

  for (const approval of ['pending', 'rejected']) {
    const applicant = await signUp(app, { user_type: 'vendor' })
    if (approval === 'rejected') await as(app, admin.access_token, 'POST', `/users/${applicant.user.id}/reject`)
    t.match(await give(helper, applicant.user.id, 'user'), { user: { role: 'user', approval } })
    t.match(brief(await login(applicant)), { status: 403, code: `approval_${approval}` })

    t.match(await give(admin, applicant.user.id, 'helper'), { user: { role: 'helper', approval: 'not_required' } })
    t.ok(await signIn(app, applicant), approval)
  }
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
  const [away, applied, refused] = [await person(app, 'admin'), await person(app, 'admin'), await person(app, 'admin')]
  await app.database`update users set status = 'disabled' where id = ${away.id}`
  await app.database`update users set approval = 'pending' where id = ${applied.id}`
  await app.database`update users set approval = 'rejected' where id = ${refused.id}`
  await app.database`
    insert into users (email, email_canonical, full_name, role)
    select n || '@admins.example', n || '@admins.example', 'An admin', 'admin' from generate_series(1, 30) n`
  const chief = await person(app, 'super_admin')
  await hourLater(app)
  await app.approvals.announceGathered()
  await hourLater(app)
  const applicant = await signUp(app, { user_type: 'vendor' })
  const told = (await mailJobs(app, 'approval')).filter(job => job['applicantId'] === applicant.user.id)
  t.equal(told.length, 20)
  t.ok(told.some(job => job['userId'] === chief.id), 'the highest first')
  for (const { id } of [away, applied, refused]) t.notOk(told.some(job => job['userId'] === id))
})

t.test('approvers of a suspended vendor are not notified, and take no place of those who can decide', async t => {
  const app = await start(t, await deploy(t), { workers: false, hasher: cheapHasher })
  const [shut, open] = [await vendor(app), await vendor(app)]
  await app.database`update vendors set status = 'suspended' where id = ${shut}`
  await app.database`
    insert into users (email, email_canonical, full_name, role, vendor_id)
    select n || '@agency.example', n || '@agency.example', 'An agent', 'admin', ${shut} from generate_series(1, 20) n`
  const [free, staff] = [await person(app, 'admin'), await person(app, 'admin')]
  await app.database`update users set vendor_id = ${open} where id = ${staff.id}`

  await signUp(app, { user_type: 'vendor' })
  t.strictSame((await mailJobs(app, 'approval')).map(({ userId }) => userId).sort(), [free.id, staff.id].sort())
})

t.test('of fifteen applicants the first is announced at once, and the others in one mail when the hour is over', async t => {
  const app = await start(t, await deploy(t), { workers: false, hasher: cheapHasher })
  const admins = [await person(app, 'admin'), await person(app, 'super_admin')].map(({ id }) => id).sort()
  const [first, ...others] = await Promise.all(Array.from({ length: 15 }, () => signUp(app, { user_type: 'vendor' })))
  const told = (await mailJobs(app, 'approval')).map(({ userId }) => userId).sort()
  t.strictSame(told, admins, 'one mail each, however many sign up at once')
  t.ok(first)

  await app.approvals.announceGathered()
  const mails = (await mailJobs(app, 'approval')).slice(2)
  t.strictSame(mails.map(({ userId }) => userId).sort(), admins)
  for (const mail of mails) t.match(mail, { stage: 'gathered', applicantIds: { length: others.length }, more: 0 })

  await signUp(app, { user_type: 'vendor' })
  t.equal((await mailJobs(app, 'approval')).length, 4, 'the next hour has begun')
  await hourLater(app)
  await Promise.all([1, 2, 3].map(() => app.approvals.announceGathered()))
  t.equal((await mailJobs(app, 'approval')).length, 6, 'and of several nodes one announces')
  await signUp(app, { user_type: 'vendor' })
  t.equal((await mailJobs(app, 'approval')).length, 6, 'a mail about those who were gathered begins an hour as well')
  await app.approvals.announceGathered()
  t.equal((await mailJobs(app, 'approval')).length, 8)
  await app.approvals.announceGathered()
  t.equal((await mailJobs(app, 'approval')).length, 8, 'without an applicant there is no mail')
})

t.test('no more than 500 applicants are gathered, however many apply', async t => {
  const app = await start(t, await deploy(t), { workers: false, hasher: cheapHasher })
  await person(app, 'admin')
  await vendorOf(app)
  const gathered = async () => (await app.database`select id from jobs where queue = 'applications'`).length
  await app.database`insert into jobs (queue, due_at) select 'applications', now() + interval '1 hour' from generate_series(1, 499)`

  const last = await vendorOf(app)
  t.equal(await gathered(), 500)
  const beyond = await vendorOf(app)
  t.equal(await gathered(), 500)
  const waiting = await app.database`select id from users where id in (${last}, ${beyond}) and approval = 'pending'`
  t.equal(waiting.length, 2, 'both can be found in the list of users')
})

t.test('an applicant waits for an hour at most, also after the clock of Postgres was fast', async t => {
  const app = await start(t, await deploy(t), { workers: false, hasher: cheapHasher })
  await person(app, 'admin')
  await vendorOf(app)
  await app.database`update job_schedules set due_at = now() + interval '30 days' where queue = 'applications'`

  await vendorOf(app)
  const waiting = await app.database`
    select due_at <= now() + interval '1 hour' as is_soon
    from jobs
    where queue = 'applications'`
  t.strictSame(waiting, [{ isSoon: true }])
})

t.test('applicants who are decided on before the hour is over are not announced', async t => {
  const app = await start(t, await deploy(t), { workers: false, hasher: cheapHasher })
  const admin = await signed(app, 'admin')
  const [first, second, third] = [await vendorOf(app), await vendorOf(app), await vendorOf(app)]
  await as(app, admin.access_token, 'POST', `/users/${second}/approve`)
  await app.database`delete from users where id = ${third}`
  await hourLater(app)
  await app.approvals.announceGathered()

  t.strictSame((await mailJobs(app, 'approval')).filter(({ stage }) => stage === 'gathered'), [])
  const next = await vendorOf(app)
  t.match((await mailJobs(app, 'approval')).filter(({ stage }) => stage === 'pending').map(({ applicantId }) => applicantId), [first, next], 'the hour was quiet: the next is announced at once')
})

t.test('an approver is told of the applicants they may approve', async t => {
  const app = await start(t, await deploy(t), { workers: false, hasher: cheapHasher })
  const [chief, admin] = [await person(app, 'super_admin'), await person(app, 'admin')]
  await app.database`insert into roles (name, rank, user_type, requires_approval, self_registration) values ('auditor', 90, 'auditor', true, true)`
  const [, vendor, auditor] = [await vendorOf(app), await vendorOf(app), await vendorOf(app)]
  await app.database`update users set role = 'auditor' where id = ${auditor}`
  await app.approvals.announceGathered()

  const told = new Map((await mailJobs(app, 'approval')).slice(2).map(({ userId, applicantIds }) => [userId, applicantIds]))
  t.strictSame(told.get(chief.id), [vendor, auditor])
  t.strictSame(told.get(admin.id), [vendor])
})

t.test('gathered applicants outlive the node, and are announced by the next one in each language', async t => {
  const deployment = await deploy(t, { MAIL_FROM: 'Latchkey <no-reply@example.com>' })
  const before = await start(t, deployment, { hasher: cheapHasher })
  const [ada, bernd] = [await person(before, 'admin'), await person(before, 'admin')]
  await before.database`update users set locale = 'de' where id = ${bernd.id}`
  for (const name of ['First', 'Second', 'Third']) await signUp(before, { user_type: 'vendor', full_name: name })
  await before.close()

  const app = await start(t, deployment, { hasher: cheapHasher, workers: false })
  await hourLater(app)
  const after = await start(t, deployment, { hasher: cheapHasher })
  await until(async () => (await after.database`select id from jobs`).length === 0)
  const mails = (await sentMails(after, deployment.DATA_DIR)).filter(({ kind }) => kind === 'approval')
  t.equal(mails.length, 4)
  for (const [approver, words] of [[ada, /^Subject: 2 people wait/m], [bernd, /^Subject: 2 Personen warten/m]] as const) {
    t.match(mails.filter(({ to }) => to.includes(approver.email)).map(({ raw }) => raw), [/First/, words])
    t.match(mails.findLast(({ to }) => to.includes(approver.email))?.raw, /1: *Second[^]*2: *Third/)
  }
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

async function vendorOf (app: FastifyInstance) {
  return (await signUp(app, { user_type: 'vendor' })).user.id
}

/** Everything that waits for the end of the hour is due. */
async function hourLater (app: FastifyInstance) {
  await app.database`update job_schedules set due_at = now() where queue = 'applications'`
  await app.database`update jobs set due_at = now() where queue = 'applications'`
}

function login ({ email, password }: { email: string, password: string }) {
  return post(app, '/auth/login', { email, password })
}
