import { Refusal } from '../errors.ts'
import { acrValues, acrValuesFrom, satisfies } from './assurance.ts'
import type { Acr } from './assurance.ts'

/** What an act demands of the sign-in behind a request. */
export interface StepUp {
  /** The least strength. */
  acr?: Acr
  /** The most seconds since the user was authenticated. */
  maxAge?: number
}

/**
 * Judges a request by its access token alone (RFC 9470). If the sign-in is too weak or too old, the refusal names the
 * strength that the next one needs: the wanted one, or the session's own if that is higher, so that a client with two
 * factors learns that both are due.
 * @param now milliseconds since 1970
 * @throws Refusal `reauthentication_required` with `max_age` and `acr_values`
 */
export function assertSteppedUp (
  { acr, authTime }: { acr: string, authTime: number },
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
