import { advisoryLocks } from '../stores/advisory-locks.ts'
import type { UnitOfWork, UnitsOfWork } from '../changes/unit-of-work.ts'
import type { Database, Transaction } from '../stores/database.ts'

/** The public half of an ES256 key, as RFC 7517 writes it. */
export interface PublicJwk { kty: 'EC', crv: 'P-256', x: string, y: string }

/** One key of the ring as it lies in the database; times are in milliseconds since 1970. */
export interface StoredKey {
  id: string
  publicKey: PublicJwk
  /** PKCS #8, encrypted with the id as context. */
  privateKey: Buffer
  status: 'next' | 'active' | 'retired'
  publishedAt: number
  activatedAt: number | null
  /** When it stopped signing; of an active one, when it has been asked to. */
  retiredAt: number | null
  /** When the last token that it may have signed has expired. */
  expiresAt: number | null
}

export type SigningKeyStore = ReturnType<typeof createSigningKeyStore>

/** What may be done to the ring while nobody else changes it. */
export interface LockedRing {
  unit: UnitOfWork
  keys: StoredKey[]
  /** What the clock of Postgres says, moved as far as a test has moved ours. */
  now: number
  save (key: StoredKey): Promise<void>
  remove (id: string): Promise<void>
}

export function createSigningKeyStore (db: Database, { commit }: Pick<UnitsOfWork, 'commit'>) {
  return { all, change, reseal }

  async function all (): Promise<StoredKey[]> {
    return await select(db)
  }

  /**
   * Works on the ring while no other node does. What was saved or removed is told to every node in
   * the same transaction. `offset` is added to the time of Postgres, which is the judge, because it
   * is the same for all nodes.
   */
  async function change<T> (offset: number, work: (ring: LockedRing) => Promise<T>): Promise<T> {
    return await commit(async unit => {
      const { tx } = unit
      await tx`select pg_advisory_xact_lock(${advisoryLocks.signingKeys})`
      const [time] = await tx<{ now: number }>`select floor(extract(epoch from clock_timestamp()) * 1000)::float8 as now`
      let changed = false

      const result = await work({
        unit,
        keys: await select(tx),
        now: Number(time?.now) + offset,
        save: async key => { changed = true; await save(tx, key) },
        remove: async id => { changed = true; await tx`delete from signing_keys where id = ${id}` }
      })

      if (changed) await unit.change({ kind: 'keys_changed' })
      return result
    })
  }

  /** Puts a private key that has been encrypted anew in the place of the box that was read. */
  async function reseal (id: string, box: Buffer, privateKey: Buffer) {
    await db`update signing_keys set private_key = ${privateKey} where id = ${id} and private_key = ${box}`
  }
}

async function select (db: Database | Transaction): Promise<StoredKey[]> {
  return await db<StoredKey>`
    select id, public_key, private_key, status,
           floor(extract(epoch from published_at) * 1000)::float8 as published_at,
           floor(extract(epoch from activated_at) * 1000)::float8 as activated_at,
           floor(extract(epoch from retired_at) * 1000)::float8 as retired_at,
           floor(extract(epoch from expires_at) * 1000)::float8 as expires_at
    from signing_keys
    order by published_at, id`
}

async function save (tx: Transaction, key: StoredKey) {
  await tx`
    insert into signing_keys (
      id, algorithm, public_key, private_key, status, published_at, activated_at, retired_at, expires_at
    )
    values (
      ${key.id}, 'ES256', ${JSON.stringify(key.publicKey)}::text::jsonb, ${key.privateKey}, ${key.status},
      ${date(key.publishedAt)}, ${date(key.activatedAt)}, ${date(key.retiredAt)}, ${date(key.expiresAt)}
    )
    on conflict (id) do update
    set status = excluded.status,
        activated_at = excluded.activated_at,
        retired_at = excluded.retired_at,
        expires_at = excluded.expires_at`
}

function date (milliseconds: number | null) {
  return milliseconds === null ? null : new Date(milliseconds)
}
