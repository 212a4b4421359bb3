/** What a role demands beside the password: nothing, a second factor, a factor that resists phishing. */
export type FactorPolicy = 'optional' | 'required' | 'phishing_resistant'

/** What the role of an account demands, and whether the account has it. */
export interface FactorDemand {
  factorPolicy: FactorPolicy
  /** When the policy begins to hold. */
  factorPolicyFrom: Date
  /** Whether the account has a factor that satisfies the policy. Not looked up, and false, for `optional`. */
  hasFactor: boolean
}

/** Whether a role demands something at a moment (milliseconds since 1970). */
export function isInForce (
  { factorPolicy, factorPolicyFrom }: Omit<FactorDemand, 'hasFactor'>,
  now: number
): boolean {
  return factorPolicy !== 'optional' && factorPolicyFrom.getTime() <= now
}
