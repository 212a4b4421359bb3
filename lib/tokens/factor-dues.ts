import { isInForce } from '../users/factor-policy.ts'
import type { FactorDemand } from '../users/factor-policy.ts'
import { acrOf, acrValues, byPassword, satisfies } from './assurance.ts'
import type { Acr } from './assurance.ts'

/** What an account owes after a proof: nothing, a stronger proof, or a factor that it does not have yet. */
export type FactorDue = 'nothing' | 'proof' | 'enrolment'

const strengths = {
  optional: acrValues[0], required: 'urn:latchkey:acr:2fa', phishing_resistant: 'phr'
} as const satisfies Record<FactorDemand['factorPolicy'], Acr>

/** The least strength that a role demands of every sign-in at a moment (milliseconds since 1970). */
export function demandedAcr (policy: Omit<FactorDemand, 'hasFactor'>, now: number): Acr {
  return isInForce(policy, now) ? strengths[policy.factorPolicy] : acrValues[0]
}

/** What a user owes to the policy of their role after a proof by these methods (RFC 8176). */
export function dueOf (user: FactorDemand, amr: readonly string[], now: number): FactorDue {
  if (satisfies(acrOf(amr), demandedAcr(user, now))) return 'nothing'
  return user.hasFactor ? 'proof' : 'enrolment'
}

/** Whether the password alone is too little for the account: by its user's own choice, or because its role says so. */
export function needsBoth (user: FactorDemand & { twoStep: boolean }, now: number): boolean {
  return user.twoStep || dueOf(user, byPassword, now) === 'proof'
}
