import { advisoryLocks } from '../stores/advisory-locks.ts'
import type { UnitOfWork, UnitsOfWork } from '../changes/unit-of-work.ts'
import type { Database, Transaction } from '../stores/database.ts'

/** The public half of an ES256 key, as RFC 7517 writes it. */
export interface PublicJwk { kty: 'EC', crv: 'P-256', x: string, y: string }

/** A row of the ring. Times are in milliseconds since 1970. */
export interface StoredKey {
  id: string
  publicKey: PublicJwk
  /** PKCS #8, encrypted with the id as context. */
  privateKey: Buffer
  status: 'next' | 'active' | 'retired'
  publishedAt: number
  activatedAt: number | null
  /** When the key stopped signing, or for an active key: when it has been asked to stop. */
  retiredAt: number | null
  /** When the last token that the key may have signed expires. */
  expiresAt: number | null
  /** Authenticates the row, see `createKeyAuthenticity`; null if no node of this version has written it. */
  mac: Buffer | null
  /** Whether the row is as the owner of the tables found it when MACs were introduced. */
  isInherited: boolean
}

export type SigningKeyStore = ReturnType<typeof createSigningKeyStore>

/** The ring while no other node changes it, and the functions that change it. */
export interface LockedRing {
  unit: UnitOfWork
  keys: StoredKey[]
  /** The time of Postgres (ms since 1970), moved as far as a test has moved our clock. */
  now: number
  save (key: StoredKey): Promise<void>
  remove (id: string): Promise<void>
}

export function createSigningKeyStore (db: Database, { commit }: Pick<UnitsOfWork, 'commit'>) {
  return { all, change, replaceSecrets, forgetInherited }

  /** All keys, in the order of their publication. */
  async function all (): Promise<StoredKey[]> {
    return await readSigningKeys(db)
  }

  /**
   * Runs the work on the ring while no other node changes it, and returns its result. If the work has saved or removed
   * a key, every node is told through the change feed. The time is that of Postgres, because it is the same for all
   * nodes; `offset` (ms) is added to it.
   */
  async function change<T> (offset: number, work: (ring: LockedRing) => Promise<T>): Promise<T> {
    return await commit(async unit => {
      const { tx } = unit
      await tx`select pg_advisory_xact_lock(${advisoryLocks.signingKeys})`
      const [time] = await tx<{ now: number }>`
        select floor(extract(epoch from clock_timestamp()) * 1000)::float8 as now`
      let hasChanged = false

      const result = await work({
        unit,
        keys: await readSigningKeys(tx),
        now: Number(time?.now) + offset,
        save: async key => {
          hasChanged = true
          await save(tx, key)
        },
        remove: async id => {
          hasChanged = true
          await tx`
            delete from signing_keys
            where id = ${id}`
        }
      })

      if (hasChanged) await unit.change({ kind: 'keys_changed' })
      return result
    })
  }

  /** Replaces ciphertext and MAC of a key by newer ones, unless another node has changed the row since it was read. */
  async function replaceSecrets (key: StoredKey, { privateKey, mac }: { privateKey: Buffer, mac: Buffer }) {
    await db`
      update signing_keys
      set private_key = ${privateKey},
          mac = ${mac}
      where id = ${key.id} and private_key = ${key.privateKey} and mac is not distinct from ${key.mac}`
  }

  /** Ends the exception for rows from before MACs: afterwards no row counts without one. */
  async function forgetInherited () {
    await db`delete from signing_keys_inherited`
  }
}

/** All rows of the ring, in the order of their publication. */
export async function readSigningKeys (db: Database | Transaction): Promise<StoredKey[]> {
  return await db<StoredKey>`
    select k.id, k.public_key, k.private_key, k.status, k.mac,
           floor(extract(epoch from k.published_at) * 1000)::float8 as published_at,
           floor(extract(epoch from k.activated_at) * 1000)::float8 as activated_at,
           floor(extract(epoch from k.retired_at) * 1000)::float8 as retired_at,
           floor(extract(epoch from k.expires_at) * 1000)::float8 as expires_at,
           coalesce(
             (k.public_key, k.status, k.published_at, k.activated_at, k.retired_at, k.expires_at) is not distinct from
             (i.public_key, i.status, i.published_at, i.activated_at, i.retired_at, i.expires_at),
             false
           ) as is_inherited
    from signing_keys k
    left join signing_keys_inherited i on i.id = k.id
    order by k.published_at, k.id`
}

async function save (tx: Transaction, key: StoredKey) {
  await tx`
    insert into signing_keys (
      id, algorithm, public_key, private_key, status, published_at, activated_at, retired_at, expires_at, mac
    )
    values (
      ${key.id}, 'ES256', ${JSON.stringify(key.publicKey)}::text::jsonb, ${key.privateKey}, ${key.status},
      ${date(key.publishedAt)}, ${date(key.activatedAt)}, ${date(key.retiredAt)}, ${date(key.expiresAt)},
      ${key.mac}
    )
    on conflict (id) do update
    set status = excluded.status,
        activated_at = excluded.activated_at,
        retired_at = excluded.retired_at,
        expires_at = excluded.expires_at,
        mac = excluded.mac`
}

function date (milliseconds: number | null) {
  return milliseconds === null ? null : new Date(milliseconds)
}
