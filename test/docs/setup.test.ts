import { randomBytes } from 'node:crypto'
import { mkdtempSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import t from 'tap'
import type { Test } from 'tap'
import { debianPostgres } from '../../dev/services/debian-postgres.ts'
import { startPostgres } from '../../dev/services/services.ts'
import { password } from '../support/helper.ts'
import { partsOf, startMailServer } from '../support/outside/mail-server.ts'
import { until } from '../support/until.ts'
import { openMachine, withoutMachine } from './machine.ts'
import { readPage } from './page.ts'

const page = readPage('docs/setup.md')
const userPassword = 'seven quiet herons over the weir'

t.test('the page leads from a new Postgres to two nodes behind nginx and a user whose mail arrived', { skip: withoutMachine }, async t => {
  const { superuserUrl, superuser } = await newPostgres(t)
  const mailServer = await startMailServer(t)
  const machine = await openMachine(t, { REDIS_KEY_PREFIX: `test:${randomBytes(6).toString('hex')}:` })
  const mine = personalise(superuserUrl, mailServer.url)
  const ran = async (text: string, typed = '') => await machine.run(mine(page.block('sh', text)), { typed })

  page.leaveOut('apt-get', 'adduser', 'npm ci', 'cp deploy/systemd', 'cp deploy/nginx.conf', 'nginx -t')
  machine.install('latchkey')
  for (const statement of mine(page.block('sql', 'create role')).split(/;\s*/).filter(Boolean)) await superuser.unsafe(statement)
  t.match(await ran('.env.production'), { code: 0 })
  t.equal(statSync(join(machine.opt, 'latchkey', '.env.production')).mode & 0o077, 0, 'nobody else can read the settings')
  t.match(await ran(' migrate'), { code: 0, stdout: /is now at version \d+/ })
  t.match(await ran('create-admin', `${password}\n`), { code: 0, stdout: /ada@example\.com is a super_admin now/ })

  t.match(await machine.run(page.block('console', 'systemctl enable')), { code: 0, stderr: '' }, 'both nodes are started')
  t.match(await ran('/health/ready'), { code: 0 })

  const registered = await ran('/auth/register')
  t.match(registered, { code: 0, stdout: /registration_id/ })
  await until(() => mailServer.mails.length > 0)
  const [mail] = mailServer.mails
  t.strictSame(mail?.to, ['grace@example.com'])
  const code = /\b\d{6}\b/.exec(partsOf(mail?.raw ?? '').text)?.[0] ?? ''
  const confirmation = page.block('sh', '/auth/verify-email')
    .replace('REGISTRATION_ID', String(JSON.parse(registered.stdout).registration_id)).replace('CODE', code)
  t.match(await machine.run(confirmation), { code: 0, stdout: /grace@example\.com/ })
  t.match(JSON.parse((await ran('/auth/login')).stdout), { user: { full_name: 'Grace Hopper' }, access_token: String })

  const admin = mine(page.block('sh', '/auth/login')).replace('grace@', 'ada@').replace(userPassword, password)
  t.match(JSON.parse((await machine.run(admin)).stdout), { user: { full_name: 'Ada King', role: 'super_admin' } })
  t.notMatch(machine.output(), /"level":(50|60)|owner of the tables/, 'no node complains of anything or owns the tables')
})

t.test('no block of the page is left out here', { skip: withoutMachine }, async t => {
  t.strictSame(page.untouched(), [])
})

/** Puts passwords in place of those of the page, and the addresses of this test's stores and mail server. */
function personalise (superuserUrl: string, mailServerUrl: string) {
  const passwords = { OWNER_PASSWORD: randomBytes(24).toString('hex'), APP_PASSWORD: randomBytes(24).toString('hex') }
  const redis = process.env['LATCHKEY_TEST_REDIS_URL'] ?? ''
  return (text: string) => text
    .replaceAll('OWNER_PASSWORD', passwords.OWNER_PASSWORD)
    .replaceAll('APP_PASSWORD', passwords.APP_PASSWORD)
    .replaceAll('USER_PASSWORD', userPassword)
    .replaceAll('127.0.0.1:5432', new URL(superuserUrl).host)
    .replaceAll('redis://127.0.0.1:6379', redis)
    .replaceAll('smtp://127.0.0.1:25', mailServerUrl)
}

/** A Postgres as a package leaves it: a superuser and nothing else. Debian's own, where there is one. */
async function newPostgres (t: Pick<Test, 'teardown'>) {
  const programs = (await debianPostgres())?.programs
  const server = await startPostgres({ dataDir: join(mkdtempSync(join(tmpdir(), 'setup-')), 'postgres'), durable: false, ...(programs && { programs }) })
  t.teardown(server.stop)
  const superuser = postgres(server.superuserUrl, { max: 1, onnotice: () => {} })
  t.teardown(() => superuser.end({ timeout: 1 }))

  await superuser`drop database latchkey`
  for (const role of ['latchkey_app', 'latchkey_runtime', 'latchkey_owner']) {
    await superuser.unsafe(`drop owned by ${role} cascade`)
    await superuser.unsafe(`drop role ${role}`)
  }
  return { superuserUrl: server.superuserUrl, superuser }
}
