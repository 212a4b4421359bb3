import type { Database, Transaction } from '../stores/database.ts'

/** A credential of a service: what it may do, and nothing that would let somebody in. */
export interface Service {
  /** The credential's own id, with which the service signs in. */
  id: string
  name: string
  mayRevoke: boolean
}

export type ServiceStore = ReturnType<typeof createServiceStore>

export function createServiceStore (db: Database) {
  return { find, hashes, count, insert, remove }

  /** The credential with this id while it is not revoked: one read by the primary key. */
  async function find (id: string): Promise<Service | null> {
    const [service] = await db<Service>`
      select id, name, may_revoke
      from services
      where id = ${id}`
    return service ?? null
  }

  /** The hash of every credential's secret. There are as many as operators have made. */
  async function hashes (): Promise<{ id: string, secretHash: Buffer }[]> {
    return await db<{ id: string, secretHash: Buffer }>`
      select id, secret_hash
      from services`
  }

  /** How many credentials of this name there are. */
  async function count (tx: Transaction, name: string): Promise<number> {
    const [found] = await tx<{ count: number }>`
      select count(*)::int as count
      from services
      where name = ${name}`
    return found?.count ?? 0
  }

  async function insert (tx: Transaction, { id, name, mayRevoke, secretHash, createdAt }: Service & { secretHash: Buffer, createdAt: Date }) {
    await tx`
      insert into services (id, name, secret_hash, may_revoke, created_at)
      values (${id}, ${name}, ${secretHash}, ${mayRevoke}, ${createdAt})`
  }

  /** Removes the credentials of a name, or the one of them with this id; returns the ids of those that there were. */
  async function remove (tx: Transaction, name: string, id: string | null): Promise<string[]> {
    const removed = await tx<{ id: string }>`
      delete from services
      where name = ${name} and (${id}::uuid is null or id = ${id}::uuid)
      returning id`
    return removed.map(({ id }) => id)
  }
}
