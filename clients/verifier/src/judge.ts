import { Refusal, unavailable } from '../../../lib/errors.ts'
import { acrOf } from '../../../lib/tokens/assurance.ts'
import { readClaims } from '../../../lib/tokens/claims.ts'
import type { AccessClaims } from '../../../lib/tokens/claims.ts'
import { assertSteppedUp } from '../../../lib/tokens/step-up.ts'
import type { StepUp } from '../../../lib/tokens/step-up.ts'
import type { Knowledge } from './knowledge.ts'

/** The user of a request. */
export interface Principal {
  userId: string
  sessionId: string
  role: string
  vendorId: string | null
  /** When the user last proved who they are (seconds since 1970), and how (RFC 8176). */
  authTime: number
  amr: readonly string[]
  /** How strong that was: `urn:latchkey:acr:1fa`, `urn:latchkey:acr:2fa` or `phr`. */
  acr: string
}

/** What a token has to be besides valid; of which strength and how recent the sign-in has to be (RFC 9470). */
export interface Demands extends StepUp {
  /** The roles that may do this. */
  roles?: readonly string[]
}

/**
 * Judges the payload of a token whose signature is good, as Latchkey itself would. The claims are read and the ends are
 * looked up by the code of the server.
 * @throws Refusal `unavailable` while what has ended may not be known; `session_ended` with the reason;
 * `invalid_token`, also if the user has changed since: the client refreshes, and has the new role;
 * `password_change_required`; `second_factor_enrollment_required`; `vendor_suspended`
 */
export function judge (payload: unknown, { knowledge, issuer, audience }: {
  knowledge: Knowledge
  issuer: string
  audience: string
}): Principal {
  if (!knowledge.isFresh()) throw unavailable(new Error('it is not known what has ended'))
  const { revocations } = knowledge
  const now = knowledge.now()
  const claims = readClaims(payload, { issuer, audience, now })
  if (!claims || claims.exp * 1000 <= now) throw new Refusal('invalid_token')

  revocations.check(claims)
  if (claims.ver < revocations.version(claims.sub)) throw new Refusal('invalid_token')
  if (claims.must_change_password) throw new Refusal('password_change_required')
  if (claims.must_enroll_second_factor) throw new Refusal('second_factor_enrollment_required')
  if (claims.vendor_id !== undefined && revocations.version(claims.vendor_id) > 0 &&
    revocations.vendorStatus(claims.vendor_id) !== 'active') throw new Refusal('vendor_suspended')
  return principalOf(claims)
}

/** @throws Refusal `forbidden`; `reauthentication_required` with the age and the strengths that would do */
export function assertDemands (principal: Principal, { roles, ...stepUp }: Demands, now: number): void {
  if (roles && !roles.includes(principal.role)) throw new Refusal('forbidden')
  assertSteppedUp(principal, stepUp, now)
}

function principalOf (claims: AccessClaims): Principal {
  const { sub, sid, role, vendor_id: vendorId, auth_time: authTime, amr, acr = acrOf([]) } = claims
  return { userId: sub, sessionId: sid, role, vendorId: vendorId ?? null, authTime, amr, acr }
}
