import { createHash, randomUUID } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import { createAudit } from '../../../lib/audit/audit.ts'
import type { AuditEvent } from '../../../lib/audit/audit.ts'
import { createAuditEventStore } from '../../../lib/audit/event-store.ts'
import { createEventMacs } from '../../../lib/audit/macs.ts'
import { createClock } from '../../../lib/clock.ts'
import { createEncryption } from '../../../lib/crypto/encryption.ts'
import { createJobStore } from '../../../lib/jobs/job-store.ts'
import { createJobs } from '../../../lib/jobs/jobs.ts'
import { createMailJobs } from '../../../lib/mail/jobs.ts'
import { createMailer } from '../../../lib/mail/mailer.ts'
import type { Message } from '../../../lib/mail/mailer.ts'
import { createEncryptedRecipients } from '../../../lib/mail/recipients.ts'
import { createMailSubjectStore } from '../../../lib/mail/subject-store.ts'
import { MailFailure } from '../../../lib/mail/transports.ts'
import { createCodes } from '../../../lib/tokens/codes.ts'
import { createOneTimeTokenStore } from '../../../lib/tokens/one-time-token-store.ts'
import type { Purpose } from '../../../lib/tokens/one-time-token-store.ts'
import { createOneTimeTokens } from '../../../lib/tokens/one-time-tokens.ts'
import { openDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'

const key = createHash('sha256').update('a key').digest()
const minute = 60_000

t.test('a registration of a free address mails its code to that address', async t => {
  const { register, deliver, sent } = await open(t)
  const id = await register({ email: 'Ada@example.com' })

  await deliver({ kind: 'registration', registrationId: id })
  t.match(sent, [{ kind: 'verify_email', to: 'Ada@example.com' }])
  t.match(sent[0]?.text, createCodes([key]).codeFor('verify_email', id, 1))
  t.match(sent[0]?.text, 'valid for 10 minutes')
})

t.test('a registration that shares the code of another one mails that code', async t => {
  const { register, deliver, sent, sql } = await open(t)
  const [first, again] = [await register({ email: 'ada@example.com' }), await register({ email: 'ada@example.com' })]
  await sql`update registrations set code_id = ${first} where id = ${again}`

  await deliver({ kind: 'registration', registrationId: again })
  t.match(sent, [{ kind: 'verify_email', to: 'ada@example.com' }])
  t.match(sent[0]?.text, createCodes([key]).codeFor('verify_email', first, 1))
})

t.test('if the address is taken, its owner is notified at the address of the account, and no code is sent', async t => {
  const { register, signUp, deliver, sent } = await open(t)
  await signUp()
  const id = await register({ email: 'ADA@example.com', fullName: 'Mallory http://evil.example' })

  await deliver({ kind: 'registration', registrationId: id })
  t.match(sent, [{ kind: 'already_registered', to: 'Ada@example.com', text: /Hello Ada King/ }])
  t.notMatch(sent[0]?.text, /Mallory|evil|\b\d{6}\b/)
})

t.test('a job that runs twice sends the same mail twice', async t => {
  const { register, deliver, sent } = await open(t)
  const id = await register({ email: 'ada@example.com' })

  await deliver({ kind: 'registration', registrationId: id })
  await deliver({ kind: 'registration', registrationId: id })
  t.equal(sent.length, 2)
  t.same(sent[0], sent[1])
})

t.test('no mail is sent for a registration that is gone or whose code has expired', async t => {
  const { register, deliver, sent, clock } = await open(t)
  const id = await register({ email: 'ada@example.com' })

  await deliver({ kind: 'registration', registrationId: randomUUID() })
  clock.advance(9 * 60_000 + 30_000)
  await deliver({ kind: 'registration', registrationId: id })
  t.match(sent, [{ text: /valid for 1 minute / }], 'it tells the time that is left')
  clock.advance(30_000)
  await deliver({ kind: 'registration', registrationId: id })
  t.equal(sent.length, 1)
})

t.test('a forgotten password is answered with a link to the application, the same one however often the job runs', async t => {
  const { signUp, issue, deliver, sent, clock, tokens } = await open(t)
  const tokenId = await issue('password_reset', await signUp())
  const link = `https://app.example/reset-password#token=${tokens.tokenOf('password_reset', tokenId)}`

  await deliver({ kind: 'password_reset', tokenId })
  clock.advance(20 * minute)
  await deliver({ kind: 'password_reset', tokenId })
  t.match(sent, [{ kind: 'password_reset', to: 'Ada@example.com', text: /Hello Ada King,[^]*valid for 60 minutes/ }, { text: /valid for 40 minutes/ }])
  for (const { text, html } of sent) t.same([text, html].map(form => form.split(link).length), [2, 2])
  t.equal(sent[0]?.messageId, sent[1]?.messageId)
  t.equal((await tokens.find(link.split('=')[1] ?? '', 'password_reset')).id, tokenId, 'nothing was spent')
})

t.test('a worthless link is not sent: expired, spent, superseded, without a user, of another purpose or of a disabled account', async t => {
  const { signUp, issue, deliver, sent, clock, sql, database, tokens } = await open(t)
  const userId = await signUp()
  const kinds = { password_reset: 'password_reset', invitation: 'invitation', confirm_email: 'email_change', email_changed: 'email_undo' } as const

  const older = await issue('password_reset', userId)
  clock.advance(1)
  const newest = await issue('password_reset', userId)
  await deliver({ kind: 'password_reset', tokenId: older })
  for (const kind of ['invitation', 'confirm_email']) await deliver({ kind, tokenId: newest })
  await deliver({ kind: 'email_changed', tokenId: newest, stage: 'requested', eventId: 1 })
  await deliver({ kind: 'password_reset', tokenId: await issue('password_reset', null) })
  await database.begin(tx => tokens.revoke(tx, userId, ['password_reset']))
  await deliver({ kind: 'password_reset', tokenId: newest })

  for (const [kind, purpose] of Object.entries(kinds)) {
    const tokenId = await issue(purpose, userId, 'new@example.com')
    const job = { kind, tokenId, ...(kind === 'email_changed' && { stage: 'requested', eventId: 1 }) }
    await deliver({ ...job, tokenId: randomUUID() })
    await sql`update users set status = 'disabled' where id = ${userId}`
    if (kind !== 'email_changed') await deliver(job)
    await sql`update users set status = 'active' where id = ${userId}`
    clock.advance(8 * 24 * 60 * minute)
    await deliver(job)
  }
  t.same(sent, [])
})

t.test('an invitation greets its guest and says how long it is valid', async t => {
  const { signUp, issue, deliver, sent, tokens } = await open(t)
  const tokenId = await issue('invitation', await signUp())

  await deliver({ kind: 'invitation', tokenId })
  t.match(sent, [{ kind: 'invitation', to: 'Ada@example.com', text: /Hello Ada King,[^]*valid until \d+ \w+ \d{4} at \d\d:\d\d UTC/ }])
  t.match(sent[0]?.text, `https://app.example/accept-invitation#token=${tokens.tokenOf('invitation', tokenId)}\n`)
})

t.test('a new address is asked to confirm, in a mail that contains no words chosen by a stranger', async t => {
  const { signUp, issue, deliver, sent, tokens } = await open(t)
  const userId = await signUp({ fullName: 'You have won', locale: 'de' })
  const tokenId = await issue('email_change', userId, 'New@example.com')

  await deliver({ kind: 'confirm_email', tokenId })
  t.match(sent, [{ kind: 'confirm_email', to: 'New@example.com', text: /^Guten Tag,\n/ }])
  t.match(sent[0]?.text, `https://app.example/confirm-email#token=${tokens.tokenOf('email_change', tokenId)}\n`)
  t.notMatch(JSON.stringify(sent), /You have won|ada@/i)
})

t.test('if the new address has an account by now, its owner is notified and gets no link', async t => {
  const { signUp, issue, deliver, sent } = await open(t)
  const tokenId = await issue('email_change', await signUp(), 'NEW@example.com')
  await signUp({ email: 'New@example.com', fullName: 'Eve Moss' })

  await deliver({ kind: 'confirm_email', tokenId })
  t.match(sent, [{ kind: 'already_registered', to: 'New@example.com', text: /Hello Eve Moss,[^]*another account/ }])
  t.notMatch(JSON.stringify(sent), /token=|Ada/)
})

t.test('a user who only changes the spelling of their address confirms it like any other', async t => {
  const { signUp, issue, deliver, sent } = await open(t)
  const tokenId = await issue('email_change', await signUp(), 'ada@example.com')

  await deliver({ kind: 'confirm_email', tokenId })
  t.match(sent, [{ kind: 'confirm_email', to: 'ada@example.com' }])
})

t.test('the old address is notified of both steps with a way back, the new address that it is in use', async t => {
  const { signUp, issue, record, deliver, sent, sql, tokens } = await open(t)
  const userId = await signUp()
  const tokenId = await issue('email_undo', userId, 'Ada@example.com')
  const eventId = await record(userId)
  const link = `https://app.example/undo-email-change#token=${tokens.tokenOf('email_undo', tokenId)}`

  await deliver({ kind: 'email_changed', tokenId, stage: 'requested', eventId })
  await sql`update users set email = 'New@example.com', email_canonical = 'new@example.com'`
  await deliver({ kind: 'email_changed', tokenId, stage: 'confirmed', eventId })
  await deliver({ kind: 'email_changed_new', userId, eventId })

  t.same(sent.map(({ kind, to }) => [kind, to]), [['email_changed', 'Ada@example.com'], ['email_changed', 'Ada@example.com'], ['email_changed', 'New@example.com']])
  t.same(sent.map(({ text }) => text.includes(`${link}\n`)), [true, true, false])
  t.notMatch(sent[2]?.text, /https:|token/)
  t.notMatch(JSON.stringify(sent.slice(0, 2)), /new@example/i, 'the old mailbox does not learn the new address')
  for (const { text } of sent) t.match(text, /Device: {5}Firefox on Linux\n {4}IP address: 203\.0\.113\.7/)
  t.equal(new Set(sent.map(({ messageId }) => messageId)).size, 3)
})

t.test('the owner of a session is notified of its reuse, with device, time and address', async t => {
  const { signUp, openSession, record, deliver, sent } = await open(t)
  const userId = await signUp()
  const sessionId = await openSession(userId, 'Ada’s <b>phone</b>\r\nX: y')

  await deliver({ kind: 'reuse_detected', userId, sessionId, eventId: await record(userId) })
  t.match(sent, [{ kind: 'reuse_detected', to: 'Ada@example.com', text: /“Ada’s <b>phone<\/b> X: y”[^]*20 November 2026 at 11:12 UTC\n.*Firefox on Linux\n.*203\.0\.113\.7/ }])
  t.match(sent[0]?.html, 'Ada’s &lt;b&gt;phone&lt;/b&gt; X: y')
})

t.test('a sign-in on a new device is reported with the name that the device gave', async t => {
  const { signUp, openSession, record, deliver, sent } = await open(t)
  const userId = await signUp()
  const eventId = await record(userId)

  await deliver({ kind: 'new_device', userId, sessionId: await openSession(userId, 'See evil.example'), eventId })
  await deliver({ kind: 'new_device', userId, sessionId: await openSession(userId, null), eventId })
  await deliver({ kind: 'new_device', userId, sessionId: randomUUID(), eventId })
  await deliver({ kind: 'new_device', userId: await signUp({ email: 'key@example.com', hash: null }), sessionId: randomUUID(), eventId })
  t.match(sent, [{ kind: 'new_device', text: /“See evil\. example”[^]*knows your password/ }, { text: /not seen before\.\n/ }, { text: /not seen before\.\n/ }, { text: /has one of your passkeys/ }])
})

t.test('a changed password is reported to its owner; a deleted user gets nothing', async t => {
  const { signUp, record, deliver, sent } = await open(t)
  const userId = await signUp()
  const eventId = await record(userId)

  await deliver({ kind: 'password_changed', userId, how: 'changed', eventId })
  await deliver({ kind: 'password_changed', userId, how: 'reset', eventId })
  t.match(sent, [{ kind: 'password_changed', to: 'Ada@example.com', text: /but the one that changed it/ }, { text: /by the link from a mail/ }])

  const gone = { userId: randomUUID(), sessionId: randomUUID(), eventId }
  for (const kind of ['password_changed', 'reuse_detected', 'new_device', 'email_changed_new']) await deliver({ kind, ...gone })
  t.equal(sent.length, 2)
})

t.test('a notice that waits while the address is changed goes to the address of before, as often as it is changed', async t => {
  const { signUp, record, deliver, sent, changeAddress } = await open(t)
  const userId = await signUp()
  const beforeChange = await record(userId)
  const change = await changeAddress(userId, { from: 'Ada@example.com', to: 'thief@example.com' })
  const afterChange = await record(userId)
  await changeAddress(userId, { from: 'thief@example.com', to: 'fence@example.com' })
  const afterBoth = await record(userId)

  for (const kind of ['password_changed', 'second_factor_removed']) await deliver({ kind, userId, eventId: beforeChange })
  await deliver({ kind: 'new_device', userId, sessionId: randomUUID(), eventId: beforeChange })
  t.same(sent.splice(0).map(({ to }) => to), ['Ada@example.com', 'Ada@example.com', 'Ada@example.com'])

  await changeAddress(userId, { from: 'fence@example.com', to: 'Ada@example.com', event: 'email_restored' })
  await deliver({ kind: 'email_changed_new', userId, eventId: change })
  await deliver({ kind: 'password_changed', userId, eventId: afterChange })
  await deliver({ kind: 'password_changed', userId, eventId: afterBoth })
  await deliver({ kind: 'password_changed', userId })
  t.same(sent.map(({ to }) => to), ['thief@example.com', 'thief@example.com', 'Ada@example.com', 'Ada@example.com'])
})

t.test('a change of another account or one that failed, and one that cannot be read any more, leave the address of a notice', async t => {
  const { signUp, record, deliver, sent, changeAddress, owner } = await open(t)
  const [userId, other] = [await signUp(), await signUp({ email: 'eve@example.com' })]
  const eventId = await record(userId)
  await changeAddress(other, { from: 'eve@example.com', to: 'adam@example.com' })
  await record(userId, userId, { event: 'email_changed', outcome: 'failure', personal: { before: { email: 'wrong@example.com' } } })
  await deliver({ kind: 'password_changed', userId, eventId })

  await changeAddress(userId, { from: 'Ada@example.com', to: 'new@example.com' })
  await owner`delete from subject_keys where subject_id = ${userId}`
  await deliver({ kind: 'password_changed', userId, eventId })
  t.same(sent.map(({ to }) => to), ['Ada@example.com', 'new@example.com'])
})

t.test('a notice leaves out what the audit trail lacks: no event, another user’s, an administrator’s, an erased one', async t => {
  const { signUp, record, deliver, sent, owner } = await open(t)
  const [userId, other] = [await signUp(), await signUp({ email: 'eve@example.com' })]
  const eventId = await record(userId)

  await deliver({ kind: 'password_changed', userId, how: 'changed' })
  await deliver({ kind: 'password_changed', userId, how: 'changed', eventId: eventId + 1000 })
  await deliver({ kind: 'password_changed', userId, how: 'changed', eventId: await record(other) })
  await deliver({ kind: 'password_changed', userId, how: 'changed', eventId: await record(userId, other) })
  await owner`delete from subject_keys where subject_id = ${userId}`
  await deliver({ kind: 'password_changed', userId, how: 'changed', eventId })

  t.equal(sent.length, 5)
  for (const { text, html } of sent) {
    t.match(text, 'When: 20 November 2026 at 11:12 UTC')
    t.notMatch(`${text}${html}`, /203\.0|Firefox|undefined|null/)
  }
})

t.test('the owner learns who is locked out, until when, and that the mailbox is the way past', async t => {
  const { signUp, record, deliver, sent } = await open(t)
  const userId = await signUp()
  const until = '2026-11-20T11:42:00.000Z'

  for (const lane of ['strangers', 'device', 'session']) await deliver({ kind: 'locked', userId, lane, until, eventId: await record(userId) })
  for (const mail of sent) t.match(mail, { kind: 'locked', to: 'Ada@example.com', text: /Until 20 November 2026 at 11:42 UTC .*whatever the password[^]*203\.0\.113\.7[^]*“Forgot password”[^]*can sign in at once/ })
  t.match(sent.map(({ text }) => text), [/devices that have not signed in to it before/, /a device that has signed in to it before/, /In one of your sessions/])

  await deliver({ kind: 'locked', userId: await signUp({ email: 'key@example.com', hash: null }), lane: 'strangers', until, eventId: 1 })
  await deliver({ kind: 'locked', userId: randomUUID(), lane: 'strangers', until, eventId: 1 })
  t.equal(sent.length, 3, 'an address without an account has nobody to tell, and an account without a password nothing to guess')
})

t.test('approvers are notified of a waiting applicant, and the applicant of the decision if it still stands', async t => {
  const { signUp, deliver, sent, sql } = await open(t)
  const [userId, applicantId] = [await signUp({ email: 'boss@example.com', fullName: 'Grace', role: 'admin' }), await signUp({ fullName: 'Ada http://evil.example/approve' })]
  const decide = (approval: string) => sql`update users set approval = ${approval} where id = ${applicantId}`
  const stages = [{ kind: 'approval', stage: 'pending', userId, applicantId }, { kind: 'approval', stage: 'approved', userId: applicantId, applicantId }, { kind: 'approval', stage: 'rejected', userId: applicantId, applicantId, reason: 'No\nlicence' }]

  for (const approval of ['pending', 'approved', 'rejected', 'not_required']) {
    await decide(approval)
    for (const job of stages) await deliver(job)
  }
  t.match(sent, [
    { kind: 'approval', to: 'boss@example.com', text: /Hello Grace,[^]*Name: .*Ada http evil\. example\/approve\n.*Ada@example\.com/ },
    { kind: 'approval', to: 'Ada@example.com', text: /approved it/ },
    { kind: 'approval', to: 'Ada@example.com', text: /Reason: No licence\n/ }
  ])
  t.equal(sent.length, 3)
  await decide('rejected')
  await deliver({ kind: 'approval', stage: 'rejected', userId: applicantId, applicantId })
  t.notMatch(sent[3]?.text, /Reason|null|undefined/)
})

t.test('a mail about gathered applicants names twenty who still wait, and counts the others', async t => {
  const { signUp, deliver, sent, sql } = await open(t)
  const userId = await signUp({ email: 'boss@example.com', fullName: 'Grace', role: 'admin' })
  const applicantIds: string[] = []
  for (let number = 1; number <= 23; number++) applicantIds.push(await signUp({ email: `v${number}@example.com`, fullName: `Vendor ${number} http://evil.example` }))
  const job = { kind: 'approval', stage: 'gathered', userId, applicantIds, more: 2 }

  await deliver(job)
  t.match(sent, { length: 0 }, 'those who do not wait are not announced')
  await sql`update users set approval = 'pending' where id = any(${applicantIds}::uuid[])`
  await sql`update users set approval = 'approved' where id = ${applicantIds[0] ?? ''}`
  await deliver(job)
  t.match(sent, [{ kind: 'approval', to: 'boss@example.com', subject: /^24 people wait/, text: / 1: +Vendor 2 http evil\. example, v2@[^]* 20: +Vendor 21 .*\n[^]*And 4 more\./ }])
  t.notMatch(sent[0]?.text, /Vendor (1|22) /)

  await deliver({ ...job, applicantIds: applicantIds.slice(0, 2), more: 0 })
  t.match(sent[1], { subject: /^Somebody waits/, text: /Name: +Vendor 2/ })
  await deliver({ ...job, applicantIds: applicantIds.slice(0, 1), more: 0 })
  t.equal(sent.length, 2)
  await t.rejects(deliver({ ...job, applicantIds: 7 }), TypeError)
})

t.test('a mail that waits tells nobody about applicants who may not approve them any more', async t => {
  const { signUp, deliver, sent, sql } = await open(t)
  const applicantId = await signUp()
  await sql`update users set approval = 'pending' where id = ${applicantId}`
  const userId = await signUp({ email: 'boss@example.com', role: 'admin' })
  const stages = [{ stage: 'pending', applicantId }, { stage: 'gathered', applicantIds: [applicantId], more: 3 }]
  const deliverAll = async () => { for (const data of stages) await deliver({ kind: 'approval', userId, ...data }) }

  await sql`update users set status = 'disabled' where id = ${userId}`
  await deliverAll()
  await sql`update users set status = 'active', role = 'user' where id = ${userId}`
  await deliverAll()
  await sql`update users set role = 'admin' where id = any(${[userId, applicantId]}::uuid[])`
  await deliverAll()
  t.same(sent, [])

  await sql`update users set role = 'super_admin' where id = ${userId}`
  await deliverAll()
  t.equal(sent.length, 2)
})

t.test('a deleted user is notified, although the store no longer knows them', async t => {
  const { deliver, sent, recipients } = await open(t)
  const recipient = recipients.encrypt({ email: 'Ada@example.com', fullName: 'Ada King', locale: 'de' })

  await deliver({ kind: 'account_deleted', recipient })
  t.match(sent, [{ kind: 'account_deleted', to: 'Ada@example.com', subject: /gelöscht/, text: /Guten Tag Ada King,[^]*20\. November 2026/ }])
  t.notMatch(recipient, /Ada|example/)
  await t.rejects(deliver({ kind: 'account_deleted', recipient: `${recipient.slice(0, -4)}AAAA` }), /cannot be decrypted/)
  t.equal(sent.length, 1)
})

t.test('a job of an unknown kind fails instead of vanishing', async t => {
  const { deliver, sent } = await open(t)
  const tokenId = randomUUID()
  const broken = [
    { kind: 'toString' }, { kind: 'password_reset' }, { kind: 'confirm_email', tokenId: 7 }, { kind: 'email_changed', tokenId }, { kind: 'email_changed', tokenId, stage: 'done' },
    { kind: 'password_changed', userId: tokenId, how: 'guessed' }, { kind: 'password_changed', userId: tokenId, eventId: '1' }, { kind: 'approval', stage: 'lost', userId: tokenId, applicantId: tokenId }, { kind: 'account_deleted' }
  ]
  for (const data of [...broken, {}, { kind: 'spam' }, { kind: 'registration' }, { kind: 'registration', registrationId: 7 }, { kind: 'reuse_detected', userId: randomUUID() }, { kind: 'locked', userId: randomUUID(), lane: 'fast', until: '' }, { kind: 'locked', userId: randomUUID(), lane: 'device' }]) {
    await t.rejects(deliver(data), TypeError)
  }
  t.same(sent, [])
})

t.test('a mail that the server refuses for good is not tried again, and the job says why', async t => {
  const { database, sql, register, start, failures, counted } = await open(t)
  const registrationId = await register({ email: 'ada@example.com' })
  failures.push(new MailFailure('mail: refused for good: 550 no such user', { reason: 'refused', isPermanent: true }))

  const node = start()
  await database.begin(tx => node.send(tx, 'mail', { kind: 'registration', registrationId }))
  await until(async () => (await sql`select from jobs where failed_at is not null`).length === 1)
  t.match(await sql`select attempts, error from jobs`, [{ attempts: 1, error: /^mail: refused for good: 550/ }])
  t.same(counted.filter(([name]) => name === 'mails'), [['mails', 'verify_email', 'refused']])

  failures.push(new MailFailure('mail: bounced: 550 no such user', { reason: 'refused', isPermanent: true, isBounce: true }))
  await database.begin(tx => node.send(tx, 'mail', { kind: 'registration', registrationId }))
  await until(async () => (await sql`select from jobs where failed_at is not null`).length === 2)
  t.same(counted.filter(([name]) => name === 'mails').at(-1), ['mails', 'verify_email', 'bounced'], 'a mailbox that does not exist is told apart')
})

t.test('a mail survives a server that is away and a process that dies, keeps its code, and leaves no trace', async t => {
  const { database, sql, register, start, sent, failures, counted, store } = await open(t)
  const id = await register({ email: 'ada@example.com' })
  failures.push(new Error('mail: connect ECONNREFUSED'))

  // The first node fails to deliver, the second dies halfway.
  const node = start()
  await database.begin(tx => node.send(tx, 'mail', { kind: 'registration', registrationId: id }))
  await until(async () => (await sql`select from jobs where error is not null`).length === 1)
  await node.stop(1000)
  t.notMatch(JSON.stringify(await sql`select * from jobs`).replaceAll(id, ''), /ada|@|\d{6}(?=")/, 'neither address nor code lie in the queue')
  await sql`update jobs set due_at = now()`
  t.match(await store.take('mail', 1, 60_000, 11), [{ attempt: 2 }])
  await sql`update jobs set due_at = now()`

  start()
  await until(async () => (await sql`select from jobs`).length === 0)
  t.match(sent, [{ to: 'ada@example.com', text: new RegExp(createCodes([key]).codeFor('verify_email', id, 1)) }])
  t.same(counted.filter(([name]) => name === 'mails'), [['mails', 'verify_email', 'failed'], ['mails', 'verify_email', 'sent']])
})

async function open (t: Test) {
  const { database, url, directUrl } = await openDatabase(t)
  const { connect } = await import('../../support/database.ts')
  const sql = connect(t, url)
  const owner = connect(t, directUrl, { max: 1 })
  const clock = createClock()
  const sent: Message[] = []
  const failures: Error[] = []
  const counted: string[][] = []
  const transport = {
    probe: async () => 0,
    deliver: async (message: Message) => {
      const failure = failures.shift()
      if (failure !== undefined) throw failure
      sent.push(message)
    }
  }
  const metrics = {
    increment: (name: string, labels: object, count = 1) => {
      if (count > 0) counted.push([name, ...Object.values(labels)])
    }
  }
  const store = createJobStore(database)
  const audit = createAudit(createAuditEventStore(), {
    wrapping: createEncryption([key]),
    anonymous: createEncryption([key]),
    addressKeys: [key],
    macs: createEventMacs([key])
  })
  const tokenStore = createOneTimeTokenStore(database)
  const tokens = createOneTimeTokens(tokenStore, { keys: [key], clock })
  const recipients = createEncryptedRecipients([key])
  const { deliver } = createMailJobs({
    subjects: createMailSubjectStore(database),
    mailer: createMailer(transport, { from: { name: 'Acme', address: 'no-reply@acme.example' } }),
    codes: createCodes([key]),
    tokenStore,
    tokens,
    recipients,
    audit,
    metrics,
    clock,
    appUrl: 'https://app.example'
  })

  return {
    database,
    sql,
    owner,
    clock,
    sent,
    failures,
    counted,
    store,
    tokens,
    recipients,
    register,
    signUp,
    issue,
    record,
    changeAddress,
    openSession,
    start,
    deliver: (data: Record<string, unknown>) => deliver({ id: 1, attempt: 1, createdAt: new Date('2026-11-20T11:12:00Z'), data })
  }

  function start () {
    const log = { info () {}, warn () {}, error () {} }
    const jobs = createJobs({ store, log, metrics })
    t.teardown(() => jobs.stop(1000))
    jobs.work('mail', deliver, { lookIntervalMs: 10 })
    return jobs
  }

  async function register ({ email, fullName = 'Ada King' }: { email: string, fullName?: string }) {
    const id = randomUUID()
    await sql`
      insert into registrations (id, email, email_canonical, password_hash, full_name, locale, role, code_expires_at)
      values (${id}, ${email}, ${email.toLowerCase()}, 'x', ${fullName}, 'en', 'user', ${new Date(clock.now() + 600_000)})`
    return id
  }

  async function signUp ({ email = 'Ada@example.com', fullName = 'Ada King', locale = 'en', role = 'user', hash = 'none' as string | null } = {}) {
    const id = randomUUID()
    await sql`
      insert into users (id, email, email_canonical, full_name, locale, role, password_hash)
      values (${id}, ${email}, ${email.toLowerCase()}, ${fullName}, ${locale}, ${role}, ${hash})`
    await audit.createSubject(database, id)
    return id
  }

  async function issue (purpose: Purpose, userId: string | null, email: string | null = null) {
    const emailCanonical = email?.toLowerCase() ?? null
    return await database.begin(tx => tokens.issue(tx, { purpose, userId, email, emailCanonical }))
  }

  /** Records an event that a browser caused for an account; returns the event. */
  async function record (userId: string, actorId = userId, fields: Partial<AuditEvent> = {}) {
    const [subject] = await database<{ wrappedKey: Buffer }>`select wrapped_key from subject_keys where subject_id = ${userId}`
    const caller = { ip: '203.0.113.7', userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0', requestId: 'r' }
    return await audit.record(database, { event: 'something', outcome: 'success', actorId, subject: { id: userId, wrappedKey: subject?.wrappedKey ?? null }, caller, ...fields })
  }

  /** Gives an account another address, with the event that its confirmation or its undo records; returns the event. */
  async function changeAddress (userId: string, { from, to, event = 'email_changed' }: { from: string, to: string, event?: string }) {
    await sql`update users set email = ${to}, email_canonical = ${to.toLowerCase()} where id = ${userId}`
    return await record(userId, userId, { event, personal: { before: { email: from }, after: { email: to } } })
  }

  async function openSession (userId: string, deviceName: string | null) {
    const id = randomUUID()
    const now = new Date()
    await sql`
      insert into sessions (id, user_id, transport, device_id, device_name, amr, auth_time, user_epoch, global_epoch, created_at, last_seen_at, expires_at)
      values (${id}, ${userId}, 'bearer', ${randomUUID()}, ${deviceName}, array['pwd'], ${now}, 0, 0, ${now}, ${now}, ${now})`
    return id
  }
}
