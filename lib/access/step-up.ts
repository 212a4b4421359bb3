import { Refusal } from '../errors.ts'
import { acrOf, acrValues, acrValuesFrom, satisfies } from '../tokens/assurance.ts'
import type { Acr } from '../tokens/assurance.ts'
import type { Principal } from './authentication.ts'

/** What an act demands of the sign-in behind a request. */
export interface StepUp {
  /** The least strength. */
  acr?: Acr
  /** The most seconds since the user was authenticated. */
  maxAge?: number
}

/** The strength that an account with a second factor demands. */
const fullStrength: Acr = 'urn:latchkey:acr:2fa'

/** How long (s) ago an act that needs a recent sign-in lets it be. */
export const recentSeconds = 600

/**
 * Judges a request by its access token alone (RFC 9470). If the sign-in is too weak or too old, the refusal names the
 * strength that the next one needs: the wanted one, or the session's own if that is higher, so that a client with two
 * factors learns that both are due.
 * @param now milliseconds since 1970
 * @throws Refusal `reauthentication_required` with `max_age` and `acr_values`
 */
export function assertSteppedUp (
  { acr, authTime }: Pick<Principal, 'acr' | 'authTime'>,
  { acr: wanted = acrValues[0], maxAge = Infinity }: StepUp,
  now: number
): void {
  const isRecent = now / 1000 - authTime <= maxAge
  if (isRecent && satisfies(acr, wanted)) return

  const due = acrValues.findLast(value => value === wanted || satisfies(acr, value)) ?? wanted
  throw new Refusal('reauthentication_required', {
    ...(maxAge !== Infinity && { maxAge }),
    ...(due !== acrValues[0] && { acrValues: acrValuesFrom(due) })
  })
}

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
