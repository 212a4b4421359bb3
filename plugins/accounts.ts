import fp from 'fastify-plugin'
import { createAccounts } from '../lib/accounts.ts'
import type { Accounts } from '../lib/accounts.ts'
import type { Clock } from '../lib/clock.ts'
import { createCodes } from '../lib/codes.ts'
import type { Config } from '../lib/config.ts'
import { createSealedRecipients } from '../lib/sealed-recipients.ts'
import { createAdministratorStore } from '../lib/stores/administrators.ts'
import { createChangeStore } from '../lib/stores/changes.ts'
import { createDeploymentStore } from '../lib/stores/deployment.ts'
import { createErasureStore } from '../lib/stores/erasures.ts'
import { createKnownDeviceStore } from '../lib/stores/known-devices.ts'
import { createPersonalExportStore } from '../lib/stores/personal-exports.ts'
import { createRegistrationStore } from '../lib/stores/registrations.ts'
import { createUserStore } from '../lib/stores/users.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly accounts: Accounts }
}

export default fp<Config['accounts'] & { clock: Clock }>(async function provideAccounts (app, { clock, emailVerification }) {
  const { database, feed, revocations, sessions, grants, tokens, deviceTokens, oneTimeTokens, passwords, passwordChecks: checks, rateLimits, lockout, passwordPolicy: policy, roles, approvals, audit, jobs, metrics } = app
  const changes = createChangeStore(database)
  const mechanisms = { feed, revocations, sessions, grants, tokens, deviceTokens, oneTimeTokens, passwords, checks, rateLimits, lockout, policy, roles, approvals, audit, jobs, metrics }

  app.decorate('accounts', createAccounts({
    ...mechanisms,
    database,
    users: createUserStore(database),
    registrations: createRegistrationStore(database, { tries: 5 }),
    devices: createKnownDeviceStore({ most: 10 }),
    deployment: createDeploymentStore(changes),
    erasures: createErasureStore(database),
    exports: createPersonalExportStore(database),
    administrators: createAdministratorStore(),
    recipients: createSealedRecipients(app.secrets.derive('recipients of mails')),
    codes: createCodes(app.secrets.derive('verification codes')),
    changes,
    clock,
    emailVerification
  }))
}, { name: 'accounts', dependencies: ['revocations', 'sessions', 'grants', 'one-time-tokens', 'passwords', 'password-checks', 'rate-limits', 'lockout', 'password-policy', 'roles', 'approvals', 'metrics', 'audit', 'jobs'] })
