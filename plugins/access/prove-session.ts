import fp from 'fastify-plugin'
import type { Principal } from '../../lib/access/authentication.ts'
import { Refusal } from '../../lib/errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Sets `request.principal` or throws why not; a promise only where a store has to be asked. */
    readonly proveSession: (request: FastifyRequest, options?: { passwordMayBeDue?: boolean, vendorMayBeSuspended?: boolean }) => void | Promise<void>
  }
}

export default fp(async function provideSessionProof (app) {
  app.decorate('proveSession', (request, { passwordMayBeDue = false, vendorMayBeSuspended = false } = {}) => {
    // A header counts alone, whatever cookies come along.
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
