import fp from 'fastify-plugin'
import type { Principal } from '../../lib/access/authentication.ts'

declare module 'fastify' {
  interface FastifyRequest { principal: Principal }
}

/** `request.principal`: the user whom a guard has authenticated. Reading it on a route without a guard throws. */
export default fp(async function keepPrincipal (app) {
  const proven = new WeakMap<object, Principal>()

  app.decorateRequest('principal', {
    getter () {
      const principal = proven.get(this)
      if (!principal) throw new Error('request.principal was read on a route without a guard')
      return principal
    },
    setter (principal: Principal) { proven.set(this, principal) }
  })
}, { name: 'principal' })
