import { unavailable } from '../errors.ts'
import type { Database, Query, Transaction } from '../stores/database.ts'
import { userColumns, userJoins } from '../users/user-store.ts'
import type { User } from '../users/user-store.ts'
import { spending } from './spent-challenge-store.ts'

/** A passkey or security key. */
export interface Passkey {
  id: string
  userId: string
  credentialId: Buffer
  /** As COSE has it. */
  publicKey: Buffer
  signCount: number
  /** Whether the authenticator verified its user when the key was made: only then it proves two factors by itself. */
  userVerified: boolean
  backupEligible: boolean
  backedUp: boolean
  aaguid: string | null
  /** How browsers reach the authenticator: words of WebAuthn and others. */
  transports: string[]
  name: string
  createdAt: Date
  lastUsedAt: Date | null
}

/** What checks an answer of a passkey, with the handle that its account has for all of them. */
export interface SigningPasskey
  extends Pick<Passkey, 'id' | 'userId' | 'publicKey' | 'signCount' | 'userVerified' | 'backupEligible'> {
  handle: Buffer | null
}

/** A passkey with its account, and whether that knows a device. */
export interface OwnedPasskey extends SigningPasskey { owner: User, isDeviceKnown: boolean }

/** A row of the two: `id` is the account's. */
type OwnedRow = Omit<SigningPasskey, 'userId'> & User & { passkeyId: string, isDeviceKnown: boolean }

export type NewPasskey = Omit<Passkey, 'lastUsedAt'> & { algorithm: number, discoverable: boolean | null, rpId: string }

/** How many passkeys belong to a domain, and how many of its users can sign in with nothing else. */
export interface PasskeysOfDomain { rpId: string, count: number, stranded: number }

/** What an authenticator says when it signs. */
export type PasskeyUse = Pick<Passkey, 'signCount' | 'backupEligible' | 'backedUp'>

export type PasskeyStore = ReturnType<typeof createPasskeyStore>

export function createPasskeyStore (db: Database) {
  return {
    list,
    has,
    findAlone,
    findByCredential,
    findWithOwner,
    insert,
    use,
    rename,
    remove,
    removeOthers,
    removeSince,
    handleOf,
    countOtherDomains
  }

  /** The user's passkeys, the oldest first. */
  async function list (userId: string, query: Query = db): Promise<Passkey[]> {
    return await query<Passkey>`
      select ${columns(query)}
      from passkeys p
      where p.user_id = ${userId}
      order by p.created_at, p.id`
  }

  async function has (userId: string, query: Query = db): Promise<boolean> {
    const found = await query`
      select 1
      from passkeys
      where user_id = ${userId}
      limit 1`
    return found.length === 1
  }

  /**
   * The user's passkeys of a domain that sign in by themselves: they have verified their user, and need no name. A
   * security key does neither.
   */
  async function findAlone (userId: string, rpId: string, query: Query = db): Promise<Pick<Passkey, 'backedUp'>[]> {
    return await query<Pick<Passkey, 'backedUp'>>`
      select p.backed_up
      from passkeys p
      where p.user_id = ${userId}
        and p.rp_id = ${rpId}
        and p.user_verified
        and p.discoverable is not false`
  }

  /** The passkey of a credential; null for one that no account has. */
  async function findByCredential (credentialId: Buffer): Promise<SigningPasskey | null> {
    const [found] = await db<SigningPasskey>`
      select p.id, p.user_id, p.public_key, p.sign_count, p.user_verified, p.backup_eligible,
             u.passkey_handle as handle
      from passkeys p
      join users u on u.id = p.user_id
      where p.credential_id = ${credentialId}`
    return found ?? null
  }

  /** Like `findByCredential`, with the account and whether it knows the device: all that a sign-in asks for. */
  async function findWithOwner (credentialId: Buffer, deviceId: string | null): Promise<OwnedPasskey | null> {
    const [found] = await db<OwnedRow>`
      select ${userColumns(db)}, p.id as passkey_id, p.public_key, p.sign_count, p.user_verified, p.backup_eligible,
             u.passkey_handle as handle, kd.device_id is not null as is_device_known
      from passkeys p
      join users u on u.id = p.user_id ${userJoins(db)}
      left join known_devices kd on kd.user_id = u.id and kd.device_id = ${deviceId}
      where p.credential_id = ${credentialId}`
    if (!found) return null
    const { passkeyId: id, publicKey, signCount, userVerified, backupEligible, handle, isDeviceKnown, ...owner } = found
    return {
      id, userId: owner.id, publicKey, signCount, userVerified, backupEligible, handle, owner, isDeviceKnown
    }
  }

  /** Writes a passkey. False if its credential id is known, to anybody. The caller has locked the user's row. */
  async function insert (tx: Transaction, passkey: NewPasskey): Promise<boolean> {
    const made = await tx`
      insert into passkeys (
        id, user_id, credential_id, public_key, algorithm, sign_count, user_verified, discoverable, backup_eligible,
        backed_up, aaguid, transports, rp_id, name, created_at
      )
      values (
        ${passkey.id}, ${passkey.userId}, ${passkey.credentialId}, ${passkey.publicKey}, ${passkey.algorithm},
        ${passkey.signCount}, ${passkey.userVerified}, ${passkey.discoverable}, ${passkey.backupEligible},
        ${passkey.backedUp}, ${passkey.aaguid}, ${passkey.transports}, ${passkey.rpId}, ${passkey.name},
        ${passkey.createdAt}
      )
      on conflict (credential_id) do nothing
      returning id`
    return made.length === 1
  }

  /**
   * Uses a challenge up that was answered, records the use of the passkey, and keeps the higher counter. Returns what
   * was known before; null if the challenge has been used up, or the passkey is gone: the caller rolls back then.
   */
  async function use (
    tx: Transaction,
    id: string,
    { signCount, backupEligible, backedUp }: PasskeyUse,
    challenge: Parameters<typeof spending>[1],
    now: Date
  ): Promise<Pick<PasskeyUse, 'signCount' | 'backupEligible'> | null> {
    const [before] = await tx<Pick<PasskeyUse, 'signCount' | 'backupEligible'>>`
      with spent as (${spending(tx, challenge)}), before as materialized (
        select id, sign_count, backup_eligible
        from passkeys
        where id = ${id}
        for no key update
      )
      update passkeys p
      set sign_count = greatest(before.sign_count, ${signCount}::bigint),
          backup_eligible = ${backupEligible},
          backed_up = ${backedUp},
          last_used_at = ${now}
      from before, spent
      where p.id = before.id
      returning before.sign_count, before.backup_eligible`
    return before ?? null
  }

  /** Returns the passkey with its new name; null if the user has no such passkey. */
  async function rename (userId: string, id: string, name: string): Promise<Passkey | null> {
    const [renamed] = await db<Passkey>`
      update passkeys p
      set name = ${name}
      where p.id = ${id}
        and p.user_id = ${userId}
      returning ${columns(db)}`
    return renamed ?? null
  }

  /** Returns whether the user had such a passkey. */
  async function remove (tx: Transaction, userId: string, id: string): Promise<boolean> {
    const removed = await tx`
      delete from passkeys
      where id = ${id}
        and user_id = ${userId}
      returning id`
    return removed.length === 1
  }

  /** Removes every passkey of a user but this one. */
  async function removeOthers (tx: Transaction, userId: string, id: string) {
    await tx`
      delete from passkeys
      where user_id = ${userId}
        and id <> ${id}`
  }

  /** Removes the passkeys that were added at this time or later. Returns whether there were any. */
  async function removeSince (tx: Transaction, userId: string, since: Date): Promise<boolean> {
    const removed = await tx`
      delete from passkeys
      where user_id = ${userId}
        and created_at >= ${since}
      returning id`
    return removed.length > 0
  }

  /**
   * The handle by which authenticators know the account. An account that has none gets the offered one. The caller has
   * locked the user's row.
   */
  async function handleOf (tx: Transaction, userId: string, offered: Buffer): Promise<Buffer> {
    const [user] = await tx<{ passkeyHandle: Buffer }>`
      update users
      set passkey_handle = coalesce(passkey_handle, ${offered})
      where id = ${userId}
      returning passkey_handle`
    if (!user) throw unavailable(new Error('the row was locked and is gone'))
    return user.passkeyHandle
  }

  /**
   * How many passkeys belong to other domains than this one, and how many of their users have neither a password nor a
   * passkey of this one.
   */
  async function countOtherDomains (rpId: string): Promise<PasskeysOfDomain[]> {
    return await db<PasskeysOfDomain>`
      select o.rp_id, count(*)::int as count,
             count(distinct u.id) filter (
               where u.password_hash is null
                 and not exists (select from passkeys p where p.user_id = u.id and p.rp_id = ${rpId})
             )::int as stranded
      from (
        select rp_id, user_id
        from passkeys
        where rp_id < ${rpId}
        union all
        select rp_id, user_id
        from passkeys
        where rp_id > ${rpId}
      ) as o
      join users u on u.id = o.user_id
      group by o.rp_id
      order by o.rp_id`
  }
}

/** The columns of a `Passkey`, of the row `p`. */
function columns ({ fragment }: Query) {
  return fragment`
    p.id, p.user_id, p.credential_id, p.public_key, p.sign_count, p.user_verified, p.backup_eligible, p.backed_up,
    p.aaguid, p.transports, p.name, p.created_at, p.last_used_at`
}
