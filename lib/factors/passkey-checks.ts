import type { Audit, Subject } from '../audit/audit.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import type { Transaction } from '../stores/database.ts'
import type { Challenges } from '../tokens/challenges.ts'
import type { AuthenticatorState } from '../webauthn/authenticator-data.ts'
import { bytesOf } from '../webauthn/base64url.ts'
import type { AssertionResponse, WebauthnVerifier } from '../webauthn/verifier.ts'
import { requestOptions } from './passkey-options.ts'
import type { RequestOptions } from './passkey-options.ts'
import type { FoundPasskey, Passkey, PasskeyStore } from './passkey-store.ts'

/** What a browser answers to a challenge, in base64url. */
export interface PasskeyAssertion extends AssertionResponse { userHandle: string | null }

/** What the answer is for, and the session or the pending sign-in whose challenge it answers; null for a login. */
export type Ceremony =
  | { purpose: 'login', boundTo: null }
  | { purpose: 'second_factor' | 'reauthentication', boundTo: string }

/** Where an anomaly is recorded. */
export interface PasskeyTrace { subject: Subject, sessionId?: string, caller: Caller }

/** A right answer that is not used up yet. */
export interface PasskeyProof {
  passkey: Passkey
  /** Whether it proves two factors: its user was verified now, and when the passkey was made. */
  isComplete: boolean
  /**
   * Uses the challenge up and records the use, in the transaction of its effect, with the user's row locked.
   * @throws Refusal `invalid_credentials` if the challenge has been answered, or the passkey is gone
   */
  spend: (tx: Transaction, trace: PasskeyTrace) => Promise<void>
}

export interface PasskeyCheckParts {
  passkeys: Pick<PasskeyStore, 'findByCredential' | 'use'>
  challenges: Challenges
  webauthn: Pick<WebauthnVerifier, 'challengeOf' | 'verifyAssertion' | 'decoyKey'>
  audit: Pick<Audit, 'record'>
  clock: Pick<Clock, 'now'>
  /** The domain that passkeys belong to. */
  rpId: string
}

export type PasskeyChecks = ReturnType<typeof createPasskeyChecks>

/** The most bytes of a credential id. */
const idBytesMax = 1023

/**
 * The one place that checks what a passkey has signed (WebAuthn Level 3, section 7.2). Guesses are not counted, because
 * a signature cannot be guessed: nobody can lock a passkey.
 */
export function createPasskeyChecks (parts: PasskeyCheckParts) {
  const { passkeys, challenges, webauthn, audit, clock, rpId } = parts

  return { offer, check }

  /**
   * A new challenge for these passkeys, or for any if there are none. The user must be verified if each of them has
   * verified its user before. No store is asked.
   */
  function offer ({ purpose, boundTo }: Ceremony, allowed: Passkey[]): RequestOptions {
    return requestOptions({
      challenge: challenges.issue(purpose, boundTo),
      rpId,
      passkeys: allowed,
      userVerification: allowed.every(({ userVerified }) => userVerified) ? 'required' : 'preferred'
    })
  }

  /**
   * Returns if a passkey of the user, or of anybody for a login, has signed a challenge of ours. An unknown credential
   * takes the same work as a known one.
   * @param expected the user whose passkey it must be, and what a look for the credential has found, if there was one
   * @throws Refusal `passkey_unknown` for a credential that no account has; `invalid_credentials` for all else
   */
  async function check (
    assertion: PasskeyAssertion,
    ceremony: Ceremony,
    { userId, found }: { userId?: string, found?: FoundPasskey | null | undefined } = {}
  ): Promise<PasskeyProof> {
    const text = webauthn.challengeOf(assertion)
    const challenge = text === null ? null : challenges.open(text, [ceremony.purpose], ceremony.boundTo)
    const credentialId = bytesOf(assertion.id, idBytesMax)
    if (text === null || !challenge || !credentialId) throw wrongPasskey()

    const passkey = found === undefined ? await passkeys.findByCredential(credentialId) : found
    const publicKey = passkey?.publicKey ?? webauthn.decoyKey()
    const state = webauthn.verifyAssertion(assertion, { challenge: text, publicKey })
    if (!passkey) throw new Refusal('passkey_unknown')

    const isOwners = userId === undefined || passkey.userId === userId
    if (!state || !isOwners || !isHandleOf(passkey, assertion, ceremony)) throw wrongPasskey()
    return {
      passkey,
      isComplete: state.userVerified && passkey.userVerified,
      spend: (tx, trace) => spend(tx, { passkey, state, challenge }, trace)
    }
  }

  async function spend (
    tx: Transaction,
    { passkey, state, challenge }: { passkey: Passkey, state: AuthenticatorState, challenge: Challenge },
    trace: PasskeyTrace
  ) {
    const before = await passkeys.use(tx, passkey.id, state, challenge, new Date(clock.now()))
    if (!before) throw wrongPasskey()

    for (const reason of anomaliesOf(before, state)) {
      await audit.record(tx, {
        ...trace,
        event: 'authn_passkey_anomaly',
        outcome: 'success',
        reason,
        actorId: passkey.userId,
        personal: { passkey_id: passkey.id, known: before.signCount, said: state.signCount }
      })
    }
  }
}

/** The refusal of what a passkey has signed. The sentence of the code is about the password. */
export function wrongPasskey (): Refusal {
  return new Refusal('invalid_credentials', { sentence: 'The passkey does not count here, or its answer has been used.' })
}

type Challenge = NonNullable<ReturnType<Challenges['open']>>

/** A login must name the account that the passkey was made for; elsewhere it may be left out (section 7.2, step 6). */
function isHandleOf (
  { handle }: { handle: Buffer | null },
  { userHandle }: PasskeyAssertion,
  { purpose }: Ceremony
): boolean {
  if (userHandle === null) return purpose !== 'login'
  return handle !== null && handle.toString('base64url') === userHandle
}

/** A counter that does not rise says that the key may have been copied; authenticators that do not count say 0. */
function anomaliesOf (
  before: Pick<AuthenticatorState, 'signCount' | 'backupEligible'>,
  { signCount, backupEligible }: AuthenticatorState
): string[] {
  const isBack = (signCount > 0 || before.signCount > 0) && signCount <= before.signCount
  return [
    ...(isBack ? ['counter_back'] : []),
    ...(before.backupEligible === backupEligible ? [] : ['backup_eligibility_changed'])
  ]
}
