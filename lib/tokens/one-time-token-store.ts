import type { Database, Query, Transaction } from '../stores/database.ts'

/** The purpose of a token. A token of one purpose is not valid for another (ASVS 5.0 6.6.2). */
export type Purpose = 'password_reset' | 'invitation' | 'email_change' | 'email_undo' | 'second_factor_reset'

/** The row of a token that was mailed to somebody. */
export interface OneTimeToken {
  id: string
  purpose: Purpose
  /** Null if no mail was due, or if the user was deleted before the row was written. */
  userId: string | null
  /** The address that the token sets or restores, for those purposes. */
  email: string | null
  emailCanonical: string | null
  createdAt: Date
  expiresAt: Date
}

export type OneTimeTokenStore = ReturnType<typeof createOneTimeTokenStore>

export function createOneTimeTokenStore (db: Database) {
  return { insert, find, take, release, spend, revoke, revokeOutdone, prolongUndo, promised, isRestorable }

  /**
   * Writes a token. Its time of creation is later than that of all tokens that its user has of the same purpose, so
   * that no node's fast clock decides which one is the newest. If the user has been deleted, `user_id` is null.
   */
  async function insert (tx: Transaction, token: OneTimeToken) {
    const { id, purpose, userId, email, emailCanonical, createdAt, expiresAt } = token
    await tx`
      insert into one_time_tokens (id, purpose, user_id, email, email_canonical, created_at, expires_at)
      values (${id}, ${purpose}, (
        select u.id
        from users u
        where u.id = ${userId}
        for key share
      ), ${email}, ${emailCanonical}, greatest(${createdAt}::timestamptz, (
        select max(o.created_at) + interval '1 millisecond'
        from one_time_tokens o
        where o.user_id = ${userId}
          and o.purpose = ${purpose}
      )), ${expiresAt})`
  }

  /** A usable token, or null: not expired, not spent, not taken, and the user's newest of its purpose. */
  async function find (id: string, purpose: Purpose, now: Date, query: Query = db): Promise<OneTimeToken | null> {
    const [token] = await query<OneTimeToken>`
      select t.id, t.purpose, t.user_id, t.email, t.email_canonical, t.created_at, t.expires_at
      from one_time_tokens t
      where t.id = ${id} and ${isUsable(query, purpose, now)}`
    return token ?? null
  }

  /** Takes a usable token for the request `by` alone. It is one statement, so only one of many requests gets it. */
  async function take (id: string, purpose: Purpose, { by, now, until }: {
    by: string
    now: Date
    until: Date
  }): Promise<boolean> {
    const taken = await db`
      update one_time_tokens t
      set taken_by = ${by}, taken_until = ${until}
      where t.id = ${id} and ${isUsable(db, purpose, now)}
      returning t.id`
    return taken.length === 1
  }

  /** Gives back a token that was taken and could not be spent. */
  async function release (id: string, by: string) {
    await db`
      update one_time_tokens
      set taken_by = null, taken_until = null
      where id = ${id} and taken_by = ${by}`
  }

  /**
   * Spends a token. False if it has been spent before, or if the request `by` no longer holds it. The user's older
   * tokens of the same purpose are deleted with it, except undos: otherwise one would become the newest, and usable.
   */
  async function spend (tx: Transaction, id: string, by: string): Promise<boolean> {
    const spent = await tx`
      with spent as (
        delete from one_time_tokens
        where id = ${id} and taken_by = ${by}
        returning id, user_id, purpose, created_at
      ), outdone as (
        delete from one_time_tokens o
        using spent s
        where o.user_id = s.user_id
          and o.purpose = s.purpose
          and o.purpose <> 'email_undo'
          and (o.created_at, o.id) < (s.created_at, s.id)
      )
      select id
      from spent`
    return spent.length === 1
  }

  /** Deletes all of a user's tokens of these purposes. */
  async function revoke (tx: Transaction, userId: string, of: readonly Purpose[]) {
    await tx`
      delete from one_time_tokens
      where user_id = ${userId} and purpose = any(${of})`
  }

  /**
   * Deletes the tokens that an undo overrules; call it before the undo is spent. These are all tokens of its user,
   * except undos that are older and restore another address. The earlier owner of the account wins: otherwise a thief
   * who changes the address twice could use an undo to delete the owner's undo.
   */
  async function revokeOutdone (tx: Transaction, { id, userId, emailCanonical }: OneTimeToken) {
    await tx`
      delete from one_time_tokens o
      using one_time_tokens t
      where t.id = ${id}
        and o.id <> t.id
        and o.user_id = ${userId}
        and not (o.purpose = 'email_undo' and o.email_canonical <> ${emailCanonical} and o.created_at < t.created_at)`
  }

  /**
   * Lets the user's newest undo expire at `until`, if it restores their present address. Returns its id, or null if it
   * restores another address or there is none.
   */
  async function prolongUndo (
    tx: Transaction,
    { id: userId, emailCanonical }: { id: string, emailCanonical: string },
    until: Date
  ): Promise<string | null> {
    const [undo] = await tx<Pick<OneTimeToken, 'id'>>`
      update one_time_tokens
      set expires_at = ${until}
      where id = (
        select id
        from one_time_tokens
        where user_id = ${userId}
          and purpose = 'email_undo'
        order by created_at desc, id desc
        limit 1
      )
        and email_canonical = ${emailCanonical}
      returning id`
    return undo?.id ?? null
  }

  /** Those of these canonical addresses that an undo could still restore to an account. */
  async function promised (query: Query, canonicals: string[], now: Date): Promise<string[]> {
    const undos = await query<{ emailCanonical: string }>`
      select distinct email_canonical
      from one_time_tokens
      where email_canonical = any(${canonicals}::text[])
        and purpose = 'email_undo'
        and user_id is not null
        and expires_at > ${now}`
    return undos.map(({ emailCanonical }) => emailCanonical)
  }

  /** Whether an undo could still restore another address than the present one of an account. */
  async function isRestorable (
    tx: Transaction, { id: userId, emailCanonical }: { id: string, emailCanonical: string }, now: Date
  ): Promise<boolean> {
    const undos = await tx`
      select id
      from one_time_tokens
      where user_id = ${userId}
        and purpose = 'email_undo'
        and email_canonical <> ${emailCanonical}
        and expires_at > ${now}
      limit 1`
    return undos.length === 1
  }
}

// A later undo does not replace an earlier one: each was sent to the owner of another address.
function isUsable ({ fragment }: Query, purpose: Purpose, now: Date) {
  return fragment`t.purpose = ${purpose}
        and t.user_id is not null
        and t.expires_at > ${now}
        and (t.taken_until is null or t.taken_until <= ${now})
        and (t.purpose = 'email_undo' or not exists (
          select
          from one_time_tokens n
          where n.user_id = t.user_id
            and n.purpose = t.purpose
            and (n.created_at, n.id) > (t.created_at, t.id)
        ))`
}
