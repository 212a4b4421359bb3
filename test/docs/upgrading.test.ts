import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { expectedVersion } from '../../lib/stores/migrations.ts'
import { sendWithoutPause } from '../failure/load.ts'
import { deploy, signIn, start } from '../support/helper.ts'
import { startMailServer } from '../support/outside/mail-server.ts'
import { openMachine, withoutMachine } from './machine.ts'
import { readPage } from './page.ts'

const page = readPage('docs/upgrading.md')
// The code of this tree is the old version; the new version has one migration more.
const before = expectedVersion()
const migration = {
  [`0${before + 1}.do.later.sql`]: `-- compatible-with: ${before}\nalter table users add column planted_column text;\n`,
  [`0${before + 1}.undo.later.sql`]: 'alter table users drop column planted_column;\n'
}

t.test('the page leads to a new version and back, and no request fails', { skip: withoutMachine }, async t => {
  const settings = await productionSettings()
  const machine = await openMachine(t)
  const { opt, asked } = machine
  const inNext = { cwd: join(opt, 'latchkey-next') }
  machine.install('latchkey')
  const lines = Object.entries(settings).map(([name, value]) => `${name}="${value}"\n`).join('')
  writeFileSync(join(opt, 'latchkey', '.env.production'), lines, { mode: 0o600 })
  t.match(await machine.run('systemctl enable --now latchkey@3000 latchkey@3001'), { code: 0, stdout: '', stderr: '' })
  const traffic = { clients: 2, pauseMs: 200 }
  const load = sendWithoutPause({ port: machine.https, ca: machine.ca, token: await someToken(), ...traffic })
  t.teardown(load.stop)

  t.match(await machine.run(page.block('sh', 'latchkey-backup')), { code: 0 })
  page.leaveOut('install -d', 'npm ci')
  machine.install('latchkey-next', migration)
  t.match(await machine.run(page.block('sh', 'cp -p')), { code: 0 })
  t.match(await machine.run(page.block('sh', ' migrate'), inNext), { code: 0, stdout: new RegExp(`is now at version ${before + 1}`) })
  t.match(await machine.run(page.block('sh', 'mv -T /opt/latchkey /opt/latchkey-before')), { code: 0, stdout: '', stderr: '' })
  t.match(await machine.run(page.block('sh', '3000/health')), { code: 0, stdout: /"healthy".*"healthy"/s })
  t.match(await machine.run(page.block('sh', 'doctor')), { code: 0, stdout: /The deployment is sound/ })
  t.match(await machine.run(page.block('sh', 'mv -T /opt/latchkey /opt/latchkey-next')), { code: 0, stdout: '', stderr: '' }, 'and back')
  const outcomes = await load.stop()

  t.comment(JSON.stringify(outcomes))
  t.strictSame(Object.keys(outcomes).sort(), ['GET 204', 'POST 422'], machine.nginxErrors())
  t.ok(Object.values(outcomes).reduce((sum, count) => sum + count) > 50, 'under traffic')
  t.match(asked.slice(1, 3), ['start latchkey-backup', 'start latchkey-restore-drill'], 'the backup comes first')
  t.notMatch(machine.output(), /"level":(50|60)/, 'no node complains of anything')

  async function productionSettings () {
    const { NODE_ENV, RATE_LIMITS_ENABLED, ...deployment } = await deploy(t, {
      ISSUER_URL: 'https://auth.example.com',
      APP_URL: 'https://app.example.com',
      TRUST_PROXY: '127.0.0.1',
      SMTP_URL: (await startMailServer(t)).url,
      MAIL_FROM: 'no-reply@example.com',
      LOG_LEVEL: 'warn'
    })
    return deployment
  }

  /** The access token of a user of this deployment, made by a node of this process. */
  async function someToken () {
    const node = await start(t, { ...settings, NODE_ENV: 'test', RATE_LIMITS_ENABLED: 'false' }, { workers: false })
    const { access_token: token } = await signIn(node)
    await node.close()
    return token
  }
})

t.test('no block of the page is left out here', { skip: withoutMachine }, async t => {
  t.strictSame(page.untouched(), [])
})
