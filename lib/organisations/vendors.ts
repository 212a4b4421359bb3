import { randomUUID } from 'node:crypto'
import type { Audit } from '../audit/audit.ts'
import type { UnitOfWork, UnitsOfWork } from '../changes/unit-of-work.ts'
import type { Cursors } from '../http/cursors.ts'
import { Refusal } from '../errors.ts'
import type { AdministratorStore } from '../access/administrator-store.ts'
import type { Database } from '../stores/database.ts'
import type { LockedVendor, Vendor, VendorStore } from './vendor-store.ts'
import type { Actor } from '../access/authentication.ts'
import type { UserActs } from '../administration/acts.ts'

/** What is to become of a vendor; what is left out stays. */
export type VendorUpdate = Partial<Pick<Vendor, 'name' | 'status'>>

export interface VendorParts {
  database: Database
  commit: UnitsOfWork['commit']
  vendors: VendorStore
  acts: Pick<UserActs, 'actorOf'>
  administrators: Pick<AdministratorStore, 'lock'>
  cursors: Cursors
  audit: Pick<Audit, 'record' | 'createSubject'>
}

export type Vendors = ReturnType<typeof createVendors>

/**
 * Vendors: organisations, whose users carry their id. One that is suspended shuts out all of its users at once,
 * however many they are: nothing of theirs is touched, and so nothing has to be put right when it is reinstated.
 */
export function createVendors ({ database, commit, vendors, acts, administrators, cursors, audit }: VendorParts) {
  return { list, create, update }

  /**
   * A page of vendors by name; with `q` of those whose name begins with it, whatever the case.
   * @throws Refusal `invalid_request` for a cursor of another list
   */
  async function list ({ q, limit, cursor }: { q?: string | undefined, limit: number, cursor?: string | undefined }) {
    const beginning = q ?? null
    const found = await vendors.list({ beginning, after: cursors.decrypt({ beginning }, cursor), limit: limit + 1 })
    const page = found.slice(0, limit)
    const last = page.at(-1)
    return { vendors: page.map(present), next_cursor: found.length > limit && last ? cursors.encrypt({ beginning }, last) : null }
  }

  /** Makes a vendor, active and without users. */
  async function create (name: string, { principal, caller }: Actor) {
    const id = randomUUID()
    const vendor = await database.begin(async tx => {
      const vendor = await vendors.insert(tx, id, name)
      const subject = await audit.createSubject(tx, id)
      await audit.record(tx, { event: 'vendor_created', outcome: 'success', actorId: principal.userId, subject, caller, personal: { after: { name, status: vendor.status } } })
      return vendor
    })
    return { vendor: present(vendor) }
  }

  /**
   * Changes a vendor's name or status, which holds at once for all of its users and the tokens they have.
   * @throws Refusal `not_found`; `forbidden` for who would suspend somebody of their own rank or above
   */
  async function update (id: string, change: VendorUpdate, by: Actor) {
    const vendor = await commit(async unit => {
      const { tx } = unit
      // In the order of all who ask whether somebody remains who may do everything: no super_admin is made or goes meanwhile.
      if (change.status === 'suspended') await administrators.lock(tx)
      const actor = await acts.actorOf(tx, by)
      const before = await vendors.lock(tx, id)
      if (!before) throw new Refusal('not_found')

      const suspends = change.status === 'suspended' && before.status === 'active'
      if (suspends && await vendors.hasUserFrom(tx, id, actor.rank)) throw new Refusal('forbidden')
      return await write(unit, before, change, by)
    })
    return { vendor: present(vendor) }
  }

  async function write ({ tx, change }: UnitOfWork, before: LockedVendor, { name = before.name, status = before.status }: VendorUpdate, { principal, caller }: Actor): Promise<Vendor> {
    if (name === before.name && status === before.status) return before

    const vendor = await vendors.update(tx, { id: before.id, name, status })
    await audit.record(tx, {
      event: eventOf(before, vendor),
      outcome: 'success',
      actorId: principal.userId,
      // One that was not made here has no key yet.
      subject: before.wrappedKey ? before : await audit.createSubject(tx, before.id),
      caller,
      personal: { before: { name: before.name, status: before.status }, after: { name, status } }
    })
    if (vendor.version !== before.version) await change({ kind: 'vendor_changed', subjectId: vendor.id, number: vendor.version })
    return vendor
  }
}

function eventOf (before: Vendor, after: Vendor) {
  if (before.status === after.status) return 'vendor_updated'
  return after.status === 'suspended' ? 'vendor_suspended' : 'vendor_reinstated'
}

/** A vendor as clients see one. */
function present ({ id, name, status }: Vendor) {
  return { id, name, status }
}
