import fp from 'fastify-plugin'
import type { Clock } from '../../lib/clock.ts'
import { createPasswordChecks } from '../../lib/throttling/password-checks.ts'
import type { PasswordChecks } from '../../lib/throttling/password-checks.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly passwordChecks: PasswordChecks }
}

export default fp<{ clock: Clock }>(async function checkPasswords (app, { clock }) {
  const { database, lockout, passwords, audit, jobs, metrics } = app
  app.decorate('passwordChecks', createPasswordChecks({ database, lockout, passwords, audit, jobs, metrics, clock }))
}, { name: 'password-checks', dependencies: ['postgres', 'lockout', 'passwords', 'audit', 'jobs', 'metrics'] })
