import { assertFullStrength } from '../access/step-up.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { Asking, FactorChanges } from '../factors/factor-changes.ts'
import type { PasskeyStore } from '../factors/passkey-store.ts'
import type { RecoveryCodeStore } from '../factors/recovery-code-store.ts'
import type { Caller } from '../http/caller.ts'
import type { SessionState } from '../sessions/session-store.ts'
import type { TokenResponse } from '../sessions/token-responses.ts'
import type { Transaction } from '../stores/database.ts'
import type { OneTimeTokens } from '../tokens/one-time-tokens.ts'
import type { PasswordStore } from '../users/password-store.ts'
import { outdatedByPassword } from './password-resets.ts'

export interface PasswordRemovalParts {
  factorChanges: FactorChanges
  passwordStore: Pick<PasswordStore, 'remove'>
  passkeys: Pick<PasskeyStore, 'findAlone'>
  recoveryCodes: Pick<RecoveryCodeStore, 'summarise'>
  oneTimeTokens: Pick<OneTimeTokens, 'revoke'>
  clock: Pick<Clock, 'now'>
  /** The domain that passkeys belong to. */
  rpId: string
}

/** If none of the passkeys is backed up, at least this many are needed: one that is lost must not be the only one. */
const passkeysMin = 2

/** The end of a password, for a user who signs in with passkeys. */
export function createPasswordRemovals (parts: PasswordRemovalParts) {
  const { passwordStore, passkeys, recoveryCodes, oneTimeTokens, clock, rpId } = parts
  const { findStrong, counted, inSession, change, answerTo } = parts.factorChanges

  return { removePassword }

  /**
   * Takes the user's password away: from then on the user can sign in by passkey only. The account gets two steps, so
   * a password that a link in a mail sets later opens no session by itself. Every other session ends, and links that
   * would set a password work no longer.
   * @throws Refusal `not_found` for an account without a password; `last_factor` unless a passkey that signs in alone
   * is backed up or there are two, and recovery codes; `reauthentication_required` unless a passkey was proved;
   * `password_change_required`; `session_ended`; `invalid_token`; `rate_limited`; `unavailable`
   */
  async function removePassword (asking: Asking, caller: Caller): Promise<TokenResponse> {
    const state = await findStrong(asking)
    assertFullStrength(state, 'phr')
    return await counted(asking, caller, async () => {
      const userEpoch = await inSession(state, async unit => {
        if (!await passwordStore.remove(unit.tx, state.id, new Date(clock.now()))) throw new Refusal('not_found')
        await assertWaysIn(unit.tx, state)
        await oneTimeTokens.revoke(unit.tx, state.id, outdatedByPassword)
        return await change(unit, state, { twoStep: true, caller }, {
          event: 'authn_password_removed', reason: 'passkey', mail: 'password_removed'
        })
      })
      return await answerTo({ ...state, userEpoch, sessionEpoch: userEpoch, twoStep: true, passwordHash: null })
    })
  }

  async function assertWaysIn (tx: Transaction, { id }: SessionState) {
    const ways = await passkeys.findAlone(id, rpId, tx)
    if (ways.length < passkeysMin && !ways.some(({ backedUp }) => backedUp)) throw lacks(anotherPasskey)
    if (!await recoveryCodes.summarise(id, tx)) throw lacks(codes)
  }
}

const anotherPasskey = 'Add another passkey first: if the device with the only one were lost, there would be no way in.'
const codes = 'Make recovery codes first: with them and a link in a mail you get in if you lose your passkeys.'

function lacks (sentence: string): Refusal {
  return new Refusal('last_factor', { sentence })
}
