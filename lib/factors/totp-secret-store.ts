import type { Database, Query, Transaction } from '../stores/database.ts'

/** The secret of an authenticator app. Its time of confirmation is null until its first code has been entered. */
export interface TotpSecret {
  id: string
  userId: string
  /** Ciphertext. */
  secret: Buffer
  /** The latest time step whose code was used. */
  lastStep: number
  /** How many wrong codes strangers have entered since somebody last set this back. */
  strangersFailures: number
  createdAt: Date
  confirmedAt: Date | null
  lastUsedAt: Date | null
}

/** How many secrets begin with the id of a key. */
export interface EncryptedOtherwise { keyId: Buffer, count: number }

export type TotpSecretStore = ReturnType<typeof createTotpSecretStore>

export function createTotpSecretStore (db: Database) {
  return {
    findConfirmed,
    findWaiting,
    keepWaiting,
    confirm,
    spendStep,
    countStrangersFailure,
    forgetStrangersFailures,
    remove,
    removeOthers,
    removeSince,
    listEncryptedOtherwise,
    countEncryptedOtherwise,
    replaceCiphertext
  }

  /** The secret that the user's codes are compared with, or null. */
  async function findConfirmed (userId: string, query: Query = db): Promise<TotpSecret | null> {
    const [found] = await query<TotpSecret>`
      select t.id, t.user_id, t.secret, t.last_step, t.strangers_failures, t.created_at, t.confirmed_at,
             t.last_used_at
      from totp_secrets t
      where t.user_id = ${userId}
        and t.confirmed_at is not null`
    return found ?? null
  }

  /** The secret with this id, if it is the user's, waits for its first code and was made after `since`. */
  async function findWaiting (userId: string, id: string, since: Date): Promise<TotpSecret | null> {
    const [found] = await db<TotpSecret>`
      select t.id, t.user_id, t.secret, t.last_step, t.strangers_failures, t.created_at, t.confirmed_at,
             t.last_used_at
      from totp_secrets t
      where t.id = ${id}
        and t.user_id = ${userId}
        and t.confirmed_at is null
        and t.created_at > ${since}`
    return found ?? null
  }

  /** Writes a waiting secret in place of the one that waited before. The caller has locked the user's row. */
  async function keepWaiting (
    tx: Transaction,
    { id, userId, secret, createdAt }: Pick<TotpSecret, 'id' | 'userId' | 'secret' | 'createdAt'>
  ) {
    await tx`
      delete from totp_secrets
      where user_id = ${userId}
        and confirmed_at is null`
    await tx`
      insert into totp_secrets (id, user_id, secret, created_at)
      values (${id}, ${userId}, ${secret}, ${createdAt})`
  }

  /**
   * Makes a waiting secret the confirmed one, in place of another, whose count of strangers' failures it goes on with
   * (NIST 800-63B-4, section 3.1.3.2). The caller has locked the user's row.
   * @param step the time step of the code that confirms it, which is used up by that
   * @returns whether it has replaced another; null if it no longer waits
   */
  async function confirm (
    tx: Transaction,
    { id, userId }: Pick<TotpSecret, 'id' | 'userId'>,
    step: number,
    now: Date
  ): Promise<{ hasReplaced: boolean } | null> {
    const [replaced] = await tx<Pick<TotpSecret, 'strangersFailures'>>`
      delete from totp_secrets
      where user_id = ${userId}
        and confirmed_at is not null
      returning strangers_failures`
    const confirmed = await tx`
      update totp_secrets
      set confirmed_at = ${now},
          last_used_at = ${now},
          last_step = ${step},
          strangers_failures = ${replaced?.strangersFailures ?? 0}
      where id = ${id}
        and user_id = ${userId}
        and confirmed_at is null
      returning id`
    return confirmed.length === 1 ? { hasReplaced: replaced !== undefined } : null
  }

  /** Uses up the code of a time step. False if it, or a later one, has been used, or if the secret is gone. */
  async function spendStep (tx: Transaction, id: string, step: number, now: Date): Promise<boolean> {
    const spent = await tx`
      update totp_secrets
      set last_step = ${step}, last_used_at = ${now}
      where id = ${id}
        and confirmed_at is not null
        and last_step < ${step}
      returning id`
    return spent.length === 1
  }

  async function countStrangersFailure (id: string) {
    await db`
      update totp_secrets
      set strangers_failures = strangers_failures + 1
      where id = ${id}`
  }

  async function forgetStrangersFailures (tx: Transaction, userId: string) {
    await tx`
      update totp_secrets
      set strangers_failures = 0
      where user_id = ${userId}
        and strangers_failures > 0`
  }

  /** Removes the confirmed secret and one that waits. Returns whether there was a confirmed one. */
  async function remove (tx: Transaction, userId: string): Promise<boolean> {
    const removed = await tx<Pick<TotpSecret, 'confirmedAt'>>`
      delete from totp_secrets
      where user_id = ${userId}
      returning confirmed_at`
    return removed.some(({ confirmedAt }) => confirmedAt !== null)
  }

  /** Removes all secrets of a user but the one with this id, if it is one of them. */
  async function removeOthers (tx: Transaction, userId: string, id: string) {
    await tx`
      delete from totp_secrets
      where user_id = ${userId}
        and id <> ${id}`
  }

  /** Removes the secret if it was confirmed at this time or later, and one that waits. Returns whether it was. */
  async function removeSince (tx: Transaction, userId: string, since: Date): Promise<boolean> {
    const removed = await tx<Pick<TotpSecret, 'confirmedAt'>>`
      delete from totp_secrets
      where user_id = ${userId}
        and (confirmed_at is null or confirmed_at >= ${since})
      returning confirmed_at`
    return removed.some(({ confirmedAt }) => confirmedAt !== null)
  }

  /** Some secrets whose ciphertext does not begin with this id of a key. */
  async function listEncryptedOtherwise (keyId: Buffer, limit: number): Promise<Pick<TotpSecret, 'id' | 'secret'>[]> {
    return await db<Pick<TotpSecret, 'id' | 'secret'>>`
      (
        select id, secret
        from totp_secrets
        where substring(secret from 1 for 4) < ${keyId}
        limit ${limit}
      )
      union all
      (
        select id, secret
        from totp_secrets
        where substring(secret from 1 for 4) > ${keyId}
        limit ${limit}
      )`
  }

  /** How many secrets do not begin with this id of a key, by the id with which they do. */
  async function countEncryptedOtherwise (keyId: Buffer): Promise<EncryptedOtherwise[]> {
    return await db<EncryptedOtherwise>`
      select key_id, count(*)::int as count
      from (
        select substring(secret from 1 for 4) as key_id
        from totp_secrets
        where substring(secret from 1 for 4) < ${keyId}
        union all
        select substring(secret from 1 for 4)
        from totp_secrets
        where substring(secret from 1 for 4) > ${keyId}
      ) as others
      group by key_id`
  }

  /** Replaces a ciphertext by another of the same secret, if it is still the stored one. */
  async function replaceCiphertext (id: string, from: Buffer, to: Buffer) {
    await db`
      update totp_secrets
      set secret = ${to}
      where id = ${id}
        and secret = ${from}`
  }
}
