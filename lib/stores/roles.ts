import type { Database } from './database.ts'

/** A role and what it may do. */
export interface Role {
  name: string
  rank: number
  userType: string
  requiresApproval: boolean
  selfRegistration: boolean
  permissions: string[]
}

export type RoleStore = ReturnType<typeof createRoleStore>

export function createRoleStore (db: Database) {
  return { list }

  /** Every role; a deployment has a handful. */
  async function list (): Promise<Role[]> {
    return await db<Role>`
      select r.name, r.rank, r.user_type, r.requires_approval, r.self_registration,
             coalesce(array_agg(p.permission) filter (where p.permission is not null), '{}') as permissions
      from roles r
      left join role_permissions p on p.role = r.name
      group by r.name`
  }
}
