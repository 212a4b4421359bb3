import type { Approvals } from '../access/approvals.ts'
import type { Role } from '../access/role-store.ts'
import type { Audit } from '../audit/audit.ts'
import type { Clock } from '../clock.ts'
import type { Caller } from '../http/caller.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { Transaction } from '../stores/database.ts'
import type { NewUser, User, UserStore } from '../users/user-store.ts'

export interface AccountCreationParts {
  users: Pick<UserStore, 'find' | 'insert'>
  approvals: Pick<Approvals, 'announce'>
  audit: Pick<Audit, 'createSubject' | 'record'>
  metrics: Pick<Metrics, 'increment'>
  clock: Pick<Clock, 'now'>
}

export interface AccountCreation {
  account: Omit<NewUser, 'role' | 'approval' | 'vendorId'>
  role: Pick<Role, 'name' | 'requiresApproval'>
  caller: Caller
  /** False if the audit trail knows the subject already: the account has the id of its registration then. */
  isNewSubject: boolean
}

/** Makes the account of a user who has registered. */
export function createAccountCreation ({ users, approvals, audit, metrics, clock }: AccountCreationParts) {
  return { createAccount }

  /**
   * Makes the account in the transaction, and announces it to approvers if its role requires an approval. Returns null
   * if another account has the address.
   */
  async function createAccount (
    tx: Transaction,
    { account, role, caller, isNewSubject }: AccountCreation
  ): Promise<User | null> {
    const approval = role.requiresApproval ? 'pending' : 'not_required'
    const isMade = await users.insert(tx, { ...account, role: role.name, approval }, new Date(clock.now()))
    if (!isMade) return null

    if (isNewSubject) await audit.createSubject(tx, account.id)
    const user = await users.find(account.id, tx)
    await audit.record(tx, { event: 'user_created', outcome: 'success', actorId: account.id, subject: user, caller })
    if (approval === 'pending') await approvals.announce(tx, account.id)
    metrics.increment('sign_ups', { outcome: 'created' })
    return user
  }
}
