import type { Position } from '../http/cursors.ts'
import type { Database, Transaction } from '../stores/database.ts'

/** A credential of a service and what it may do, without its secret. */
export interface Service {
  /** The credential's own id, with which the service signs in. */
  id: string
  name: string
  mayRevoke: boolean
  mayFollow: boolean
}

/** A credential in a list, with its place there. */
export type ListedService = Service & Position & { createdAt: Date }

/** Before every credential: no name is empty. */
const beginning: Position = { key: '', id: '00000000-0000-0000-0000-000000000000' }

export type ServiceStore = ReturnType<typeof createServiceStore>

export function createServiceStore (db: Database) {
  return { find, list, hashes, followers, count, insert, remove }

  /** The credential with this id, or null if it does not exist or is revoked: one read by the primary key. */
  async function find (id: string): Promise<Service | null> {
    const [service] = await db<Service>`
      select id, name, may_revoke, may_follow
      from services
      where id = ${id}`
    return service ?? null
  }

  /** The next credentials by the name of their service. */
  async function list ({ after, limit }: { after: Position | null, limit: number }): Promise<ListedService[]> {
    const { key, id } = after ?? beginning
    return await db<ListedService>`
      select id, name, may_revoke, may_follow, created_at, name as key
      from services
      where (name, id) > (${key}::text, ${id}::uuid)
      order by name, id
      limit ${limit}`
  }

  /** The hash of every credential's secret. There are few, because operators create each of them by hand. */
  async function hashes (): Promise<{ id: string, secretHash: Buffer }[]> {
    return await db<{ id: string, secretHash: Buffer }>`
      select id, secret_hash
      from services`
  }

  /** Those of some credentials that exist and may follow. */
  async function followers (ids: string[]): Promise<string[]> {
    const found = await db<{ id: string }>`
      select id
      from services
      where id = any(${ids}::uuid[]) and may_follow`
    return found.map(({ id }) => id)
  }

  /** How many credentials of this name there are. */
  async function count (tx: Transaction, name: string): Promise<number> {
    const [found] = await tx<{ count: number }>`
      select count(*)::int as count
      from services
      where name = ${name}`
    return found?.count ?? 0
  }

  async function insert (tx: Transaction, service: Service & { secretHash: Buffer, createdAt: Date }) {
    const { id, name, mayRevoke, mayFollow, secretHash, createdAt } = service
    await tx`
      insert into services (id, name, secret_hash, may_revoke, may_follow, created_at)
      values (${id}, ${name}, ${secretHash}, ${mayRevoke}, ${mayFollow}, ${createdAt})`
  }

  /** Removes all credentials of a service, or only the one with this id, and returns the ids that it has removed. */
  async function remove (tx: Transaction, name: string, id: string | null): Promise<string[]> {
    const removed = await tx<{ id: string }>`
      delete from services
      where name = ${name} and (${id}::uuid is null or id = ${id}::uuid)
      returning id`
    return removed.map(({ id }) => id)
  }
}
