import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { Redis } from 'ioredis'
import t from 'tap'
import type { Test } from 'tap'
import type { AreaFinding, Verdict } from '../../lib/doctor/examination.ts'
import { run, runProcess } from '../support/command.ts'
import { connect, makeDatabase } from '../support/database.ts'
import { deploy, signIn, start } from '../support/helper.ts'
import type { Deployment } from '../support/helper.ts'
import { startMailServer } from '../support/outside/mail-server.ts'
import { sealsOf } from '../support/trail/audit-seals.ts'

interface Report { verdict: Verdict, findings: AreaFinding[] }

/** Findings that come from the machine of the tests and from their Postgres, which stores nothing durably. */
const surroundings = new Set(['runs_as_root', 'few_open_files', 'database_not_durable', 'database_jit', 'clock_off_redis', 'connections_used_up'])

t.test('a deployment that runs is sound, and the command says so to people and programs', async t => {
  const deployment = await deploy(t)
  const app = await start(t, deployment)
  await signIn(app)
  await sealsOf(app).seal()

  t.strictSame(await diagnose(deployment), { code: 0, verdict: 'sound', codes: [] })
  t.match(await runProcess(deployment, ['doctor']), { code: 0, stdout: /The deployment is sound\./, stderr: '' })
})

t.test('what is wrong in the stores is found in one run, without a secret', async t => {
  const deployment = await deploy(t)
  const app = await start(t, deployment, { workers: false })
  await Promise.all([signIn(app), signIn(app), signIn(app)])
  const sql = connect(t, deployment.DATABASE_DIRECT_URL)
  await sql`insert into jobs (queue, failed_at, error) values ('mail', now(), 'canary-error')`
  await sql`insert into jobs (queue, due_at) values ('clean-up', now() - interval '1 hour')`
  const forged = randomUUID()
  await sql`
    insert into signing_keys (id, algorithm, public_key, private_key, status, published_at, activated_at, retired_at, expires_at, mac)
    select ${forged}, algorithm, public_key, private_key, 'retired', published_at, published_at, now(), now() + interval '1 day', mac
    from signing_keys
    limit 1`
  await sql`update sessions set id = gen_random_uuid()`
  await sql`insert into audit_retention (days) values (120)`

  const { code, report, output } = await examined(deployment)
  t.equal(code, 1)
  t.strictSame(codesIn(report), ['audit_retention_differs', 'jobs_failed', 'jobs_waiting', 'redis_prefix_shared', 'signing_keys_forged'])
  for (const secret of secretsOf(deployment)) t.notMatch(output, secret)
  t.notMatch(output, 'canary')

  await sql`delete from jobs`
  await sql`delete from signing_keys where id = ${forged}`
  await sql`delete from audit_retention`
  t.strictSame((await diagnose(deployment)).codes, ['redis_prefix_shared'], 'what was mended is not found any more')
})

t.test('a shared prefix is found in a Redis with ten thousand keys of others', async t => {
  const deployment = await deploy(t)
  const redis = new Redis(deployment.REDIS_URL)
  const others = Array.from({ length: 10_000 }, () => `of-others:${randomUUID()}`)
  t.teardown(async () => { await redis.unlink(others); redis.disconnect() })
  await redis.mset(others.flatMap(key => [key, '']))
  const app = await start(t, deployment, { workers: false })
  await Promise.all([signIn(app), signIn(app), signIn(app)])
  await connect(t, deployment.DATABASE_DIRECT_URL)`update sessions set id = gen_random_uuid()`

  t.ok((await diagnose(deployment)).codes.includes('redis_prefix_shared'))
})

t.test('the owner of the tables is not the one to run the server', async t => {
  const deployment = await deploy(t)
  const { codes, code } = await diagnose({ ...deployment, DATABASE_URL: deployment.DATABASE_DIRECT_URL })

  t.ok(codes.includes('role_superuser') || codes.includes('role_owns_tables'), codes.join())
  t.equal(code, 1)
})

t.test('DATABASE_DIRECT_URL at another database is found', async t => {
  const deployment = await deploy(t)
  const { directUrl } = await makeDatabase(t)
  t.match((await diagnose({ ...deployment, DATABASE_DIRECT_URL: directUrl })).codes, ['direct_url_elsewhere', 'signing_key_missing'])
})

t.test('on an empty database the one finding is that the schema is missing', async t => {
  const { url, directUrl } = await makeDatabase(t, { migrated: false })
  const { codes, code } = await diagnose({ ...await deploy(t), DATABASE_URL: url, DATABASE_DIRECT_URL: directUrl })

  t.strictSame(codes, ['schema_unfit'])
  t.equal(code, 1)
})

t.test('another ENCRYPTION_KEY opens neither keys nor seals', async t => {
  const deployment = await deploy(t)
  const app = await start(t, deployment)
  await signIn(app)
  await sealsOf(app).seal()
  const { codes } = await diagnose({ ...deployment, ENCRYPTION_KEY: randomBytes(32).toString('base64') })

  t.strictSame(codes, ['audit_seal_foreign', 'signing_keys_unreadable'])
})

t.test('stores that refuse or never answer are named, and the command ends with 2', async t => {
  const deployment = await deploy(t, { REDIS_URL: `redis://:canary@127.0.0.1:${await listenSilently(t)}` })
  const started = performance.now()
  const silent = await examined({ ...deployment, DATABASE_URL: 'postgres://nobody:canary@127.0.0.1:1/none', DATABASE_DIRECT_URL: '' })

  t.equal(silent.code, 2)
  t.equal(silent.report.verdict, 'unknown')
  const areas = silent.report.findings.filter(({ code }) => code === 'not_examined').map(({ area }) => area)
  t.strictSame(areas.sort(), ['audit_trail', 'database', 'jobs', 'redis', 'redis_prefix', 'second_factors', 'signing_keys'])
  t.match(silent.report.findings.find(({ area }) => area === 'database'), { message: /ECONNREFUSED/ })
  t.notMatch(silent.output, 'canary')
  t.ok(performance.now() - started < 30_000)
})

t.test('why the mail server takes no mail is said, without the password', async t => {
  const refusing = await startMailServer(t, {
    authOptional: false,
    allowInsecureAuth: true,
    onAuth: (_auth, _session, callback) => callback(new Error('no'))
  })
  const deployment = await deploy(t)
  const withMail = async (url: string) => await examined(Object.assign({ ...deployment }, { SMTP_URL: url }))
  const wrong = await withMail(refusing.url.replace('//', '//latchkey:canary@'))

  t.match(wrong.report.findings.filter(({ area }) => area === 'mail'), [{ code: 'mail_sign_in', severity: 'unsafe', advice: /SMTP_URL/ }])
  t.notMatch(wrong.output, 'canary')
  t.ok(codesIn((await withMail('smtp://127.0.0.1:1')).report).includes('mail_unreachable'))
  t.notOk(codesIn((await withMail((await startMailServer(t)).url)).report).some(code => code.startsWith('mail_')))
})

t.test('settings that the server refuses are unsafe, by name; the stores are left alone', async t => {
  const wrong = { NODE_ENV: 'production', ENCRYPTION_KEY: 'canary', COOKIE_SECURE: 'false' }
  const { code, report, output } = await examined(wrong)
  const refused = report.findings.filter(({ code }) => code === 'setting_refused').map(({ setting }) => setting)

  t.equal(code, 1)
  t.ok(['ENCRYPTION_KEY', 'COOKIE_SECURE', 'DATABASE_URL'].every(name => refused.includes(name)), refused.join())
  t.notOk(report.findings.some(({ area }) => area === 'database'))
  t.notMatch(output, 'canary')
})

async function examined (deployment: Partial<Deployment>) {
  const { code, stdout, stderr } = await run(deployment, ['doctor', '--json'])
  if (stdout === '') throw new Error(stderr)
  return { code, report: JSON.parse(stdout) as Report, output: stdout + stderr }
}

async function diagnose (deployment: Deployment) {
  const { code, report } = await examined(deployment)
  return { code, verdict: report.verdict, codes: codesIn(report) }
}

const codesIn = ({ findings }: Report) =>
  findings.map(({ code }) => code).filter(code => !surroundings.has(code)).sort()

function secretsOf ({ DATABASE_URL: url, ENCRYPTION_KEY: key }: Deployment) {
  return [key, new URL(url).password].filter(Boolean)
}

/** A server that accepts connections and says nothing. */
async function listenSilently (t: Test) {
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
