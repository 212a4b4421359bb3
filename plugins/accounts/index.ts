import fp from 'fastify-plugin'
import { createAdministratorStore } from '../../lib/access/administrator-store.ts'
import { createHierarchyStore } from '../../lib/access/hierarchy-store.ts'
import { createRoleStore } from '../../lib/access/role-store.ts'
import { createAccounts } from '../../lib/accounts/accounts.ts'
import type { Accounts } from '../../lib/accounts/accounts.ts'
import { createErasureStore } from '../../lib/accounts/erasure-store.ts'
import { createPersonalExportStore } from '../../lib/accounts/personal-export-store.ts'
import { createRegistrationStore } from '../../lib/accounts/registration-store.ts'
import { createDeploymentStore } from '../../lib/changes/deployment-store.ts'
import { purposes } from '../../lib/crypto/purposes.ts'
import { createPasskeyStore } from '../../lib/factors/passkey-store.ts'
import { createRecoveryCodeStore } from '../../lib/factors/recovery-code-store.ts'
import { createTotpSecretStore } from '../../lib/factors/totp-secret-store.ts'
import { createRememberedDevices } from '../../lib/logins/remembered-devices.ts'
import { createEncryptedRecipients } from '../../lib/mail/recipients.ts'
import { createKnownDeviceStore } from '../../lib/sessions/known-device-store.ts'
import { createRequestLimits } from '../../lib/throttling/node-limits.ts'
import { createCodes } from '../../lib/tokens/codes.ts'
import { createPasswordStore } from '../../lib/users/password-store.ts'
import { createUserStore } from '../../lib/users/user-store.ts'
import type { FeatureOptions } from '../feature.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly accounts: Accounts }
}

/** How often the code of a registration may be tried. */
const codeTriesMax = 5
/** How many weak passwords of registrations a node judges for one network. An estimate takes milliseconds. */
const weakPasswordRates = [{ limit: 60, window: 15 * 60_000 }]

export default fp<FeatureOptions>(async function accountsFeature (app, { config, clock }) {
  const { database, unitsOfWork, feed, revocations, audit, jobs, metrics, roles, approvals } = app
  const { passwords, passwordPolicy: policy, passwordChecks: checks, rateLimits, lockout } = app
  const { sessions, tokenResponses, tokens, deviceTokens, oneTimeTokens, pendingLogins } = app
  const { factorChecks, factorChanges, factorRemovals, passkeyChecks } = app

  const devices = createKnownDeviceStore()
  const { rememberDevice } = config.factors
  const remembered = createRememberedDevices({ database, devices, deviceTokens, clock, rememberDevice })

  const accounts = createAccounts({
    database,
    ...unitsOfWork,
    feed,
    revocations,
    audit,
    jobs,
    metrics,
    roles,
    approvals,
    passwords,
    policy,
    checks,
    rateLimits,
    weakPasswords: config.rateLimits.enabled ? createRequestLimits(weakPasswordRates, { clock }) : null,
    lockout,
    sessions,
    tokenResponses,
    tokens,
    deviceTokens,
    oneTimeTokens,
    pendingLogins,
    factorChecks,
    factorChanges,
    factorRemovals,
    remembered,
    passkeyChecks,
    passkeys: createPasskeyStore(database),
    recoveryCodes: createRecoveryCodeStore(database),
    totpSecrets: createTotpSecretStore(database),
    users: createUserStore(database),
    passwordStore: createPasswordStore(database),
    registrations: createRegistrationStore(database, { tries: codeTriesMax }),
    devices,
    deployment: createDeploymentStore(),
    erasures: createErasureStore(database),
    exports: createPersonalExportStore(database),
    administrators: createAdministratorStore(),
    hierarchy: createHierarchyStore(),
    roleStore: createRoleStore(database),
    recipients: createEncryptedRecipients(app.secrets.derive(purposes.mailRecipients)),
    codes: createCodes(app.secrets.derive(purposes.verificationCodes)),
    clock,
    emailVerification: config.accounts.emailVerification,
    rpId: config.passkeys.rpId
  })
  app.decorate('accounts', accounts)
  feed.onStartOver(accounts.forgetProfiles)
}, {
  name: 'accounts',
  dependencies: [
    'monitoring', 'stores', 'jobs', 'audit', 'changes', 'passwords', 'throttling', 'tokens', 'access', 'sessions',
    'factors'
  ]
})
