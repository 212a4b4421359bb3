import type { Database, Query, Transaction } from './database.ts'

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
  return { insert, find, take, release, spend, revoke }

  async function insert (tx: Transaction, { id, purpose, userId, email, emailCanonical, createdAt, expiresAt }: OneTimeToken) {
    await tx`
      insert into one_time_tokens (id, purpose, user_id, email, email_canonical, created_at, expires_at)
      values (${id}, ${purpose}, ${userId}, ${email}, ${emailCanonical}, ${createdAt}, ${expiresAt})`
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

  /** Spends a token: false for everybody but the first, and for whoever no longer has it to themself. */
  async function spend (tx: Transaction, id: string, by: string): Promise<boolean> {
    const spent = await tx`
      delete from one_time_tokens
      where id = ${id} and taken_by = ${by}
      returning id`
    return spent.length === 1
  }

  /** Makes all of a user's tokens of these purposes worthless. */
  async function revoke (tx: Transaction, userId: string, of: readonly Purpose[]) {
    await tx`
      delete from one_time_tokens
      where user_id = ${userId} and purpose = any(${of})`
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
