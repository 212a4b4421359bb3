import { Refusal } from '../errors.ts'
import { acrOf, acrValuesFrom, satisfies } from '../tokens/assurance.ts'
import type { Acr } from '../tokens/assurance.ts'
import type { Principal } from './authentication.ts'

/** The strength that an account with a second factor demands. */
const fullStrength: Acr = 'urn:latchkey:acr:2fa'

/** For an act that needs a recent sign-in, the sign-in may be at most this old (s). */
export const recentSeconds = 600

/**
 * Judges a request by what the user's role demands beside the password.
 * @throws Refusal `second_factor_enrollment_required` if a factor is to be added first; `reauthentication_required`
 * with `acr_values` if the sign-in was too weak
 */
export function assertFactorPolicy (
  { mustEnrollSecondFactor, owedAcr }: Pick<Principal, 'mustEnrollSecondFactor' | 'owedAcr'>
): void {
  if (mustEnrollSecondFactor) throw new Refusal('second_factor_enrollment_required')
  if (owedAcr !== null) throw new Refusal('reauthentication_required', { acrValues: acrValuesFrom(owedAcr) })
}

/**
 * Judges a session of an account that has a second factor by how its user was authenticated: what the password alone
 * has opened must not touch the factors.
 * @param least what it must have proved: two factors, or a method that resists phishing
 * @throws Refusal `reauthentication_required` with `max_age` and `acr_values`
 */
export function assertFullStrength ({ amr }: { amr: readonly string[] }, least: Acr = fullStrength): void {
  if (satisfies(acrOf(amr), least)) return
  throw new Refusal('reauthentication_required', { maxAge: recentSeconds, acrValues: acrValuesFrom(least) })
}
