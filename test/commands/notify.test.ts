import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { readLetter } from '../../commands/support/letter.ts'
import type { Letter } from '../../lib/announcements/announcements.ts'
import { run, runProcess } from '../support/command.ts'
import { connect } from '../support/database.ts'
import { deploy, start } from '../support/helper.ts'
import type { Deployment } from '../support/helper.ts'
import { decodeWords, headersOf, partsOf, startMailServer } from '../support/outside/mail-server.ts'
import { until } from '../support/until.ts'

const caller = { ip: '127.0.0.1', userAgent: null, requestId: 'notify' }
const letter = (subject: string): Letter => ({ role: null, texts: [{ language: 'en', subject, body: 'Text.' }] })

t.test('a letter goes to every active user once, each in their language', async t => {
  const server = await startMailServer(t)
  const deployment = await deploy(t, { SMTP_URL: server.url })
  const people = await populate(deployment)
  const file = write('# Your data\n\nPlease read [this](https://acme.example/report).\n\n- Choose a new **password**.\n')
  write('# Ihre Daten\n\nBitte wählen Sie ein neues Passwort.\n', `${file.replace(/\.md$/, '')}.de.md`)

  await t.test('not before somebody has agreed', async t => {
    t.match(await run(deployment, ['notify', file, '--dry-run', '--json']), {
      code: 0, stdout: /^\{"outcome":"would_write","written":0,"left":5,"newly_written":0,"languages":\{"en":3,"de":1,"fr":1\}\}\n$/, stderr: ''
    })
    t.match(await run(deployment, ['notify', file]), { code: 2, stdout: '', stderr: /^It goes to 5 users\.\nThis mails 5 users\. Nothing was done: add --yes\.\n$/ })
    t.equal((await people`select from jobs`).length + (await people`select from announcements`).length, 0)
  })

  await start(t, deployment)
  t.match(await runProcess(deployment, ['notify', file, '--yes']), { code: 0, stdout: 'The mail was written for 5 users. `latchkey mails` shows those that are not sent yet.\n' })
  await until(() => server.mails.length === 5, 10_000)

  const subjects = new Map(server.mails.map(({ to: [to = ''], raw }) => [to, subjectOf(raw)]))
  t.strictSame([...subjects].sort(), [
    ['en-0@example.com', 'Your data'], ['en-1@example.com', 'Your data'], ['en-2@example.com', 'Your data'],
    ['german@example.com', 'Ihre Daten'], ['french@example.com', 'Your data']
  ].sort(), 'nobody who is disabled or waits for approval')
  const { text, html } = partsOf(server.mails.find(({ to }) => to[0] === 'french@example.com')?.raw ?? '')
  t.match(text, /^Hello [^]*Please read this \(https:\/\/acme\.example\/report\)\.\r?\n\r?\n- Choose a new password\.\r?\n/)
  t.match(html, '<a href="https://acme.example/report"')
  t.match(await people`select outcome from audit_events where event = 'users_notified'`, [{ outcome: 'success' }])

  await t.test('and not again when it is started again', async t => {
    t.match(await run(deployment, ['notify', file, '--yes']), { code: 0, stdout: /^It was mailed to 5 users already\. Nobody gets it twice/ })
    t.equal((await people`select from jobs`).length, 0)
    t.equal(server.mails.length, 5)
  })

  await t.test('to those of a role, with the languages that are missing', async t => {
    const other = write('Text.')
    t.match(await run(deployment, ['notify', other, '--subject', 'To admins', '--role', 'admin', '--dry-run']), {
      code: 0, stdout: /^It goes to 1 user of the role admin\.\nTo 1 user it goes in another language than theirs: there is no \S+\.de\.md\.\n$/
    })
    t.match(await run(deployment, ['notify', other, '--subject', 'x', '--role', 'nobody']), { code: 2, stdout: '', stderr: 'There is no role "nobody".\n' })
  })
})

t.test('a letter that nobody can have meant is refused', async t => {
  for (const [file, sentence] of [
    [write('Text.'), /has no subject: begin it with a line such as "# Subject", or use --subject\.$/],
    [write('# Only a title\n'), /has no text\.$/],
    [write(`# Long\n\n${'a'.repeat(20_001)}`), /is longer than 20000 characters\.$/],
    [write(`# ${'a'.repeat(151)}\n\nText.`), /^The subject of .* is longer than 150 characters\.$/],
    ['/nowhere.md', /ENOENT/]
  ] as const) await t.rejects(readLetter(file, null), { message: sentence })
  t.strictSame(await readLetter(write('Text.'), 'Given'), [{ language: 'en', subject: 'Given', body: 'Text.' }])
})

t.test('a letter that is interrupted goes on where it was, also when two send it', async t => {
  const deployment = await deploy(t)
  const sql = connect(t, deployment.DATABASE_DIRECT_URL)
  await addUsers(sql, 350)
  const { announcements } = await start(t, deployment, { workers: false })

  // What waits is sent somewhere else, until the command is ended.
  const empty = async () => { await sql`update jobs set due_at = now() + interval '1 hour'` }
  let pauses = 0
  const endTwice = async () => {
    if (++pauses === 2) throw new Error('ended')
    await empty()
  }
  await t.rejects(announcements.send(letter('one'), { report: () => {}, pause: endTwice }, caller), /ended/)
  const before = await mailsOf('one')
  t.equal(before, 200)
  t.match(await announcements.look(letter('one')), { written: before, left: 350 - before, isComplete: false })

  await sql`insert into users (id, email, email_canonical, email_verified, full_name, locale, role, status, approval, created_at, updated_at)
    select gen_random_uuid(), 'late@example.com', 'late@example.com', true, 'Ada', 'en', 'user', 'active', 'not_required', now(), now()`
  await empty()
  const both = await Promise.all([1, 2].map(async () => await announcements.send(letter('one'), { report: () => {}, pause: empty }, caller)))
  t.strictSame(both, [350, 350], 'somebody who came later gets none')
  t.equal(await mailsOf('one'), 350)
  t.equal((await sql`select distinct data ->> 'userId' from jobs`).length, 350, 'and nobody two')

  async function mailsOf (subject: string) {
    return (await sql`
      select from jobs join announcements a on a.id::text = data ->> 'announcementId' and a.texts -> 0 ->> 'subject' = ${subject}`).length
  }
})

t.test('users are counted a thousand at a time, however many there are', async t => {
  const deployment = await deploy(t)
  const sql = connect(t, deployment.DATABASE_DIRECT_URL)
  await addUsers(sql, 2300)
  await sql`update users set locale = 'de-AT' where email_canonical < '2'`
  const [{ count: german } = { count: 0 }] = await sql`select count(*)::int from users where locale = 'de-AT'`
  const { announcements } = await start(t, deployment, { workers: false })
  const read: number[] = []
  const report = (users: number) => read.push(users)

  const languages = [{ language: 'en', count: 2300 - german }, { language: 'de', count: german }]
  t.strictSame(await announcements.look(letter('six'), { report }), { written: 0, left: 2300, languages, isComplete: false })
  t.strictSame(read, [1000, 2000, 2300])
  t.equal((await announcements.look({ ...letter('six'), role: 'admin' }, { report })).left, 0)
  t.strictSame(read.slice(3), [1000, 2000, 2300], 'also where nobody of them gets it')
})

t.test('no more mails are written than can be sent', async t => {
  const deployment = await deploy(t)
  const sql = connect(t, deployment.DATABASE_DIRECT_URL)
  await sql`insert into jobs (queue, data) select 'mail', '{"kind":"locked"}' from generate_series(1, 120)`
  const { announcements } = await start(t, deployment, { workers: false })
  const states: boolean[] = []
  let pauses = 0

  const sending = announcements.send(letter('two'), {
    report: ({ isWaiting }) => states.push(isWaiting),
    pause: async () => { if (++pauses === 3) await sql`delete from jobs` }
  }, caller)
  t.equal(await sending, 0)
  t.strictSame(states, [true, true, true, false])

  await sql`insert into jobs (queue, data) select 'mail', '{"kind":"locked"}' from generate_series(1, 120)`
  await t.rejects(announcements.send(letter('three'), { report: () => {}, pause: async () => {} }, caller), /No mail has been sent for ten minutes/)
})

t.test('while the mail server takes no mail, no more are written than wait already', async t => {
  const refuse = (_address: unknown, _session: unknown, callback: (error: Error) => void) => {
    callback(Object.assign(new Error('come again later'), { responseCode: 451 }))
  }
  const server = await startMailServer(t, { onRcptTo: refuse })
  const deployment = await deploy(t, { SMTP_URL: server.url })
  const sql = connect(t, deployment.DATABASE_DIRECT_URL)
  await addUsers(sql, 250)
  const { announcements } = await start(t, deployment)
  const haveFailed = async () => (await sql`select from jobs where error is null`).length === 0
  const sending = announcements.send(letter('four'), { report: () => {}, pause: async () => { await until(haveFailed, 60_000) } }, caller)

  await t.rejects(sending, /No mail has been sent for ten minutes/)
  t.match(await announcements.look(letter('four')), { written: 100, left: 150, isComplete: false })
  t.equal((await sql`select from jobs`).length, 100)
  t.same(server.mails, [])
})

t.test('a letter stops when its last hundred mails were all refused for good, and goes on when it is sent again', async t => {
  let isRefused = (_address: string) => true
  const server = await startMailServer(t, {
    onRcptTo: ({ address }, _session, callback) => callback(isRefused(address) ? Object.assign(new Error('5.7.1 you are blocked'), { responseCode: 550 }) : null)
  })
  const deployment = await deploy(t, { SMTP_URL: server.url })
  const sql = connect(t, deployment.DATABASE_DIRECT_URL)
  await addUsers(sql, 350)
  const { announcements } = await start(t, deployment)
  const file = write('# six\n\nText.')

  for (const written of [100, 200]) {
    t.match(await run(deployment, ['notify', file, '--yes']), { code: 1, stdout: '', stderr: /The mail server has refused the last 100 mails for good[^]*mails --failed/ })
    t.match(await announcements.look(letter('six')), { written, left: 350 - written, isComplete: false })
    t.equal((await sql`select from jobs where failed_at is not null`).length, written)
    t.equal((await sql`select from jobs`).length, written, 'nobody else is written to')
  }
  t.same(server.mails, [])

  // A mailbox that is gone stops nobody's mail.
  isRefused = address => /[02468]@/.test(address)
  t.match(await run(deployment, ['notify', file, '--yes']), { code: 0, stdout: /^The mail was written for 350 users\./ })
  await until(async () => (await sql`select from jobs where failed_at is null`).length === 0, 20_000)
  const failed = (await sql`select from jobs`).length
  t.ok(failed > 200, `${failed}`)
  t.equal(server.mails.length, 350 - failed)
  t.equal(new Set(server.mails.map(({ to }) => to[0])).size, server.mails.length, 'nobody gets two')
})

t.test('mails that have failed for hours hold nobody up', async t => {
  const deployment = await deploy(t)
  const sql = connect(t, deployment.DATABASE_DIRECT_URL)
  await sql`
    insert into jobs (queue, data, attempts, attempts_max, due_at, error)
    select 'mail', '{"kind":"locked"}', 7, 11, now() + interval '2 hours', 'no' from generate_series(1, 120)`
  const { announcements } = await start(t, deployment, { workers: false })
  const pause = async () => { throw new Error('it waits') }
  t.equal(await announcements.send(letter('five'), { report: () => {}, pause }, caller), 0)
})

/** Users with the role user, who read English. */
async function addUsers (sql: ReturnType<typeof connect>, count: number) {
  await sql`
    insert into users (id, email, email_canonical, email_verified, full_name, locale, role, status, approval, created_at, updated_at)
    select gen_random_uuid(), n || '@example.com', n || '@example.com', true, 'Ada', 'en', 'user', 'active', 'not_required', now(), now()
    from generate_series(1, ${count}::int) as n`
}

/** Accounts of every status, in several languages. */
async function populate (deployment: Deployment) {
  const sql = connect(t, deployment.DATABASE_DIRECT_URL)
  const people = [
    ['en-0', 'en', 'user', 'active', 'not_required'], ['en-1', 'en-GB', 'user', 'active', 'approved'], ['en-2', 'en', 'user', 'active', 'not_required'],
    ['german', 'de-CH', 'admin', 'active', 'not_required'], ['french', 'fr', 'user', 'active', 'not_required'],
    ['disabled', 'en', 'user', 'disabled', 'not_required'], ['waiting', 'en', 'vendor', 'active', 'pending'], ['rejected', 'en', 'vendor', 'active', 'rejected']
  ] as const
  for (const [name, locale, role, status, approval] of people) {
    const email = `${name}@example.com`
    await sql`
      insert into users (id, email, email_canonical, email_verified, full_name, locale, role, status, approval, created_at, updated_at)
      values (gen_random_uuid(), ${email}, ${email}, true, 'Ada King', ${locale}, ${role}, ${status}, ${approval}, now() - interval '1 hour', now())`
  }
  return sql
}

function write (text: string, file = join(mkdtempSync(join(tmpdir(), 'letter-')), 'letter.md')) {
  writeFileSync(file, text)
  return file
}

function subjectOf (raw: string) {
  return decodeWords(headersOf(raw).find(header => header.startsWith('Subject: '))?.slice(9) ?? '')
}
