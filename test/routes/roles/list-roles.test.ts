import t from 'tap'
import { signInAs } from '../../support/accounts/roles.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, post, start } from '../../support/helper.ts'
import { trail } from '../../support/trail/evidence.ts'

const app = await start(t, await deploy(t), { workers: false, hasher: cheapHasher })

const permissions = ['audit:read', 'roles:write', 'sessions:revoke', 'stats:read', 'users:approve', 'users:delete', 'users:read', 'users:write']
const optional = { second_factor: 'optional', second_factor_from: null }
const closed = { requires_approval: false, self_registration: false, ...optional }

t.test('the roles of a new deployment are listed, the highest first', async t => {
  const { access_token: token } = await signInAs(app, 'super_admin')
  const answer = await as(app, token, 'GET', '/roles')

  t.equal(answer.statusCode, 200)
  t.strictSame(answer.json(), {
    roles: [
      { name: 'super_admin', rank: 100, user_type: 'staff', ...closed, permissions },
      { name: 'admin', rank: 80, user_type: 'staff', ...closed, permissions: permissions.filter(name => !['roles:write', 'users:delete'].includes(name)) },
      { name: 'accountant', rank: 60, user_type: 'staff', ...closed, permissions: ['stats:read', 'users:read'] },
      { name: 'vendor', rank: 20, user_type: 'vendor', requires_approval: true, self_registration: true, permissions: [], ...optional },
      { name: 'user', rank: 10, user_type: 'user', requires_approval: false, self_registration: true, permissions: [], ...optional }
    ]
  })
})

t.test('only callers who may read users see the roles', async t => {
  for (const role of ['admin', 'accountant']) t.match(await as(app, (await signInAs(app, role)).access_token, 'GET', '/roles'), { statusCode: 200 }, role)

  for (const role of ['vendor', 'user']) {
    const { access_token: token, user } = await signInAs(app, role)
    t.match((await as(app, token, 'GET', '/roles')).json(), { status: 403, code: 'forbidden' }, role)
    t.match((await trail(app)).filter(({ actorId }) => actorId === user.id).at(-1), { event: 'authz_fail', outcome: 'failure', reason: 'users:read' })
  }
  t.match((await app.inject('/api/v1/roles')).json(), { status: 401, code: 'unauthenticated' })
  t.match(await post(app, '/roles', {}), { statusCode: 405 })
})
