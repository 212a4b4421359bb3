import { randomUUID } from 'node:crypto'
import t from 'tap'
import { cheapHasher } from '../../support/hashers.ts'
import { codeOf, deploy, freshAddress, password, post, start } from '../../support/helper.ts'
import { tapWires } from '../../support/statements/wiretap.ts'
import { mailJobs, sentMails } from '../../support/trail/evidence.ts'

const { tap, deployment } = await tapWires(t, await deploy(t))
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })

t.test('a resend is answered with an empty 202, whether or not there is a code to send', async t => {
  const spent = await register()
  await post(app, '/auth/verify-email', { registration_id: spent, code: await codeOf(app, spent) })
  const answers = [await resend(await register()), await resend(randomUUID()), await resend(spent)]

  for (const answer of answers) {
    t.equal(answer.statusCode, 202)
    t.ok(['', 'null'].includes(answer.body))
  }
  t.equal(new Set(answers.map(({ headers: { date, 'x-request-id': _, ...headers } }) => JSON.stringify(headers))).size, 1)
})

t.test('known and unknown registrations cost equal work', async t => {
  const known = await register()
  const jobs = (await mailJobs(app)).length
  tap.take()
  await resend(known)
  const work = tap.take()
  await resend(randomUUID())
  t.same(tap.take(), work)
  t.equal((await mailJobs(app)).length - jobs, 2)
})

t.test('the same code is sent again while it works, and a new one when it has expired', async t => {
  const id = await register()
  const code = await codeOf(app, id)
  app.clock.advance(9 * 60_000)
  await resend(id)
  t.equal(await codeOf(app, id), code)
  app.clock.advance(61_000)
  t.match(await post(app, '/auth/verify-email', { registration_id: id, code }), { statusCode: 422 }, 'a resend does not lengthen its life')
  await resend(id)
  const next = await codeOf(app, id)
  t.not(next, code)
  t.match(await post(app, '/auth/verify-email', { registration_id: id, code: next }), { statusCode: 200 })
})

t.test('no number of resends gives more than five tries at a code', async t => {
  const id = await register()
  for (let n = 0; n < 5; n++) {
    await post(app, '/auth/verify-email', { registration_id: id, code: String((Number(await codeOf(app, id)) + 1) % 1_000_000).padStart(6, '0') })
    await resend(id)
  }
  t.match(await post(app, '/auth/verify-email', { registration_id: id, code: await codeOf(app, id) }), { statusCode: 422 })
})

t.test('twenty resends at once do no harm', async t => {
  const id = await register()
  app.clock.advance(11 * 60_000)
  const answers = await Promise.all(Array.from({ length: 20 }, () => resend(id)))
  t.same(new Set(answers.map(({ statusCode }) => statusCode)), new Set([202]))
  t.match(await post(app, '/auth/verify-email', { registration_id: id, code: await codeOf(app, id) }), { statusCode: 200 })
})

t.test('the repeated mail carries the very same code', async t => {
  const own = await deploy(t)
  const node = await start(t, own, { hasher: cheapHasher })
  const id = (await post(node, '/auth/register', { email: freshAddress(), password, full_name: 'Ada King' })).json().registration_id
  await sentMails(node, own.DATA_DIR)
  await post(node, '/auth/verify-email/resend', { registration_id: id.toUpperCase() })
  await post(node, '/auth/verify-email/resend', { registration_id: randomUUID() })

  const mails = await sentMails(node, own.DATA_DIR)
  t.equal(mails.length, 2, 'nobody is written to for an unknown one')
  t.match(mails[0]?.code, /^\d{6}$/)
  t.equal(mails[1]?.code, mails[0]?.code)
  t.match(await post(node, '/auth/verify-email', { registration_id: id, code: mails[1]?.code }), { statusCode: 200 })
})

t.test('an invalid registration id is refused', async t => {
  for (const id of [undefined, null, '', 1, 'x', [randomUUID()], `${randomUUID()} `]) {
    t.match((await post(app, '/auth/verify-email/resend', { registration_id: id })).json(), { status: 422, code: 'invalid_request' }, JSON.stringify(id))
  }
  t.match(await post(app, '/auth/verify-email/resend', { registration_id: randomUUID(), email: freshAddress() }), { statusCode: 422 })
  t.match(await post(app, '/auth/verify-email/resend'), { statusCode: 422 })
})

async function register () {
  return (await post(app, '/auth/register', { email: freshAddress(), password, full_name: 'Ada King' })).json().registration_id as string
}

async function resend (id: string) {
  return await post(app, '/auth/verify-email/resend', { registration_id: id })
}
