import t from 'tap'
import { run, runProcess } from '../support/command.ts'
import { connect } from '../support/database.ts'
import { deploy, freshAddress, password, post, signIn, signUp, start } from '../support/helper.ts'
import { startMailServer } from '../support/outside/mail-server.ts'
import { until } from '../support/until.ts'

t.test('an operator sees why a mail has failed, and sends it again', async t => {
  let isRefusing = true
  const server = await startMailServer(t, {
    onRcptTo: (_address, _session, callback) => callback(isRefusing ? Object.assign(new Error('mailbox full'), { responseCode: 552 }) : null)
  })
  const deployment = await deploy(t, { SMTP_URL: server.url })
  const app = await start(t, deployment)
  const sql = connect(t, deployment.DATABASE_DIRECT_URL)
  const email = freshAddress()
  const nothing = await runProcess(deployment, ['mails'])
  t.match(nothing, { code: 0, stdout: 'No mail waits, and none has failed.\n', stderr: '' })

  await post(app, '/auth/register', { email, password, full_name: 'Ada King' })
  await until(async () => (await sql`select from jobs where failed_at is not null`).length === 1, 10_000)
  const listed = await run(deployment, ['mails', '--failed', '--json'])
  const { mails: [mail] } = JSON.parse(listed.stdout)
  t.match(mail, { kind: 'registration', state: 'failed', attempts: 1, due_at: null, error: /552.*mailbox full/ })
  t.notMatch(listed.stdout, email, 'nobody is named')

  isRefusing = false
  t.match(await run(deployment, ['mails', '--retry', String(mail.id)]), { code: 0, stdout: `The mail ${mail.id} is sent again.\n`, stderr: '' })
  await until(() => server.mails.length === 1, 10_000)
  t.strictSame(server.mails[0]?.to, [email])
  t.match(await run(deployment, ['mails', '--retry', String(mail.id)]), { code: 1, stdout: '', stderr: `There is no failed mail ${mail.id}.\n` })
  t.equal(server.mails.length, 1, 'it is not sent twice')
})

t.test('all failed mails are begun again as there is room, with those that wait for a late attempt, and nothing else is', async t => {
  const deployment = await deploy(t)
  const sql = connect(t, deployment.DATABASE_DIRECT_URL)
  // Their users are gone, so each is done when it is tried.
  await sql`
    insert into jobs (queue, data, attempts, attempts_max, failed_at, error)
    select 'mail', jsonb_build_object('kind', 'password_changed', 'userId', gen_random_uuid()), 11, 11, now() - interval '1 day',
           'The mail server could not be reached.'
    from generate_series(1, 230)`
  await sql`
    insert into jobs (queue, data, attempts, attempts_max, due_at, error)
    values ('mail', jsonb_build_object('kind', 'password_changed', 'userId', gen_random_uuid()), 9, 11, now() + interval '7 hours', 'away')`
  await sql`insert into jobs (queue, attempts, failed_at, error) values ('clean-up', 3, now(), 'a reason')`
  await sql`insert into jobs (queue, data, attempts, due_at) values ('mail', '{"kind":"registration"}', 2, now() + interval '1 minute')`

  const { stdout } = await run(deployment, ['mails'])
  t.match(stdout, /^ +\d+ {2}registration {2}waits, tried 2 times of 3, due at \S+Z\n/)
  t.match(stdout, /password_changed {2}waits, tried 9 times of 11, due at \S+Z: away\n/)
  t.match(stdout, /password_changed {2}failed at \S+Z, tried 11 times: The mail server could not be reached\./)
  t.match(stdout, /There are more\.\n$/)
  t.equal(stdout.split('\n').length, 102, 'a hundred, the line that there are more, and the end')

  const app = await start(t, deployment)
  t.match(await run(deployment, ['mails', '--retry', 'all', '--json']), { code: 0, stdout: '{"retried":231}\n' })
  await until(async () => (await sql`select from jobs where data ->> 'kind' = 'password_changed'`).length === 0, 20_000)
  await app.close()
  t.match(await sql`select attempts from jobs where queue = 'clean-up' and failed_at is not null`, [{ attempts: 3 }], 'another queue')
  t.match(await sql`select from jobs where attempts = 2 and queue = 'mail'`, { length: 1 }, 'a mail that is due soon goes on waiting')
})

t.test('a mail that waits for a late attempt is sent at once when an operator asks for it', async t => {
  const deployment = await deploy(t)
  const sql = connect(t, deployment.DATABASE_DIRECT_URL)
  const [late, soon] = await sql<{ id: number }[]>`
    insert into jobs (queue, data, attempts, attempts_max, due_at, error)
    values ('mail', '{"kind":"locked"}', 9, 11, now() + interval '7 hours', 'away'),
           ('mail', '{"kind":"locked"}', 2, 11, now() + interval '50 seconds', 'away')
    returning id`

  t.match(await run(deployment, ['mails', '--retry', String(late?.id)]), { code: 0, stdout: `The mail ${late?.id} is sent again.\n`, stderr: '' })
  t.match(await run(deployment, ['mails', '--retry', String(soon?.id)]), { code: 1, stdout: '' }, 'a node may be sending it')
  t.match(await sql`select id from jobs where due_at <= now() and attempts = 0`, [{ id: late?.id }])
})

t.test('the mail about a new device waits for a mail server as long as every other mail, also when it is sent again', async t => {
  let isRefusing = false
  const server = await startMailServer(t, {
    onRcptTo: (_address, _session, callback) => callback(isRefusing ? Object.assign(new Error('come again later'), { responseCode: 451 }) : null)
  })
  const deployment = await deploy(t, { SMTP_URL: server.url })
  const app = await start(t, deployment)
  const sql = connect(t, deployment.DATABASE_DIRECT_URL)
  const account = await signUp(app)
  await signIn(app, account, { device_token: account.deviceToken })
  await until(async () => (await sql`select from jobs where queue = 'mail'`).length === 0, 10_000)

  isRefusing = true
  server.mails.length = 0
  await signIn(app, account)
  await failTimes(4)
  t.match(await newDevice(), { attempts: 4, attemptsMax: 11, failedAt: null }, 'it is not given up')

  // What a version left behind that gave it up.
  await sql`update jobs set attempts = 3, attempts_max = 3, failed_at = now(), error = null where queue = 'mail'`
  t.match(await run(deployment, ['mails', '--retry', 'all']), { code: 0, stdout: '1 failed mail is sent again.\n' })
  await failTimes(4)
  t.match(await newDevice(), { attempts: 4, attemptsMax: 11, failedAt: null })
  t.same(server.mails, [])

  isRefusing = false
  await sql`update jobs set due_at = now() where queue = 'mail'`
  await until(() => server.mails.length === 1, 10_000)
  t.match(server.mails, [{ to: [account.email], raw: /X-Latchkey-Mail: new_device/ }])

  async function failTimes (times: number) {
    for (let attempt = 1; attempt <= times; attempt++) {
      await until(async () => {
        const job = await newDevice()
        return job?.attempts === attempt && job.error !== null
      }, 10_000)
      if (attempt < times) await sql`update jobs set due_at = now(), error = null where queue = 'mail'`
    }
  }

  async function newDevice () {
    const [job] = await sql<{ attempts: number, attemptsMax: number, failedAt: Date | null, error: string | null }[]>`
      select attempts, attempts_max, failed_at, error
      from jobs
      where queue = 'mail' and data ->> 'kind' = 'new_device'`
    return job
  }
})

t.test('what is no id of a mail is wrong usage, and changes nothing', async t => {
  for (const id of ['everything', '0', '-1', '1 or true']) {
    t.match(await run({}, ['mails', `--retry=${id}`]), { code: 2, stdout: '', stderr: /--retry takes the id of a failed mail, or all\./ })
  }
})
