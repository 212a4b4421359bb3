import type { EndReason } from '../errors.ts'
import type { Database, Query, Transaction } from '../stores/database.ts'

export type ErasureStore = ReturnType<typeof createErasureStore>

/** So many rows are written by one statement at most, beside the living sessions. */
const batch = 1000

/** In place of the device of a session whose user has been erased. */
const nobody = '00000000-0000-0000-0000-000000000000'

/** What of an account lies in which table, and how each part of it goes. */
export function createErasureStore (db: Database) {
  return { thin, removeClaims, lock, strip, removeJobs, addressesLeft, remove }

  /**
   * Beforehand, of an account with more rows than a transaction should write: strips sessions that are
   * over for good and removes registrations of the address, one batch of each. Whether there are more.
   */
  async function thin (userId: string, canonical: string, now: Date): Promise<boolean> {
    const stripped = await db`
      with surplus as (
        select s.id
        from sessions s
        join users u on u.id = s.user_id
        cross join deployment d
        where s.user_id = ${userId}
          and (s.ended_at is not null or s.expires_at <= ${now}
               or s.user_epoch < u.session_epoch or s.global_epoch < d.session_epoch)
        order by s.id
        offset ${batch}
        limit ${batch}
      ), locked as (
        select id
        from sessions
        where id in (select id from surplus)
        order by id
        for no key update
      )
      update sessions s ${bare(db, now)}
      returning s.id`
    const removed = await db`
      delete from registrations
      where id in (
        select id
        from registrations
        where email_canonical = ${canonical}
        order by id
        offset ${batch}
        limit ${batch}
      )
      returning id`
    return stripped.length === batch || removed.length === batch
  }

  /**
   * Removes what others' flows hold of the address: registrations, and pending changes of other accounts
   * to it. Before the account's row is locked, in the order in which those flows lock: whoever confirms
   * one of them holds its row and may wait for the address. Returns the ids.
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

  /** Waits for whoever works with the account and keeps everybody else out; false if it is gone. */
  async function lock (tx: Transaction, userId: string): Promise<boolean> {
    const locked = await tx`
      select id
      from users
      where id = ${userId}
      for update`
    return locked.length === 1
  }

  /**
   * Leaves of the user's sessions what tells a later refresh why there is none: those that lived have
   * ended by this, the others by what ended them first. Returns the ids of those that lived. Rows are
   * locked in the order of their ids, as wherever several sessions are written.
   */
  async function strip (tx: Transaction, userId: string, now: Date): Promise<string[]> {
    const stripped = await tx<{ id: string, endedReason: EndReason }>`
      with locked as (
        select id
        from sessions
        where user_id = ${userId}
        order by id
        for no key update
      )
      update sessions s ${bare(tx, now)}
      returning s.id, s.ended_reason`
    return stripped.filter(({ endedReason }) => endedReason === 'account_deleted').map(({ id }) => id)
  }

  /** Removes the jobs about an account, its tokens and what else is named, waiting or failed. */
  async function removeJobs (tx: Transaction, userId: string, others: string[]) {
    await tx`
      delete from jobs
      where coalesce(data ->> 'userId', data ->> 'registrationId', data ->> 'tokenId') = any(array(
        select unnest(${[userId, ...others]}::text[])
        union all
        select id::text from one_time_tokens where user_id = ${userId}
      ))`
  }

  /** The addresses that the account has left so lately that it could be brought back to them; none that somebody else has by now. */
  async function addressesLeft (tx: Transaction, userId: string, canonical: string, now: Date): Promise<string[]> {
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

  /** Removes the account; its devices, its tokens and the key of its audit trail go with it. */
  async function remove (tx: Transaction, userId: string) {
    await tx`
      delete from users
      where id = ${userId}`
  }
}

// The first cause counts, as it is told to a refresh: once the row names no user, nothing else knows it.
function bare ({ fragment }: Query, now: Date) {
  return fragment`
      set user_id = null,
          device_id = ${nobody},
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
      cross join deployment d
      where s.id in (select id from locked)
        and u.id = s.user_id`
}
