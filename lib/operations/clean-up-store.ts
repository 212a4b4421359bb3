import type { Database } from '../stores/database.ts'
import type { Fragment } from '../stores/statement.ts'

/** The kinds of rows that a clean-up removes when they have been over for some time. */
export type Kind =
  | 'registrations'
  | 'one_time_tokens'
  | 'known_devices'
  | 'waiting_totp_secrets'
  | 'spent_challenges'
  | 'failed_jobs'
  | 'changes'
  | 'epoch_changes'
  | 'ended_sessions'
  | 'expired_sessions'

/** Which rows of a table are of a kind, and the column by whose time they are judged, which an index orders. */
interface Rows { table: Fragment, time: Fragment, also: Fragment, lock: Fragment }

export interface Batch {
  /** Rows before this time are not looked at: they have been removed already. */
  from: Date
  /** Milliseconds that a row's time must lie in the past. */
  age: number
  /** The most rows. */
  limit: number
}

/** How many rows were removed, and the latest of their times. */
export interface Removed { removed: number, last: Date | null }

export type CleanUpStore = ReturnType<typeof createCleanUpStore>

export function createCleanUpStore (db: Database) {
  const { fragment } = db
  const none = fragment``
  // A row that is locked stays, and nothing waits for it. Rows of `changes` are never updated and need no lock.
  const unlocked = fragment`for update skip locked`
  const rows: Record<Kind, Rows> = {
    registrations: {
      table: fragment`registrations`,
      time: fragment`created_at`,
      also: none,
      lock: unlocked
    },
    one_time_tokens: {
      table: fragment`one_time_tokens`,
      time: fragment`expires_at`,
      also: none,
      lock: unlocked
    },
    known_devices: {
      table: fragment`known_devices`,
      time: fragment`last_used_at`,
      also: none,
      lock: unlocked
    },
    waiting_totp_secrets: {
      table: fragment`totp_secrets`,
      time: fragment`created_at`,
      also: fragment`and confirmed_at is null`,
      lock: unlocked
    },
    spent_challenges: {
      table: fragment`spent_challenges`,
      time: fragment`expires_at`,
      also: none,
      lock: unlocked
    },
    failed_jobs: {
      table: fragment`jobs`,
      time: fragment`failed_at`,
      also: fragment`and failed_at is not null`,
      lock: unlocked
    },
    changes: {
      table: fragment`changes`,
      time: fragment`at`,
      also: fragment`and kind not in ('user_epoch', 'everyone')`,
      lock: none
    },
    epoch_changes: {
      table: fragment`changes`,
      time: fragment`at`,
      also: fragment`and kind in ('user_epoch', 'everyone')`,
      lock: none
    },
    ended_sessions: {
      table: fragment`sessions`,
      time: fragment`ended_at`,
      also: fragment`and ended_at is not null`,
      lock: unlocked
    },
    expired_sessions: {
      table: fragment`sessions`,
      time: fragment`expires_at`,
      also: none,
      lock: unlocked
    }
  }

  return { remove }

  /**
   * Removes the oldest rows of a kind by one short statement. The clock of Postgres counts, because a node whose
   * clock is wrong would remove rows that are still needed.
   */
  async function remove (kind: Kind, { from, age, limit }: Batch): Promise<Removed> {
    const { table, time, also, lock } = rows[kind]
    const [result] = await db<Removed>`
      with removed as (
        delete from ${table}
        where ctid = any(array(
          select ctid
          from ${table}
          where ${time} >= ${from}
            and ${time} < now() - ${age}::float8 * interval '1 millisecond'
            ${also}
          order by ${time}
          limit ${limit}
          ${lock}
        ))
        returning ${time} as time
      )
      select count(*)::int as removed, max(time) as last
      from removed`
    return result ?? { removed: 0, last: null }
  }
}
