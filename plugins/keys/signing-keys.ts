import fp from 'fastify-plugin'
import { createSigningKeys } from '../../lib/keys/signing-keys.ts'
import type { SigningKeys } from '../../lib/keys/signing-keys.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly signingKeys: SigningKeys }
}

export default fp(async function manageSigningKeys (app) {
  const { keyring, audit, feed } = app
  app.decorate('signingKeys', createSigningKeys({ keyring, audit, feed }))
}, { name: 'signing-keys', dependencies: ['keyring', 'audit', 'change-feed'] })
