// node --import tsx dev/permissions.ts: writes the permissions of each role into the administrator's page, as a new
// database has them.
import { readFileSync, writeFileSync } from 'node:fs'
import { writeFromNewDeployment } from './documents/new-deployment.ts'
import { withPermissionMatrix } from './documents/permission-matrix.ts'

const target = 'docs/administration.md'

await writeFromNewDeployment(async app => {
  const { roles } = await app.roleAdministration.list()
  writeFileSync(target, withPermissionMatrix(readFileSync(target, 'utf8'), roles))
  console.log(`${target} is up to date`)
})
