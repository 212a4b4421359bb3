import type { Database, Query, Transaction } from '../stores/database.ts'

export type RecoveryCodeStore = ReturnType<typeof createRecoveryCodeStore>

/** The hashes of recovery codes. A code that was used has no row any more. */
export function createRecoveryCodeStore (db: Database) {
  return { summarise, has, replace, spend, remove, removeSince }

  /** How many codes are left, and when they were made; null if there are none. */
  async function summarise (userId: string, query: Query = db): Promise<{ left: number, createdAt: Date } | null> {
    const [summary] = await query<{ left: number, createdAt: Date | null }>`
      select count(*)::int as left, max(created_at) as created_at
      from recovery_codes
      where user_id = ${userId}`
    return summary?.createdAt ? { left: summary.left, createdAt: summary.createdAt } : null
  }

  async function has (userId: string, hash: Buffer): Promise<boolean> {
    const found = await db`
      select number
      from recovery_codes
      where user_id = ${userId}
        and hash = ${hash}`
    return found.length === 1
  }

  /** Writes new codes in place of all others. The caller has locked the user's row. */
  async function replace (tx: Transaction, userId: string, hashes: Buffer[], now: Date) {
    await remove(tx, userId)
    await tx`
      insert into recovery_codes (user_id, hash, number, created_at)
      select ${userId}, hash, number, ${now}
      from unnest(${hashes}::bytea[]) with ordinality as made (hash, number)`
  }

  /** Uses up a code. Returns how many are left; null if there is no such code (any more). */
  async function spend (tx: Transaction, userId: string, hash: Buffer): Promise<number | null> {
    const spent = await tx`
      delete from recovery_codes
      where user_id = ${userId}
        and hash = ${hash}
      returning number`
    return spent.length === 1 ? (await summarise(userId, tx))?.left ?? 0 : null
  }

  async function remove (tx: Transaction, userId: string) {
    await tx`
      delete from recovery_codes
      where user_id = ${userId}`
  }

  /** Removes the codes if they were made at this time or later. */
  async function removeSince (tx: Transaction, userId: string, since: Date) {
    await tx`
      delete from recovery_codes
      where user_id = ${userId}
        and created_at >= ${since}`
  }
}
