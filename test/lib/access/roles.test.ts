import t from 'tap'
import { createClock } from '../../../lib/clock.ts'
import { createRoles } from '../../../lib/access/roles.ts'
import { createRoleStore } from '../../../lib/access/role-store.ts'
import { openDatabase } from '../../support/database.ts'

const permissions = ['users:read', 'users:write', 'users:delete', 'users:approve', 'sessions:revoke', 'audit:read', 'roles:write', 'stats:read']

t.test('the roles of a new deployment have the permissions that the contract’s table lists', async t => {
  const { roles } = await open(t)
  const table = {
    super_admin: permissions,
    admin: ['users:read', 'users:write', 'users:approve', 'sessions:revoke', 'audit:read', 'stats:read'],
    accountant: ['users:read', 'stats:read'],
    vendor: [],
    user: []
  }
  for (const [role, may] of Object.entries(table)) {
    t.same(permissions.filter(permission => roles.may(role, permission)), may, role)
  }
  t.same(Object.keys(table).map(role => roles.find(role)?.rank), [100, 80, 60, 20, 10])
})

t.test('people register as user or vendor only, and a vendor needs approval', async t => {
  const { roles } = await open(t)
  t.match(roles.forRegistration('user'), { name: 'user', requiresApproval: false })
  t.match(roles.forRegistration('vendor'), { name: 'vendor', requiresApproval: true })
  for (const type of ['staff', 'admin', 'super_admin', '', '__proto__', 'constructor', 'toString']) t.equal(roles.forRegistration(type), undefined, type)
})

t.test('an unknown role has no permission, and inherited property names are no roles', async t => {
  const { roles } = await open(t)
  for (const role of ['', 'nobody', '__proto__', 'constructor', 'hasOwnProperty', 'SUPER_ADMIN']) for (const permission of [...permissions, '__proto__', '']) t.equal(roles.may(role, permission), false)
  for (const permission of ['', 'users', 'users:', 'users:*', '*', 'users:read ', 'length', 'includes']) t.equal(roles.may('super_admin', permission), false, permission)
})

t.test('a reload follows the table; before the first reload no role has any permission', async t => {
  const { roles, database } = await open(t)
  await database`insert into role_permissions (role, permission) values ('user', 'stats:read')`
  await database`delete from role_permissions where role = 'admin' and permission = 'users:write'`
  t.notOk(roles.may('user', 'stats:read'))
  await roles.reload()
  t.ok(roles.may('user', 'stats:read'))
  t.notOk(roles.may('admin', 'users:write'))
  t.notOk(createRoles(createRoleStore(database), createClock()).may('super_admin', 'users:read'))
})

t.test('when a change cannot be read, the old roles answer for three seconds; then nothing is answered until the read succeeds', async t => {
  const clock = { at: 0, monotonic: () => clock.at, now: () => clock.at }
  const store = { list: async () => [{ name: 'admin', rank: 80, userType: 'staff', requiresApproval: false, selfRegistration: false, permissions: ['users:read'], ...optional }] }
  const { list } = store
  const roles = createRoles(store, clock)
  t.teardown(roles.stop)
  await roles.reload()

  store.list = async () => { throw new Error('away') }
  roles.follow()
  clock.at = 2999
  t.ok(roles.may('admin', 'users:read'))
  clock.at = 3000
  t.throws(() => roles.may('admin', 'users:read'), { code: 'unavailable' })
  t.throws(() => roles.forRegistration('user'), { code: 'unavailable' })

  store.list = async () => (await list()).map(role => ({ ...role, permissions: [] }))
  await roles.reload()
  t.notOk(roles.may('admin', 'users:read'))
})

t.test('a slow read never replaces the result of a later read', async t => {
  const answers: Array<(permissions: string[]) => void> = []
  const roles = createRoles({
    list: async () => {
      const permissions = await new Promise<string[]>(resolve => { answers.push(resolve) })
      return [{ name: 'admin', rank: 80, userType: 'staff', requiresApproval: false, selfRegistration: false, permissions, ...optional }]
    }
  }, createClock())
  const reads = [roles.reload(), roles.reload()]
  answers[1]?.([])
  await reads[1]
  answers[0]?.(['users:write'])
  await reads[0]
  t.notOk(roles.may('admin', 'users:write'))
})

const optional = { factorPolicy: 'optional' as const, factorPolicyFrom: new Date(0) }

async function open (t: Parameters<typeof openDatabase>[0]) {
  const { database } = await openDatabase(t)
  const roles = createRoles(createRoleStore(database), createClock())
  await roles.reload()
  return { database, roles }
}
