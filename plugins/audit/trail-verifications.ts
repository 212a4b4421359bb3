import fp from 'fastify-plugin'
import { createVerificationStore } from '../../lib/audit/verification/verdict-store.ts'
import type { VerificationStore } from '../../lib/audit/verification/verdict-store.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly trailVerifications: VerificationStore }
}

/** `app.trailVerifications` is what the last recorded verification of the audit trail has found. */
export default fp(async function keepTrailVerifications (app) {
  app.decorate('trailVerifications', createVerificationStore(app.database))
}, { name: 'trail-verifications', decorators: { fastify: ['database'] } })
