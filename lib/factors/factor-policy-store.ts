import type { Database } from '../stores/database.ts'

/** How many active users of a role lack the factor that it demands, and from when on it does. */
export interface FactorPolicyGap { role: string, count: number, from: Date }

export type FactorPolicyStore = ReturnType<typeof createFactorPolicyStore>

export function createFactorPolicyStore (db: Database) {
  return { listGaps }

  /** The gaps of all roles that demand a factor, now or later. Reads the users of these roles only. */
  async function listGaps (): Promise<FactorPolicyGap[]> {
    return await db<FactorPolicyGap>`
      select r.name as role, r.second_factor_from as "from", count(u.id)::int as count
      from roles r
      left join users u on u.role = r.name
                       and u.status = 'active'
                       and not has_second_factor(u.id, r.second_factor)
      where r.second_factor <> 'optional'
      group by r.name
      order by r.rank desc, r.name`
  }
}
