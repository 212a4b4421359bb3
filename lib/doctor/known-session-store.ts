import type { Database } from '../stores/database.ts'

export function createKnownSessionStore (db: Database) {
  return { countKnown }

  /** How many of these ids are sessions, ended ones included. */
  async function countKnown (ids: string[]): Promise<number> {
    const [row] = await db<{ known: number }>`
      select count(*)::int as known
      from sessions
      where id = any(${ids}::uuid[])`
    return row?.known ?? 0
  }
}
