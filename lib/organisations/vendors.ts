import { randomUUID } from 'node:crypto'
import type { AdministratorStore } from '../access/administrator-store.ts'
import type { Actor } from '../access/authentication.ts'
import type { AdminActions } from '../administration/admin-actions.ts'
import type { Audit } from '../audit/audit.ts'
import type { UnitOfWork, UnitsOfWork } from '../changes/unit-of-work.ts'
import { Refusal } from '../errors.ts'
import type { Cursors } from '../http/cursors.ts'
import type { Database } from '../stores/database.ts'
import type { LockedVendor, Vendor, VendorStore } from './vendor-store.ts'

/** The new values of a vendor; those that are left out stay. */
export type VendorUpdate = Partial<Pick<Vendor, 'name' | 'status'>>

export interface VendorParts {
  database: Database
  commit: UnitsOfWork['commit']
  vendors: VendorStore
  actions: Pick<AdminActions, 'lockActor'>
  administrators: Pick<AdministratorStore, 'lock'>
  cursors: Cursors
  audit: Pick<Audit, 'record' | 'createSubject'>
}

export type Vendors = ReturnType<typeof createVendors>

/**
 * Vendors: organisations, whose users carry their id. Suspending a vendor denies access to all of its users at once,
 * however many they are. Their own rows stay as they are, so nothing has to be restored when it is reinstated.
 */
export function createVendors ({ database, commit, vendors, actions, administrators, cursors, audit }: VendorParts) {
  return { list, create, update }

  /**
   * A page of vendors, ordered by name; with `q`, only vendors whose name begins with it, in upper or lower case.
   * @throws Refusal `invalid_request` for a cursor of another list
   */
  async function list ({ q, limit, cursor }: { q?: string | undefined, limit: number, cursor?: string | undefined }) {
    const beginning = q ?? null
    const after = cursors.decrypt({ beginning }, cursor)
    const found = await vendors.list({ beginning, after, limit: limit + 1 })
    const page = found.slice(0, limit)
    const last = page.at(-1)
    return {
      vendors: page.map(present),
      next_cursor: found.length > limit && last ? cursors.encrypt({ beginning }, last) : null
    }
  }

  /**
   * Creates a vendor, active and without users.
   * @throws Refusal `session_ended` or `vendor_suspended` if that has happened to the actor meanwhile
   */
  async function create (name: string, by: Actor) {
    const id = randomUUID()
    const vendor = await database.begin(async tx => {
      const actor = await actions.lockActor(tx, by)
      const vendor = await vendors.insert(tx, id, name)
      await audit.record(tx, {
        event: 'vendor_created',
        outcome: 'success',
        actorId: actor.id,
        subject: await audit.createSubject(tx, id),
        caller: by.caller,
        personal: { after: { name, status: vendor.status } }
      })
      return vendor
    })
    return { vendor: present(vendor) }
  }

  /**
   * Changes a vendor's name or status. A status holds at once for all of its users and their access tokens.
   * @throws Refusal `not_found`; `forbidden` for another status of a vendor with a user of the actor's rank or above
   */
  async function update (id: string, change: VendorUpdate, by: Actor) {
    const vendor = await commit(async unit => {
      const { tx } = unit
      // This lock comes first, as in every transaction that checks for a last super_admin: none is created or removed
      // meanwhile.
      if (change.status === 'suspended') await administrators.lock(tx)
      const actor = await actions.lockActor(tx, by)
      const before = await vendors.lock(tx, id)
      if (!before) throw new Refusal('not_found')

      const changesStatus = change.status !== undefined && change.status !== before.status
      if (changesStatus && await vendors.hasUserFrom(tx, id, actor.rank)) throw new Refusal('forbidden')
      return await write(unit, before, change, by)
    })
    return { vendor: present(vendor) }
  }

  async function write (unit: UnitOfWork, before: LockedVendor, update: VendorUpdate, by: Actor): Promise<Vendor> {
    const { name = before.name, status = before.status } = update
    if (name === before.name && status === before.status) return before

    const vendor = await vendors.update(unit.tx, { id: before.id, name, status })
    await recordUpdate(unit, before, vendor, by)
    if (vendor.version !== before.version) {
      const { id: subjectId, version: number, status: vendorStatus } = vendor
      await unit.change({ kind: 'vendor_changed', subjectId, number, vendorStatus })
    }
    return vendor
  }

  async function recordUpdate (
    { tx }: UnitOfWork, before: LockedVendor, after: Vendor, { principal, caller }: Actor
  ) {
    await audit.record(tx, {
      event: eventOf(before, after),
      outcome: 'success',
      actorId: principal.userId,
      // A vendor that was not created by this API has no key yet.
      subject: before.wrappedKey ? before : await audit.createSubject(tx, before.id),
      caller,
      personal: {
        before: { name: before.name, status: before.status },
        after: { name: after.name, status: after.status }
      }
    })
  }
}

function eventOf (before: Vendor, after: Vendor) {
  if (before.status === after.status) return 'vendor_updated'
  return after.status === 'suspended' ? 'vendor_suspended' : 'vendor_reinstated'
}

/** A vendor as the API answers it. */
function present ({ id, name, status }: Vendor) {
  return { id, name, status }
}
