import type { Transaction } from '../stores/database.ts'

export type AdministratorStore = ReturnType<typeof createAdministratorStore>

export function createAdministratorStore () {
  return { lock, exists, existsBeside }

  /** Whoever makes or removes a super_admin waits here for who does it already, to the end of the transaction. */
  async function lock (tx: Transaction) {
    await tx`select name from roles where name = 'super_admin' for no key update`
  }

  /** Whether there is an active super_admin. */
  async function exists (tx: Transaction): Promise<boolean> {
    const found = await tx`
      select id
      from users
      where role = 'super_admin'
        and status = 'active'
      limit 1`
    return found.length > 0
  }

  /** Whether there is an active super_admin beside this one, and not of a vendor that is suspended. */
  async function existsBeside (tx: Transaction, id: string): Promise<boolean> {
    const found = await tx`
      select id
      from users
      where role = 'super_admin'
        and status = 'active'
        and id <> ${id}
        and not exists (select from vendors v where v.id = vendor_id and v.status = 'suspended')
      limit 1`
    return found.length > 0
  }
}
