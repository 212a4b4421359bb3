import type { RouteOptions } from 'fastify'
import t from 'tap'
import { brief, signed, vendor } from './support/accounts/people.ts'
import { as, codeOf, freshAddress, password, post, start, deploy } from './support/helper.ts'
import { mailJobs, trail } from './support/trail/evidence.ts'

const app = await start(t, await deploy(t), { workers: false })
const admin = await signed(app, 'admin')
const chief = await signed(app, 'super_admin')

/** The operations about one user, and what each takes. */
const aboutUser: [RouteOptions['method'], string, object?][] = [
  ['GET', ''], ['PATCH', '', { full_name: 'X' }], ['PUT', '', { full_name: 'X' }], ['DELETE', ''],
  ['POST', '/approve'], ['POST', '/reject'], ['POST', '/disable'], ['POST', '/enable'], ['POST', '/unlock'],
  ['POST', '/require-password-change'], ['POST', '/sign-out'], ['POST', '/password-reset'], ['GET', '/sessions'],
  ['DELETE', '/sessions/x']
]
const malformed = ['x', '%00', '%F0%9F%92%A9', `urn:uuid:${admin.id}`, `${admin.id}%20`, `{${admin.id}}`, "'", '1e3', '-']

t.test('a user without the permission is denied alike for every malformed id, and each denial is recorded', async t => {
  for (const id of malformed) {
    // The trail has one event a minute about one call of one user.
    const user = await signed(app)
    for (const [method, path, payload] of aboutUser) {
      const before = (await trail(app, null)).length
      const answer = await as(app, user.access_token, method as 'GET', `/users/${id}${path}`, payload)

      t.match(brief(answer), { status: 403, code: 'forbidden' }, `${method} ${id}${path}`)
      const events = await trail(app, null)
      t.equal(events.length, before + 1)
      t.match(events.at(-1), { event: 'authz_fail', actorId: user.id }, 'without a subject')
    }
  }
})

t.test('for a user with the permission a malformed id is nobody', async t => {
  for (const [method, path, payload] of aboutUser) {
    for (const id of malformed) {
      const answer = await as(app, chief.access_token, method as 'GET', `/users/${id}${path}`, payload)
      t.match(brief(answer), { status: 404, code: 'not_found' }, `${method} ${id}${path}`)
    }
  }
})

t.test('an id in capitals is the same id, in every route', async t => {
  const upper = (id: string) => id.toUpperCase()
  const [ada, session] = [await signed(app), await signed(app)]
  const applicant = await signed(app, 'vendor')

  t.match((await as(app, admin.access_token, 'GET', `/users/${upper(ada.id)}`)).json(), { user: { id: ada.id } })
  t.match(brief(await as(app, chief.access_token, 'POST', `/users/${upper(chief.id)}/disable`)), { status: 403, code: 'forbidden' }, 'oneself is recognised')
  t.match((await trail(app, chief.id)).at(-1), { event: 'authz_fail', reason: 'rank' })

  t.match(brief(await as(app, admin.access_token, 'DELETE', `/users/${upper(session.id)}/sessions/${upper(session.session.id)}`)), { status: 204 })
  t.match(brief(await as(app, session.access_token, 'GET', '/auth/me')), { status: 401, reason: 'revoked_by_admin' })
  t.match(brief(await as(app, ada.access_token, 'DELETE', `/auth/sessions/${upper(ada.session.id)}`)), { status: 204 })
  t.match(brief(await as(app, ada.access_token, 'GET', '/auth/me')), { status: 401, reason: 'signed_out' })

  await app.database`update users set approval = 'pending' where id = ${applicant.id}`
  t.match((await as(app, admin.access_token, 'POST', `/users/${upper(applicant.id)}/reject`, { reason: 'Out of date.' })).json(), { user: { id: applicant.id, approval: 'rejected' } })
  const [mail] = (await mailJobs(app, 'approval')).slice(-1)
  t.match(mail, { userId: applicant.id, applicantId: applicant.id })
  t.match((await trail(app, applicant.id)).at(-1), { event: 'user_rejected', subjectId: applicant.id })

  const house = await vendor(app)
  t.match((await as(app, admin.access_token, 'PATCH', `/vendors/${upper(house)}`, { name: 'Quill' })).json(), { vendor: { id: house, name: 'Quill' } })
  t.match((await as(app, admin.access_token, 'PATCH', `/users/${applicant.id}`, { vendor_id: upper(house) })).json(), { user: { vendor_id: house } })
  t.match((await as(app, admin.access_token, 'GET', `/admin/audit-events?subject=${upper(applicant.id)}`)).json().events.length > 0, true)
})

t.test('a registration is confirmed by its id in capitals', async t => {
  const answer = await post(app, '/auth/register', { email: freshAddress(), password, full_name: 'Ada King' })
  const id: string = answer.json().registration_id

  t.match(await post(app, '/auth/verify-email/resend', { registration_id: id.toUpperCase() }), { statusCode: 202 })
  t.match(brief(await post(app, '/auth/verify-email', { registration_id: id.toUpperCase(), code: await codeOf(app, id) })), { status: 200 })
})
