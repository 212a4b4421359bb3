import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Principal } from '../../lib/access/authentication.ts'
import { Refusal } from '../../lib/errors.ts'

/** States of an account in which most routes are closed: a password change is due, or its vendor is suspended. */
export type LimitedState = 'password_due' | 'vendor_suspended'

/** `allow` opens a route to accounts in these states too. */
export interface SessionProofOptions { allow?: LimitedState[] }

export type ProveSession = ReturnType<typeof createSessionProof>

/**
 * Authenticates a request by its access token and sets `request.principal`. Returns a promise only where a store has
 * to be read.
 * @throws Refusal `unauthenticated`, `vendor_suspended`, `password_change_required`, or what the token is refused with
 */
export function createSessionProof ({ authentication }: Pick<FastifyInstance, 'authentication'>) {
  return function proveSession (request: FastifyRequest, { allow = [] }: SessionProofOptions = {}): void | Promise<void> {
    // A request with an Authorization header is judged by it alone; its cookies are not looked at.
    const token = request.bearerToken ?? request.cookiesCarried.access
    if (token === undefined) throw new Refusal('unauthenticated')

    const principal = authentication.authenticate(token)
    return principal instanceof Promise ? principal.then(admit) : admit(principal)

    function admit (principal: Principal) {
      if (principal.vendorIsSuspended && !allow.includes('vendor_suspended')) throw new Refusal('vendor_suspended')
      if (principal.mustChangePassword && !allow.includes('password_due')) throw new Refusal('password_change_required')
      request.principal = principal
    }
  }
}
