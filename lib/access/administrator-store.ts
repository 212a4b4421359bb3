import type { Transaction } from '../stores/database.ts'

export type AdministratorStore = ReturnType<typeof createAdministratorStore>

export function createAdministratorStore () {
  return { lock, exists, existsBeside }

  /**
   * Takes the lock of creating and removing super_admins, and holds it until the transaction ends. Other transactions
   * wait for it.
   */
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

  /** Whether there is another active super_admin who does not belong to a suspended vendor. */
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
