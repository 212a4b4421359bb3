import type { Finding } from '../config/warnings.ts'
import type { FactorPolicyGap } from '../users/factor-policy-store.ts'

/** Judges how many users lack what their role demands beside the password. `now` is in milliseconds since 1970. */
export function judgeFactorPolicies (gaps: FactorPolicyGap[], now: number): Finding[] {
  return gaps.filter(({ count }) => count > 0).map(gap => missing(gap, now))
}

function missing ({ role, count, from }: FactorPolicyGap, now: number): Finding {
  const users = `${count} ${count === 1 ? 'user' : 'users'} with the role ${role}`
  const isInForce = from.getTime() <= now
  const consequence = 'can only add a second factor, which the role demands'
  return {
    code: 'factors_missing',
    severity: 'warning',
    message: isInForce ? `${users} ${consequence}.` : `From ${from.toISOString()} on, ${users} ${consequence}.`,
    advice: 'Tell them to add one. `GET /users/{id}/second-factors` shows what a user has.'
  }
}
