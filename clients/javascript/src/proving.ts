import { isRefusal } from './errors.ts'
import type { Refusal } from './errors.ts'
import type { InputOf } from './types.ts'

/** What a call needs, and what the user can prove. */
export interface NeededProof {
  /** Seconds within which the user must have been authenticated. */
  maxAge: number | undefined
  /** The strengths (`acr`) that would do, separated by blanks; undefined if a password does. */
  acrValues: string | undefined
  /**
   * What can be proved after the proof of before: `passkey`, `totp`, `recovery_code`; undefined at first. With
   * `password` the proof of before was none without it.
   */
  methods: string[] | undefined
}

/** What asks for a recent sign-in. */
export type Due = Pick<Refusal, 'maxAge' | 'acrValues'>

type Union<Input> = Input extends unknown ? Omit<Input, 'mfa_token'> : never

/** A password, alone or with a second factor; a second factor after it; or the signature of a passkey. */
export type Proof = string | Union<InputOf<'reauthenticate'>>

/** Lets the user prove who they are; null if they do not want to. */
export type AskProof = (needed: NeededProof) => Promise<Proof | null>

/**
 * Lets the user prove everything that the account needs, one factor after the other.
 *
 * @param due what asks for a recent sign-in
 * @param send makes the call `reauthenticate`
 * @returns false if the user does not want to
 * @throws what refuses a proof
 */
export async function prove (
  { maxAge, acrValues }: Due,
  ask: AskProof,
  send: (proof: object) => Promise<unknown>
): Promise<boolean> {
  let more: Refusal | undefined
  for (;;) {
    const proof = await ask({ maxAge, acrValues, methods: more?.methods })
    if (proof === null) return false

    const given = typeof proof === 'string' ? { password: proof } : proof
    try {
      await send('password' in given ? given : { mfa_token: more?.mfaToken, ...given })
      return true
    } catch (error) {
      if (!isRefusal(error, 'reauthenticate') || error.code !== 'mfa_required') throw error
      more = error
    }
  }
}
