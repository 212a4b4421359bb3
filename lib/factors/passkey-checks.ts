import type { Audit, Subject } from '../audit/audit.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import type { PlainPasskeyUse } from '../sessions/sign-in-store.ts'
import type { Transaction } from '../stores/database.ts'
import type { Challenges } from '../tokens/challenges.ts'
import type { AuthenticatorState } from '../webauthn/authenticator-data.ts'
import { bytesOf } from '../webauthn/base64url.ts'
import type { AssertionResponse, WebauthnVerifier } from '../webauthn/verifier.ts'
import { requestOptions } from './passkey-options.ts'
import type { RequestOptions } from './passkey-options.ts'
import type { Passkey, PasskeyStore, SigningPasskey } from './passkey-store.ts'

/** What a browser answers to a challenge, in base64url. */
export interface PasskeyAssertion extends AssertionResponse { userHandle: string | null }

/** What the answer is for, and the session or the pending sign-in whose challenge it answers; null for a login. */
export type Ceremony =
  | { purpose: 'login', boundTo: null }
  | { purpose: 'second_factor' | 'reauthentication', boundTo: string }

/** Where an anomaly is recorded. */
export interface PasskeyTrace { subject: Subject, sessionId?: string, caller: Caller }

/** Whose passkey an answer must be of, if that is known, and how the passkey of a credential is found. */
export interface ExpectedPasskey<Found extends SigningPasskey> {
  userId?: string
  find: (credentialId: Buffer) => Promise<Found | null>
}

/** A right answer that is not used up yet. */
export interface PasskeyProof<Found extends SigningPasskey = SigningPasskey> {
  passkey: Found
  /** Whether it proves two factors: its user was verified now, and when the passkey was made. */
  isComplete: boolean
  /**
   * Uses the challenge up and records the use, in the transaction of its effect, with the user's row locked.
   * @throws Refusal `invalid_credentials` if the challenge has been answered, or the passkey is gone
   */
  spend: (tx: Transaction, trace: PasskeyTrace) => Promise<void>
  /** What `spend` would write if the passkey stays as it was read; undefined if it would record an anomaly. */
  plainUse: PlainPasskeyUse | undefined
}

export interface PasskeyCheckParts {
  passkeys: Pick<PasskeyStore, 'use'>
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
   * @throws Refusal `passkey_unknown` for a credential that no account has; `invalid_credentials` for all else
   */
  async function check<Found extends SigningPasskey> (
    assertion: PasskeyAssertion,
    ceremony: Ceremony,
    { userId, find }: ExpectedPasskey<Found>
  ): Promise<PasskeyProof<Found>> {
    const text = webauthn.challengeOf(assertion)
    const challenge = text === null ? null : challenges.read(text, [ceremony.purpose], ceremony.boundTo)
    const credentialId = credentialIdOf(assertion)
    if (text === null || !challenge || !credentialId) throw wrongPasskey()

    const passkey = await find(credentialId)
    const publicKey = passkey?.publicKey ?? webauthn.decoyKey()
    const state = webauthn.verifyAssertion(assertion, { challenge: text, publicKey })
    if (!passkey) throw new Refusal('passkey_unknown')

    const isOwners = userId === undefined || passkey.userId === userId
    if (!state || !isOwners || !isHandleOf(passkey, assertion, ceremony)) throw wrongPasskey()
    return {
      passkey,
      isComplete: state.userVerified && passkey.userVerified,
      spend: (tx, trace) => spend(tx, { passkey, state, challenge }, trace),
      plainUse: plainUseOf(passkey, state, challenge)
    }
  }

  async function spend (
    tx: Transaction,
    { passkey, state, challenge }: { passkey: SigningPasskey, state: AuthenticatorState, challenge: Challenge },
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

/** The credential that an answer names; null if that can be none's id. */
export function credentialIdOf ({ id }: PasskeyAssertion): Buffer | null {
  return bytesOf(id, idBytesMax)
}

/** The refusal of what a passkey has signed. The sentence of the code is about the password. */
export function wrongPasskey (): Refusal {
  return new Refusal('invalid_credentials', { sentence: 'The passkey does not count here, or its answer has been used.' })
}

type Challenge = NonNullable<ReturnType<Challenges['read']>>

/** A login must name the account that the passkey was made for; elsewhere it may be left out (section 7.2, step 6). */
function isHandleOf (
  { handle }: { handle: Buffer | null },
  { userHandle }: PasskeyAssertion,
  { purpose }: Ceremony
): boolean {
  if (userHandle === null) return purpose !== 'login'
  return handle !== null && handle.toString('base64url') === userHandle
}

function plainUseOf (
  passkey: SigningPasskey,
  state: AuthenticatorState,
  challenge: Challenge
): PlainPasskeyUse | undefined {
  if (anomaliesOf(passkey, state).length > 0) return undefined
  const { id, signCount: signCountBefore } = passkey
  const { signCount, backupEligible, backedUp } = state
  return { id, signCountBefore, signCount, backupEligible, backedUp, challenge }
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
