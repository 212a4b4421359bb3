import t from 'tap'
import { brief, signed } from '../../support/accounts/people.ts'
import { signInAs } from '../../support/accounts/roles.ts'
import { as, deploy, start } from '../../support/helper.ts'
import { trail } from '../../support/trail/evidence.ts'

const deployment = await deploy(t, { SESSION_TTL: '20d', OPERATIONS_TOKEN: 'an-operations-token', SMTP_URL: 'smtp://me:hunter2@127.0.0.1:1' })
const app = await start(t, deployment, { workers: false })

t.test('every setting is shown with its value in force, and secrets are not', async t => {
  const chief = await signed(app, 'super_admin')
  const answer = await as(app, chief.access_token, 'GET', '/admin/settings')
  const { settings } = answer.json() as { settings: { name: string }[] }
  const named = new Map(settings.map(setting => [setting.name, setting]))

  t.strictSame(settings, app.settings)
  t.match(named.get('SESSION_TTL'), { value: '20d', masked: false, set: true, description: /session/ })
  t.match(named.get('ACCESS_TOKEN_TTL'), { value: '15m', set: false })
  t.match(named.get('OPERATIONS_TOKEN'), { value: '***', masked: true, set: true })
  for (const name of ['DATABASE_URL', 'DATABASE_DIRECT_URL', 'REDIS_URL', 'ENCRYPTION_KEY', 'SMTP_URL', 'OPERATIONS_TOKEN'] as const) {
    t.notMatch(answer.body, deployment[name as keyof typeof deployment], name)
  }
  t.match(answer.headers, { 'cache-control': 'no-store' })
})

t.test('only callers who may change roles see settings', async t => {
  for (const role of ['admin', 'accountant', 'user']) {
    const { access_token: token, user } = await signInAs(app, role)
    t.same(brief(await as(app, token, 'GET', '/admin/settings')), { status: 403, code: 'forbidden' }, role)
    t.match((await trail(app)).filter(({ actorId }) => actorId === user.id).at(-1), { reason: 'roles:write' })
  }
  t.match(brief(await app.inject('/api/v1/admin/settings')), { status: 401 })
})
