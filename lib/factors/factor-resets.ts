import type { SessionState } from '../sessions/session-store.ts'
import type { Transaction } from '../stores/database.ts'
import type { OneTimeTokens, TakenToken } from '../tokens/one-time-tokens.ts'
import type { FactorResetStore } from './factor-reset-store.ts'
import type { PasskeyStore } from './passkey-store.ts'
import type { RecoveryCodeStore } from './recovery-code-store.ts'
import type { TotpSecretStore } from './totp-secret-store.ts'

export interface FactorResetParts {
  oneTimeTokens: Pick<OneTimeTokens, 'tokenOf' | 'take' | 'release' | 'spend'>
  factorResets: FactorResetStore
  totpSecrets: Pick<TotpSecretStore, 'removeOthers'>
  passkeys: Pick<PasskeyStore, 'removeOthers'>
  recoveryCodes: Pick<RecoveryCodeStore, 'remove'>
}

/** Finishes a reset, in the transaction that adds the new factor. */
export type FinishReset = (tx: Transaction, newFactorId: string) => Promise<void>

export type FactorResets = ReturnType<typeof createFactorResets>

/**
 * The end of a reset of second factors: an administrator begins it, the user's new factor finishes it. Until then all
 * factors stay as they are, so an owner who still has one is not hurt by a reset that another person has asked for.
 */
export function createFactorResets (parts: FactorResetParts) {
  const { oneTimeTokens, factorResets, totpSecrets, passkeys, recoveryCodes } = parts

  return { during }

  /**
   * Runs the work that adds a factor. In a session that a reset has opened, no other request can finish that reset
   * meanwhile, and the work is handed what finishes it; elsewhere it is handed null.
   * @throws Refusal `token_invalid` if the reset counts no longer: too old, replaced, or the user has signed in with a
   * factor since
   * @throws what the work throws; then the reset goes on
   */
  async function during<T> (
    state: SessionState,
    work: (finish: FinishReset | null) => Promise<T>
  ): Promise<T> {
    if (state.factorReset === null) return await work(null)

    const token = oneTimeTokens.tokenOf('second_factor_reset', state.factorReset)
    const taken = await oneTimeTokens.take(token, 'second_factor_reset')
    try {
      return await work((tx, newFactorId) => finish(tx, state, taken, newFactorId))
    } catch (error) {
      await oneTimeTokens.release(taken)
      throw error
    }
  }

  /**
   * Uses up the reset, and removes every factor but the new one, an authenticator app or a passkey. The caller has
   * locked the user's row, and makes new recovery codes.
   */
  async function finish (tx: Transaction, state: SessionState, taken: TakenToken, newFactorId: string) {
    const { id: userId, sessionId, deviceId } = state
    await oneTimeTokens.spend(tx, taken)
    await totpSecrets.removeOthers(tx, userId, newFactorId)
    await passkeys.removeOthers(tx, userId, newFactorId)
    await recoveryCodes.remove(tx, userId)
    await factorResets.finish(tx, { userId, sessionId, deviceId })
  }
}
