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

type Union<Input> = Input extends unknown ? Omit<Input, 'mfa_token'> : never

/** A password, alone or with a second factor; a second factor after it; or the signature of a passkey. */
export type Proof = string | Union<InputOf<'reauthenticate'>>

/** Lets the user prove who they are; null if they do not want to. */
export type AskProof = (needed: NeededProof) => Promise<Proof | null>

interface Setup {
  ask: AskProof | undefined
  /** Makes the call `reauthenticate`. */
  send: (proof: object) => Promise<unknown>
}

/**
 * Makes what lets the user prove everything that the account needs, one factor after the other. It returns false if the
 * user does not want to, and throws what refuses a proof.
 */
export function createProving ({ ask, send }: Setup): (due: Refusal) => Promise<boolean> {
  return async ({ maxAge, acrValues }) => await prove({ maxAge, acrValues, methods: undefined })

  async function prove (needed: NeededProof, token?: string): Promise<boolean> {
    const proof = await ask?.(needed)
    if (proof == null) return false

    const given = typeof proof === 'string' ? { password: proof } : proof
    const isSecond = token !== undefined && !('password' in given)
    const due = await send({ ...given, ...(isSecond && { mfa_token: token }) }).then(() => null, moreDue)
    return due ? await prove({ ...needed, methods: due.methods }, due.mfaToken) : true
  }
}

/** The refusal that asks for more. */
function moreDue (error: unknown): Refusal {
  if (isRefusal(error) && error.code === 'mfa_required') return error
  throw error
}
