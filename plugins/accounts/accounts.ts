import fp from 'fastify-plugin'
import { createAccounts } from '../../lib/accounts/accounts.ts'
import type { Accounts } from '../../lib/accounts/accounts.ts'
import type { Clock } from '../../lib/clock.ts'
import { createCodes } from '../../lib/tokens/codes.ts'
import type { Config } from '../../lib/config/config.ts'
import { createEncryptedRecipients } from '../../lib/mail/recipients.ts'
import { createAdministratorStore } from '../../lib/access/administrator-store.ts'
import { createChangeStore } from '../../lib/changes/change-store.ts'
import { createDeploymentStore } from '../../lib/changes/deployment-store.ts'
import { createErasureStore } from '../../lib/accounts/erasure-store.ts'
import { createKnownDeviceStore } from '../../lib/sessions/known-device-store.ts'
import { createPersonalExportStore } from '../../lib/accounts/personal-export-store.ts'
import { createRegistrationStore } from '../../lib/accounts/registration-store.ts'
import { createUserStore } from '../../lib/users/user-store.ts'
import { purposes } from '../../lib/crypto/purposes.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly accounts: Accounts }
}

export default fp<Config['accounts'] & { clock: Clock }>(async function provideAccounts (app, { clock, emailVerification }) {
  const { database, feed, revocations, sessions, tokenResponses, tokens, deviceTokens, oneTimeTokens, passwords, passwordChecks: checks, rateLimits, lockout, passwordPolicy: policy, roles, approvals, audit, jobs, metrics } = app
  const changes = createChangeStore(database)
  const mechanisms = { feed, revocations, sessions, tokenResponses, tokens, deviceTokens, oneTimeTokens, passwords, checks, rateLimits, lockout, policy, roles, approvals, audit, jobs, metrics }

  app.decorate('accounts', createAccounts({
    ...mechanisms,
    database,
    users: createUserStore(database),
    registrations: createRegistrationStore(database, { tries: 5 }),
    devices: createKnownDeviceStore(),
    deployment: createDeploymentStore(changes),
    erasures: createErasureStore(database),
    exports: createPersonalExportStore(database),
    administrators: createAdministratorStore(),
    recipients: createEncryptedRecipients(app.secrets.derive(purposes.mailRecipients)),
    codes: createCodes(app.secrets.derive(purposes.verificationCodes)),
    changes,
    clock,
    emailVerification
  }))
}, { name: 'accounts', dependencies: ['revocations', 'sessions', 'token-responses', 'one-time-tokens', 'passwords', 'password-checks', 'rate-limits', 'lockout', 'password-policy', 'roles', 'approvals', 'metrics', 'audit', 'jobs'] })
