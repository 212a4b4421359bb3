import t from 'tap'
import { introspect, revoke } from '../support/accounts/services.ts'
import { run, runProcess } from '../support/command.ts'
import { cheapHasher } from '../support/hashers.ts'
import { deploy, signIn, start } from '../support/helper.ts'
import { trail } from '../support/trail/evidence.ts'
import { until } from '../support/until.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })

t.test('a service is created, asks, rotates its credentials and is revoked', async t => {
  const { access_token: token } = await signIn(app)
  const made = await runProcess(deployment, ['create-service', 'billing'])
  const [, id = '', secret = ''] = /^id {6}(\S+)\nsecret {2}(\S+)\n\nThis is shown once\. The service "billing" may introspect with it\.\n$/.exec(made.stdout) ?? []
  t.match(made, { code: 0, stderr: '' })
  t.match(secret, /^[A-Za-z0-9_-]{43}$/)
  t.match((await introspect(app, { id, secret }, token)).json(), { active: true })
  t.match(await revoke(app, { id, secret }, token), { statusCode: 403 })

  const again = JSON.parse((await run(deployment, ['create-service', 'billing', '--may-revoke', '--may-follow', '--json'])).stdout)
  t.match(again, { id: /^[0-9a-f-]{36}$/, secret: /^[\w-]{43}$/, name: 'billing', may_revoke: true, may_follow: true, credentials: 2 })
  // A node reads the credentials at most once a second, whoever asks with an unknown one.
  await until(async () => (await introspect(app, again, token)).statusCode === 200)
  t.match((await introspect(app, again, token)).json(), { active: true })

  t.match(await runProcess(deployment, ['revoke-service', 'billing', '--credential', id]), { code: 0, stdout: 'Of the service "billing", 1 credential is revoked. It has 1 left.\n' })
  t.match(await introspect(app, { id, secret }, token), { statusCode: 401 })
  t.match(await revoke(app, again, token), { statusCode: 200 })
  t.match(JSON.parse((await run(deployment, ['revoke-service', 'billing', '--json'])).stdout), { name: 'billing', revoked: [again.id], credentials: 0 })
  t.match(await introspect(app, again, token), { statusCode: 401 })

  t.match((await trail(app, id)).map(({ event, reason }) => [event, reason]), [['service_created', 'billing'], ['service_revoked', 'billing']])
})

t.test('an error is reported in one line', async t => {
  const answers = await Promise.all([
    run(deployment, ['create-service', 'Not A Name']),
    run(deployment, ['revoke-service', 'nobody']),
    run(deployment, ['revoke-service', 'nobody', '--credential', 'x']),
    run(deployment, ['create-service']),
    run(deployment, ['create-service', 'x', '--all'])
  ])

  t.match(answers, [
    { code: 1, stderr: /A name has 1 to 63/ },
    { code: 1, stderr: 'There is no service "nobody".\n' },
    { code: 1, stderr: 'The service "nobody" has no credential x.\n' },
    { code: 2, stderr: /Usage: latchkey create-service NAME \[--may-revoke\] \[--may-follow\]/ },
    { code: 2, stderr: /Usage/ }
  ])
  for (const { stdout, stderr } of answers) {
    t.equal(stdout, '')
    t.notMatch(stderr, /\n {4}at /)
  }
  t.same(await app.database`select name from services where name in ('x', 'Not A Name')`, [])
})
