import fp from 'fastify-plugin'
import type { Config } from '../../lib/config/config.ts'
import { createPasswordPolicy } from '../../lib/passwords/policy.ts'
import type { PasswordPolicy } from '../../lib/passwords/policy.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly passwordPolicy: PasswordPolicy }
}

export default fp<Config['passwords']>(async function providePasswordPolicy (app, options) {
  app.decorate('passwordPolicy', createPasswordPolicy({ ...options, isBreached: app.breachedPasswords?.isBreached }))
}, { name: 'password-policy', dependencies: ['breached-passwords'] })
