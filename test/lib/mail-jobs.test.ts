import { createHash, randomUUID } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import { createClock } from '../../lib/clock.ts'
import { createCodes } from '../../lib/codes.ts'
import { createJobs } from '../../lib/jobs.ts'
import { createMailJobs } from '../../lib/mail-jobs.ts'
import { createMailer } from '../../lib/mailer.ts'
import type { Message } from '../../lib/mailer.ts'
import { createJobStore } from '../../lib/stores/jobs.ts'
import { createMailSubjectStore } from '../../lib/stores/mail-subjects.ts'
import { openDatabase } from '../database.ts'

const key = createHash('sha256').update('a key').digest()

t.test('who registers a free address gets the code of that registration there', async t => {
  const { register, deliver, sent } = await open(t)
  const id = await register({ email: 'Ada@example.com' })

  await deliver({ kind: 'registration', registrationId: id })
  t.match(sent, [{ kind: 'verify_email', to: 'Ada@example.com' }])
  t.match(sent[0]?.text, createCodes([key]).codeFor('verify_email', id, 1))
  t.match(sent[0]?.text, 'valid for 10 minutes')
})

t.test('the owner of a taken address is told at the address they gave, and no code leaves', async t => {
  const { register, signUp, deliver, sent } = await open(t)
  await signUp({ email: 'Ada@example.com', fullName: 'Ada King' })
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

t.test('there is no mail for a registration that is gone or whose code has expired', async t => {
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

t.test('the owner of a session is told of its reuse, with the device and the time', async t => {
  const { signUp, openSession, deliver, sent } = await open(t)
  const userId = await signUp({ email: 'ada@example.com', fullName: 'Ada King' })
  const sessionId = await openSession(userId, 'Ada’s <b>phone</b>\r\nX: y')

  await deliver({ kind: 'reuse_detected', userId, sessionId })
  t.match(sent, [{ kind: 'reuse_detected', to: 'ada@example.com', text: /on 20 November 2026 at 11:12 UTC .*“Ada’s <b>phone<\/b> X: y”/ }])
  t.match(sent[0]?.html, 'Ada’s &lt;b&gt;phone&lt;/b&gt; X: y')
})

t.test('a changed password is told to its owner; a person who is gone gets nothing', async t => {
  const { signUp, deliver, sent } = await open(t)
  const userId = await signUp({ email: 'ada@example.com', fullName: 'Ada King' })

  await deliver({ kind: 'password_changed', userId })
  t.match(sent, [{ kind: 'password_changed', to: 'ada@example.com' }])
  await deliver({ kind: 'password_changed', userId: randomUUID() })
  await deliver({ kind: 'reuse_detected', userId: randomUUID(), sessionId: randomUUID() })
  t.equal(sent.length, 1)
})

t.test('the owner is told who is shut out, until when, and that the mailbox is the way past', async t => {
  const { signUp, deliver, sent } = await open(t)
  const userId = await signUp({ email: 'ada@example.com', fullName: 'Ada King' })
  const until = '2026-11-20T11:42:00.000Z'

  for (const lane of ['strangers', 'device', 'session']) await deliver({ kind: 'locked', userId, lane, until })
  for (const mail of sent) t.match(mail, { kind: 'locked', to: 'ada@example.com', text: /Until 20 November 2026 at 11:42 UTC .*whatever the password[^]*“Forgot password”[^]*can sign in at once/ })
  t.match(sent.map(({ text }) => text), [/devices that have not signed in to it before/, /a device that has signed in to it before/, /in one of your sessions/])

  await deliver({ kind: 'locked', userId: randomUUID(), lane: 'strangers', until })
  t.equal(sent.length, 3, 'an address without an account has nobody to tell')
})

t.test('a job of no known kind fails instead of vanishing', async t => {
  const { deliver, sent } = await open(t)
  for (const data of [{}, { kind: 'spam' }, { kind: 'registration' }, { kind: 'registration', registrationId: 7 }, { kind: 'reuse_detected', userId: randomUUID() }, { kind: 'locked', userId: randomUUID(), lane: 'fast', until: '' }, { kind: 'locked', userId: randomUUID(), lane: 'device' }]) {
    await t.rejects(deliver(data), TypeError)
  }
  t.same(sent, [])
})

t.test('a mail survives a server that is away and a process that dies, with its code, and leaves no trace', async t => {
  const { database, sql, register, start, sent, failures, counted, store } = await open(t)
  const id = await register({ email: 'ada@example.com' })
  failures.push(new Error('mail: connect ECONNREFUSED'))

  // The first node fails to deliver, the second dies in the middle.
  const node = start()
  await database.begin(tx => node.send(tx, 'mail', { kind: 'registration', registrationId: id }))
  await until(async () => (await sql`select from jobs where error is not null`).length === 1)
  await node.stop(1000)
  t.notMatch(JSON.stringify(await sql`select * from jobs`).replaceAll(id, ''), /ada|@|\d{6}(?=")/, 'neither address nor code lie in the queue')
  await sql`update jobs set due_at = now()`
  t.match(await store.take('mail', 1, 60_000), [{ attempt: 2 }])
  await sql`update jobs set due_at = now()`

  start()
  await until(async () => (await sql`select from jobs`).length === 0)
  t.match(sent, [{ to: 'ada@example.com', text: new RegExp(createCodes([key]).codeFor('verify_email', id, 1)) }])
  t.same(counted.filter(([name]) => name === 'mails'), [['mails', 'verify_email', 'failed'], ['mails', 'verify_email', 'sent']])
})

async function open (t: Test) {
  const { database, url } = await openDatabase(t)
  const { connect } = await import('../database.ts')
  const sql = connect(t, url)
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
  const metrics = { increment: (name: string, labels: object) => { counted.push([name, ...Object.values(labels)]) } }
  const store = createJobStore(database)
  const { deliver } = createMailJobs({
    subjects: createMailSubjectStore(database),
    mailer: createMailer(transport, { from: 'Acme <no-reply@acme.example>' }),
    codes: createCodes([key]),
    metrics,
    clock,
    appUrl: 'https://app.example'
  })

  return {
    database,
    sql,
    clock,
    sent,
    failures,
    counted,
    store,
    register,
    signUp,
    openSession,
    start,
    deliver: (data: Record<string, unknown>) => deliver({ id: 1, attempt: 1, createdAt: new Date('2026-11-20T11:12:00Z'), data })
  }

  function start () {
    const log = { info () {}, warn () {}, error () {} }
    const jobs = createJobs({ store, log, metrics })
    t.teardown(() => jobs.stop(1000))
    jobs.work('mail', deliver, { interval: 10 })
    return jobs
  }

  async function register ({ email, fullName = 'Ada King' }: { email: string, fullName?: string }) {
    const id = randomUUID()
    await sql`
      insert into registrations (id, email, email_canonical, password_hash, full_name, locale, role, code_expires_at)
      values (${id}, ${email}, ${email.toLowerCase()}, 'x', ${fullName}, 'en', 'user', ${new Date(clock.now() + 600_000)})`
    return id
  }

  async function signUp ({ email, fullName }: { email: string, fullName: string }) {
    const id = randomUUID()
    await sql`
      insert into users (id, email, email_canonical, full_name, role)
      values (${id}, ${email}, ${email.toLowerCase()}, ${fullName}, 'user')`
    return id
  }

  async function openSession (userId: string, deviceName: string) {
    const id = randomUUID()
    const now = new Date()
    await sql`
      insert into sessions (id, user_id, transport, device_id, device_name, amr, auth_time, user_epoch, global_epoch, created_at, last_seen_at, expires_at)
      values (${id}, ${userId}, 'bearer', ${randomUUID()}, ${deviceName}, array['pwd'], ${now}, 0, 0, ${now}, ${now}, ${now})`
    return id
  }
}

async function until (isSo: () => Promise<boolean>) {
  while (!await isSo()) await new Promise(resolve => setTimeout(resolve, 5))
}
