import type { Database, Query, Transaction } from '../stores/database.ts'

/** What a token is for; one of a purpose is none of another (ASVS 5.0 6.6.2). */
export type Purpose = 'password_reset' | 'invitation' | 'email_change' | 'email_undo'

/** A token that lies in somebody's mailbox, as the store knows it. */
export interface OneTimeToken {
  id: string
  purpose: Purpose
  /** Null where nobody was to get a mail. */
  userId: string | null
  /** The address that it brings or brings back, if it is about one. */
  email: string | null
  emailCanonical: string | null
  createdAt: Date
  expiresAt: Date
}

export type OneTimeTokenStore = ReturnType<typeof createOneTimeTokenStore>

export function createOneTimeTokenStore (db: Database) {
  return { insert, find, take, release, spend, revoke, revokeOutdone, prolongUndo, isPromised }

  /**
   * Writes a token later than all that its user has of its purpose: whose clock is ahead does not decide
   * which is the newest. For a user who has gone meanwhile it is nobody's.
   */
  async function insert (tx: Transaction, { id, purpose, userId, email, emailCanonical, createdAt, expiresAt }: OneTimeToken) {
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

  /** A token that is worth something: neither expired nor spent, the user's newest of its purpose, nobody's at the moment. */
  async function find (id: string, purpose: Purpose, now: Date, query: Query = db): Promise<OneTimeToken | null> {
    const [token] = await query<OneTimeToken>`
      select t.id, t.purpose, t.user_id, t.email, t.email_canonical, t.created_at, t.expires_at
      from one_time_tokens t
      where t.id = ${id} and ${worth(query, purpose, now)}`
    return token ?? null
  }

  /** Takes such a token for `by` alone; one statement, so of many at once one gets it. */
  async function take (id: string, purpose: Purpose, { by, now, until }: { by: string, now: Date, until: Date }): Promise<boolean> {
    const taken = await db`
      update one_time_tokens t
      set taken_by = ${by}, taken_until = ${until}
      where t.id = ${id} and ${worth(db, purpose, now)}
      returning t.id`
    return taken.length === 1
  }

  /** Gives a token back that was taken and could not be spent. */
  async function release (id: string, by: string) {
    await db`
      update one_time_tokens
      set taken_by = null, taken_until = null
      where id = ${id} and taken_by = ${by}`
  }

  /**
   * Spends a token: false for everybody but the first, and for whoever no longer has it to themself.
   * What it outdoes goes with it, and does not come back to life as the newest.
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

  /** Makes all of a user's tokens of these purposes worthless. */
  async function revoke (tx: Transaction, userId: string, of: readonly Purpose[]) {
    await tx`
      delete from one_time_tokens
      where user_id = ${userId} and purpose = any(${of})`
  }

  /**
   * Makes worthless what an undo outdoes, before it is spent: all of its user's tokens, save the undos
   * that are older and bring back another address. Whoever had the account before wins: otherwise a thief
   * who moves it twice could undo the owner's undo away.
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
   * Lets the user's newest undo expire at `until`, if it is the one of their present address. Returns its
   * id, or null where the address is not the one from which they last asked for a change.
   */
  async function prolongUndo (tx: Transaction, { id: userId, emailCanonical }: { id: string, emailCanonical: string }, until: Date): Promise<string | null> {
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

  /** Whether an undo would bring an account back to this address. */
  async function isPromised (tx: Transaction, canonical: string, now: Date): Promise<boolean> {
    const undos = await tx`
      select id
      from one_time_tokens
      where email_canonical = ${canonical}
        and purpose = 'email_undo'
        and user_id is not null
        and expires_at > ${now}
      limit 1`
    return undos.length === 1
  }
}

// An undo is not outdone by a later one: each goes to the owner of another address.
function worth ({ fragment }: Query, purpose: Purpose, now: Date) {
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
