import type { EndReason } from '../errors.ts'
import { subjectOf } from '../jobs/job-store.ts'
import type { Database, Query, Transaction } from '../stores/database.ts'

export type ErasureStore = ReturnType<typeof createErasureStore>

/** How many sessions or registrations one statement writes, beside the living sessions. */
const batchRows = 1000

/** Replaces the device id of a session whose user has been erased. */
const noDevice = '00000000-0000-0000-0000-000000000000'

/** The rows of an account in every table, and how each of them is removed or anonymised. */
// `deployment` has one row, and nothing analyzes a table of one row: without `limit 1` the planner expects thousands of
// rows, and Postgres compiles the statements because they seem to cost so much.
export function createErasureStore (db: Database) {
  return { removeSurplus, removeClaims, lock, anonymiseSessions, removeJobs, restorableAddresses, remove }

  /**
   * To be called before an erasure, until it returns false, so that the erasure itself writes few rows. Leaves one
   * batch of sessions that are over, and one of registrations with the address, to the erasure. Of those beyond,
   * anonymises one batch of the sessions and removes one batch of the registrations. Returns whether there may be more.
   */
  async function removeSurplus (userId: string, canonical: string, now: Date): Promise<boolean> {
    const anonymised = await db`
      with surplus as (
        select s.id
        from sessions s
        join users u on u.id = s.user_id
        cross join (select session_epoch from deployment limit 1) d
        where s.user_id = ${userId}
          and (s.ended_at is not null or s.expires_at <= ${now}
               or s.user_epoch < u.session_epoch or s.global_epoch < d.session_epoch)
        order by s.id
        offset ${batchRows}
        limit ${batchRows}
      ), locked as (
        select id
        from sessions
        where id in (select id from surplus)
        order by id
        for no key update
      )
      update sessions s ${anonymise(db, now)}
      returning s.id`
    const removed = await db`
      delete from registrations
      where id in (
        select id
        from registrations
        where email_canonical = ${canonical}
        order by id
        offset ${batchRows}
        limit ${batchRows}
      )
      returning id`
    return anonymised.length === batchRows || removed.length === batchRows
  }

  /**
   * Removes what others have begun with the address: registrations of it, and pending changes of other accounts to it.
   * Returns their ids. Call it before the account's row is locked, which is the order of those flows too: a request
   * that confirms one of them holds its row and may wait for the address.
   */
  async function removeClaims (tx: Transaction, canonical: string): Promise<string[]> {
    const registrations = await tx<{ id: string }>`
      delete from registrations
      where id in (
        select id
        from registrations
        where email_canonical = ${canonical}
        order by id
        for update
      )
      returning id`
    const tokens = await tx<{ id: string }>`
      delete from one_time_tokens
      where id in (
        select id
        from one_time_tokens
        where email_canonical = ${canonical}
          and purpose = 'email_change'
        order by id
        for update
      )
      returning id`
    return [...registrations, ...tokens].map(({ id }) => id)
  }

  /** Locks the account's row, also against transactions that only refer to it. Returns false if it is gone. */
  async function lock (tx: Transaction, userId: string): Promise<boolean> {
    const locked = await tx`
      select id
      from users
      where id = ${userId}
      for update`
    return locked.length === 1
  }

  /**
   * Removes everything personal from the user's sessions and ends those that are alive. A later refresh still gets the
   * reason: `account_deleted` for a session that was alive, for another one what ended it first. Returns the ids of the
   * sessions that were alive. Rows are locked in the order of their ids, as wherever several sessions are written.
   */
  async function anonymiseSessions (tx: Transaction, userId: string, now: Date): Promise<string[]> {
    const anonymised = await tx<{ id: string, endedReason: EndReason }>`
      with locked as (
        select id
        from sessions
        where user_id = ${userId}
        order by id
        for no key update
      )
      update sessions s ${anonymise(tx, now)}
      returning s.id, s.ended_reason`
    return anonymised.filter(({ endedReason }) => endedReason === 'account_deleted').map(({ id }) => id)
  }

  /** Removes the jobs about an account, its tokens and other ids, whether they wait or have failed. */
  async function removeJobs (tx: Transaction, userId: string, otherIds: string[]) {
    await tx`
      delete from jobs
      where ${subjectOf(tx)} = any(array(
        select unnest(${[userId, ...otherIds]}::text[])
        union all
        select id::text from one_time_tokens where user_id = ${userId}
      ))`
  }

  /**
   * The addresses that the account has left and to which an undo could still bring it back, without those that another
   * account has by now.
   */
  async function restorableAddresses (
    tx: Transaction,
    userId: string,
    canonical: string,
    now: Date
  ): Promise<string[]> {
    const left = await tx<{ email: string }>`
      select distinct o.email
      from one_time_tokens o
      where o.user_id = ${userId}
        and o.purpose = 'email_undo'
        and o.email_canonical <> ${canonical}
        and o.expires_at > ${now}
        and not exists (select from users u where u.email_canonical = o.email_canonical)`
    return left.map(({ email }) => email)
  }

  /**
   * Removes the account. Its devices and tokens (by foreign keys) and the key of its audit trail (by a trigger, see
   * `sql/013.do.erasure.sql`) go with it.
   */
  async function remove (tx: Transaction, userId: string) {
    await tx`
      delete from users
      where id = ${userId}`
  }
}

// The reason is that of the first end, as a refresh answers it. It is written here, because it cannot be found any more
// once the row names no user.
function anonymise ({ fragment }: Query, now: Date) {
  return fragment`
      set user_id = null,
          device_id = ${noDevice},
          device_name = null,
          user_agent = null,
          ip = null,
          ended_at = coalesce(s.ended_at, least(s.expires_at, ${now})),
          ended_reason = coalesce(s.ended_reason, case
            when s.user_epoch < u.session_epoch or s.global_epoch < d.session_epoch then coalesce((
              select c.reason
              from changes c
              where (c.kind = 'user_epoch' and c.subject_id = u.id and c.number > s.user_epoch
                     and c.except_id is distinct from s.id)
                 or (c.kind = 'everyone' and c.subject_id is null and c.number > s.global_epoch)
              order by c.seq
              limit 1
            ), 'expired')
            when s.expires_at <= ${now} then 'expired'
            else 'account_deleted'
          end)
      from users u
      cross join (select session_epoch from deployment limit 1) d
      where s.id in (select id from locked)
        and u.id = s.user_id`
}
