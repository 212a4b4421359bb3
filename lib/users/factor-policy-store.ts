import type { Database } from '../stores/database.ts'

/** How many active users of a role lack the factor that it demands, and from when on it does. */
export interface FactorPolicyGap { role: string, count: number, from: Date }

export type FactorPolicyStore = ReturnType<typeof createFactorPolicyStore>

/** At most this many users of a role are looked at, which takes less than a second. */
const usersMax = 10_000

export function createFactorPolicyStore (db: Database) {
  return { listGaps }

  /**
   * The gaps of all roles that demand a factor, now or later. Of each of these roles it reads 10,000 active users at
   * most, so the answer takes as long whatever the number of users.
   */
  async function listGaps (): Promise<FactorPolicyGap[]> {
    return await db<FactorPolicyGap>`
      select r.name as role, r.second_factor_from as "from", gap.count
      from roles r
      cross join lateral (
        select count(*) filter (where not has_second_factor(u.id, r.second_factor))::int as count
        from (
          select id
          from users
          where role = r.name
            and status = 'active'
          limit ${usersMax}
        ) u
      ) gap
      where r.second_factor <> 'optional'
      order by r.rank desc, r.name`
  }
}
