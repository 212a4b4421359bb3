import type { Position } from '../http/cursors.ts'
import type { Database, Query, Transaction } from '../stores/database.ts'

/** An organisation whose users carry its id. */
export interface Vendor {
  id: string
  name: string
  status: 'active' | 'suspended'
  /** One more than the number of changes of the status. */
  version: number
}

/** A vendor whose row is locked, with the key of its audit events; null if it has none yet. */
export type LockedVendor = Vendor & { wrappedKey: Buffer | null }

export type ListedVendor = Vendor & Position

export type VendorStore = ReturnType<typeof createVendorStore>

export function createVendorStore (db: Database) {
  const { fragment } = db
  const key = fragment`lower(name) collate "C"`

  return { find, list, insert, lock, hasUserFrom, update }

  /** The vendor with this id, or null. */
  async function find (id: string, query: Query = db): Promise<Vendor | null> {
    const [vendor] = await query<Vendor>`
      select id, name, status, version
      from vendors
      where id = ${id}`
    return vendor ?? null
  }

  /** The next vendors by name, in upper or lower case; with `beginning`, only those whose name begins with it. */
  async function list ({ beginning, after, limit }: {
    beginning: string | null
    after: Position | null
    limit: number
  }): Promise<ListedVendor[]> {
    return await db<ListedVendor>`
      select id, name, status, version, ${key} as key
      from vendors
      where ${beginning === null ? fragment`true` : isPrefixed(beginning)}
        and ${after === null ? fragment`true` : fragment`(${key}, id) > (${after.key}::text, ${after.id}::uuid)`}
      order by ${key}, id
      limit ${limit}`
  }

  function isPrefixed (beginning: string) {
    return fragment`${key} >= lower(${beginning}::text) and ${key} < lower(${beginning}::text) || chr(1114111)`
  }

  async function insert (tx: Transaction, id: string, name: string): Promise<Vendor> {
    const [vendor] = await tx<Vendor>`
      insert into vendors (id, name)
      values (${id}, ${name})
      returning id, name, status, version`
    if (!vendor) throw new Error('the insert has returned no row')
    return vendor
  }

  /**
   * Locks the row of a vendor and reads it afterwards; null if there is none. Writing a row that refers to the vendor
   * does not wait for this lock.
   */
  async function lock (tx: Transaction, id: string): Promise<LockedVendor | null> {
    await tx`
      select id
      from vendors
      where id = ${id}
      for no key update`
    // This is a second statement, because a statement that has waited for a lock reads the key as of its beginning.
    const [vendor] = await tx<LockedVendor>`
      select v.id, v.name, v.status, v.version, k.wrapped_key
      from vendors v
      left join subject_keys k on k.subject_id = v.id
      where v.id = ${id}`
    return vendor ?? null
  }

  /**
   * Whether a vendor has a user of this rank or a higher one. It costs one lookup for each such role, however many
   * users the vendor has.
   */
  async function hasUserFrom (tx: Transaction, id: string, rank: number): Promise<boolean> {
    const found = await tx`
      select r.name
      from roles r
      where r.rank >= ${rank}
        and exists (select from users u where u.vendor_id = ${id} and u.role = r.name)
      limit 1`
    return found.length > 0
  }

  /** Changes a vendor whose row is locked, and returns it as it is afterwards. */
  async function update (tx: Transaction, { id, name, status }: Pick<Vendor, 'id' | 'name' | 'status'>): Promise<Vendor> {
    const [vendor] = await tx<Vendor>`
      update vendors
      set name = ${name},
          version = version + case when status = ${status} then 0 else 1 end,
          status = ${status}
      where id = ${id}
      returning id, name, status, version`
    if (!vendor) throw new Error('the row was locked and is gone')
    return vendor
  }
}
