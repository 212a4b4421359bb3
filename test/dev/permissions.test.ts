import { readFileSync } from 'node:fs'
import t from 'tap'
import { withPermissionMatrix } from '../../dev/documents/permission-matrix.ts'
import { permissions } from '../../routes/schemas/role.ts'
import { cheapHasher } from '../support/hashers.ts'
import { deploy, start } from '../support/helper.ts'

const app = await start(t, await deploy(t), { workers: false, hasher: cheapHasher })
const page = readFileSync('docs/administration.md', 'utf8')

t.test('the administrator’s page lists the permissions of a new deployment’s roles; if not, run dev/permissions.ts', async t => {
  const { roles } = await app.roleAdministration.list()
  t.equal(page, withPermissionMatrix(page, roles))
  t.match(page, /\| `admin` \| 80 \| ✓ \| ✓ \| {2}\| ✓ \|/)
})

t.test('another role, or another permission, makes another page', async t => {
  const { roles } = await app.roleAdministration.list()
  t.not(page, withPermissionMatrix(page, roles.slice(1)))
  t.not(page, withPermissionMatrix(page, roles.map(role => ({ ...role, permissions: [] }))))
  t.throws(() => withPermissionMatrix('a page', roles))
  t.throws(() => withPermissionMatrix(page + page, roles))
})

t.test('the page, the routes and the database know the same permissions', async t => {
  const [constraint] = await app.database<{ rule: string }>`select pg_get_constraintdef(oid) as rule from pg_constraint where conname = 'role_permissions_permission_check'`
  t.same([...constraint?.rule.matchAll(/'([a-z]+:[a-z]+)'/g) ?? []].map(([, permission]) => permission).sort(), permissions.toSorted())
  for (const permission of permissions) t.match(page, `\n| \`${permission}\` | `, permission)
})
