import fp from 'fastify-plugin'
import type { Principal } from '../../lib/access/authentication.ts'
import { Refusal } from '../../lib/errors.ts'

export interface ProofOptions {
  /** Also lets in a user whose password has to be changed first. */
  passwordMayBeDue?: boolean
  /** Also lets in a user of a vendor that is suspended. */
  vendorMayBeSuspended?: boolean
}

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Authenticates a request by its access token and sets `request.principal`. Returns a promise only where a store
     * has to be read.
     * @throws Refusal `unauthenticated`, `vendor_suspended`, `password_change_required`, or what the token is refused with
     */
    readonly proveSession: (request: FastifyRequest, options?: ProofOptions) => void | Promise<void>
  }
}

export default fp(async function provideSessionProof (app) {
  app.decorate('proveSession', (request, { passwordMayBeDue = false, vendorMayBeSuspended = false } = {}) => {
    // A request with an Authorization header is judged by it alone; its cookies are not looked at.
    const token = request.bearerToken ?? request.cookiesCarried.access
    if (token === undefined) throw new Refusal('unauthenticated')

    const principal = app.authentication.authenticate(token)
    return principal instanceof Promise ? principal.then(admit) : admit(principal)

    function admit (principal: Principal) {
      if (principal.vendorIsSuspended && !vendorMayBeSuspended) throw new Refusal('vendor_suspended')
      if (principal.mustChangePassword && !passwordMayBeDue) throw new Refusal('password_change_required')
      request.principal = principal
    }
  })
}, { name: 'prove-session', dependencies: ['http'] })
