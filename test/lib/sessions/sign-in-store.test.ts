import t from 'tap'
import type { Change } from '../../../lib/changes/change.ts'
import { deploy, signIn, signUp, start } from '../../support/helper.ts'

// Two files make a sign-in: sql/014.do.sign-in.sql writes its rows in one statement, lib/sessions/session-beginnings.ts
// encrypts the event and publishes the evictions. These are the words on which they have to agree.
const app = await start(t, await deploy(t, { SESSIONS_MAX: '1' }), { workers: false })
const { database, audit } = app

t.test('the event that the statement writes is the one that was encrypted for it', async t => {
  const ada = await signUp(app)
  const { user, session } = await signIn(app, ada)

  const [row] = await database<{ event: string, outcome: string, actorId: string, subjectId: string, requestId: string, personal: Buffer, wrappedKey: Buffer }>`
    select a.event, a.outcome, a.actor_id, a.subject_id, a.request_id, a.personal, k.wrapped_key
    from audit_events a
    join subject_keys k using (subject_id)
    where a.session_id = ${session.id}`
  t.match(row, { event: 'authn_login_success', outcome: 'success', actorId: user.id, subjectId: user.id, requestId: /./ })

  // The name of the event and its subject are the context of the ciphertext, which does not decrypt under others.
  const subject = { id: user.id, wrappedKey: row?.wrappedKey ?? null }
  const personal = row?.personal ?? Buffer.alloc(0)
  t.match(audit.read(row?.event ?? '', subject, personal), { ip: '127.0.0.1' })
  t.throws(() => audit.read('authn_login_fail', subject, personal))
})

t.test('the published changes are the rows that the statement has written', async t => {
  const ada = await signUp(app)
  const first = await signIn(app, ada)
  const published = listen()
  await signIn(app, ada)

  const rows = await database<Change>`select kind, subject_id, except_id, number, reason from changes where subject_id = ${first.session.id}`
  t.strictSame(rows, [{ kind: 'session_ended', subjectId: first.session.id, exceptId: null, number: null, reason: 'evicted' }])
  t.strictSame(published, rows)
})

t.test('the notice of a new device names the event and the session of its sign-in', async t => {
  const ada = await signUp(app)
  await signIn(app, ada, { device_token: ada.deviceToken })
  const { user, session } = await signIn(app, ada)

  const [event] = await database<{ id: number }>`select id from audit_events where session_id = ${session.id} and event = 'authn_login_success'`
  const jobs = await database<{ queue: string, data: object }>`select queue, data from jobs where data->>'sessionId' = ${session.id}`
  t.strictSame(jobs, [{ queue: 'mail', data: { kind: 'new_device', userId: user.id, sessionId: session.id, eventId: event?.id } }])
})

/** The changes that this node publishes from here on. */
function listen () {
  const published: Change[] = []
  const { publish } = app.feed
  app.feed.publish = changes => {
    published.push(...changes)
    publish(changes)
  }
  return published
}
