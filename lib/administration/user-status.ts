import type { Actor } from '../access/authentication.ts'
import type { Accounts } from '../accounts/accounts.ts'
import { Refusal } from '../errors.ts'
import type { AdminActions } from './admin-actions.ts'
import type { UserAmendments } from './user-amendments.ts'

export interface UserStatusParts {
  actions: Pick<AdminActions, 'perform' | 'authorize'>
  amendments: UserAmendments
  accounts: Pick<Accounts, 'erase'>
}

/** Whether an account may be used: disabling and enabling it, requiring another password, and its erasure. */
export function createUserStatus ({ actions, amendments, accounts }: UserStatusParts) {
  return { disable, enable, requirePasswordChange, erase }

  /** Prevents every sign-in from now on. The same transaction ends every session. */
  async function disable (userId: string, by: Actor) {
    return await actions.perform(userId, by, async action => {
      if (action.subject.status === 'disabled') return
      await amendments.amend(action, { status: 'disabled' }, { event: 'user_disabled', endsBy: 'account_disabled' })
    })
  }

  /** Allows the user to sign in again. */
  async function enable (userId: string, by: Actor) {
    return await actions.perform(userId, by, async action => {
      if (action.subject.status === 'active') return
      await amendments.amend(action, { status: 'active' }, { event: 'user_enabled' })
    })
  }

  /**
   * Until the user changes the password, they can do nothing else; this holds for their present sessions as well.
   * @throws Refusal `conflict` for an account without a password, beside those of `perform`
   */
  async function requirePasswordChange (userId: string, by: Actor) {
    return await actions.perform(userId, by, async action => {
      if (action.subject.passwordHash === null) throw new Refusal('conflict', { sentence: 'The account has no password.' })
      await amendments.amend(action, { mustChangePassword: true }, { event: 'authn_password_change_required' })
    })
  }

  /**
   * Erases an account, as its owner could.
   * @throws Refusal as `authorize`; `last_super_admin`; `unavailable`, also while the account is being changed
   */
  async function erase (userId: string, by: Actor) {
    // The rank is checked before anything is written, and once more under the locks of the erasure.
    await actions.perform(userId, by)
    const { principal: { userId: actorId, sessionId }, caller } = by
    const isErased = await accounts.erase({
      userId,
      actorId,
      sessionId,
      reason: 'by_administrator',
      caller,
      assertMay: async tx => { await actions.authorize(tx, by, userId) }
    })
    if (!isErased) throw new Refusal('not_found')
  }
}
