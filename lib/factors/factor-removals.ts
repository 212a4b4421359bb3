import type { Transaction } from '../stores/database.ts'
import type { PasskeyStore } from './passkey-store.ts'
import type { RecoveryCodeStore } from './recovery-code-store.ts'
import type { TotpSecretStore } from './totp-secret-store.ts'

export interface FactorRemovalParts {
  totpSecrets: Pick<TotpSecretStore, 'findConfirmed' | 'removeSince'>
  passkeys: Pick<PasskeyStore, 'has' | 'removeSince'>
  recoveryCodes: Pick<RecoveryCodeStore, 'remove' | 'removeSince'>
}

export type FactorRemovals = ReturnType<typeof createFactorRemovals>

/** Takes factors from an account that may not be its owner's. */
export function createFactorRemovals ({ totpSecrets, passkeys, recoveryCodes }: FactorRemovalParts) {
  return { removeSince }

  /**
   * Removes the passkeys, the authenticator app and the recovery codes that were added at a time or later; without a
   * factor no recovery codes are left. The caller has locked the user's row, and ends the sessions.
   * @param since by default the beginning of time: all are removed
   * @returns whether a factor was removed, and whether one is left
   */
  async function removeSince (
    tx: Transaction, userId: string, since = new Date(0)
  ): Promise<{ hasRemoved: boolean, isLeft: boolean }> {
    const removed = [await totpSecrets.removeSince(tx, userId, since), await passkeys.removeSince(tx, userId, since)]
    const isLeft = await totpSecrets.findConfirmed(userId, tx) !== null || await passkeys.has(userId, tx)
    if (isLeft) await recoveryCodes.removeSince(tx, userId, since)
    else await recoveryCodes.remove(tx, userId)
    return { hasRemoved: removed.includes(true), isLeft }
  }
}
