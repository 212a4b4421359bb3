import fp from 'fastify-plugin'
import { createRoleStore } from '../../lib/access/role-store.ts'
import { createEncryption } from '../../lib/crypto/encryption.ts'
import { purposes } from '../../lib/crypto/purposes.ts'
import { createFactorChanges } from '../../lib/factors/factor-changes.ts'
import type { FactorChanges } from '../../lib/factors/factor-changes.ts'
import { createFactorRemovals } from '../../lib/factors/factor-removals.ts'
import type { FactorRemovals } from '../../lib/factors/factor-removals.ts'
import { createFactorResetStore } from '../../lib/factors/factor-reset-store.ts'
import { createFactorResets } from '../../lib/factors/factor-resets.ts'
import { createFactorSummaries } from '../../lib/factors/factor-summaries.ts'
import type { FactorSummaries } from '../../lib/factors/factor-summaries.ts'
import { createPasskeyChecks } from '../../lib/factors/passkey-checks.ts'
import type { PasskeyChecks } from '../../lib/factors/passkey-checks.ts'
import { createPasskeyStore } from '../../lib/factors/passkey-store.ts'
import { createPasskeys } from '../../lib/factors/passkeys.ts'
import type { Passkeys } from '../../lib/factors/passkeys.ts'
import { createRecoveryCodeStore } from '../../lib/factors/recovery-code-store.ts'
import { createSecondFactorChecks } from '../../lib/factors/second-factor-checks.ts'
import type { SecondFactorChecks } from '../../lib/factors/second-factor-checks.ts'
import { createSecondFactors } from '../../lib/factors/second-factors.ts'
import type { SecondFactors } from '../../lib/factors/second-factors.ts'
import { createSpentChallengeStore } from '../../lib/factors/spent-challenge-store.ts'
import { createTotpKeeping } from '../../lib/factors/totp-keeping.ts'
import type { TotpKeeping } from '../../lib/factors/totp-keeping.ts'
import { createTotpSecretStore } from '../../lib/factors/totp-secret-store.ts'
import { createKnownDeviceStore } from '../../lib/sessions/known-device-store.ts'
import { createChallenges } from '../../lib/tokens/challenges.ts'
import { createUserStore } from '../../lib/users/user-store.ts'
import type { FeatureOptions } from '../feature.ts'
import factorGauges from './factor-gauges.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly totpKeeping: TotpKeeping
    readonly factorChecks: SecondFactorChecks
    readonly factorChanges: FactorChanges
    readonly factorRemovals: FactorRemovals
    readonly factorSummaries: FactorSummaries
    readonly secondFactors: SecondFactors
    readonly passkeyChecks: PasskeyChecks
    readonly passkeys: Passkeys
  }
}

export default fp<FeatureOptions>(async function factorsFeature (app, { config, clock }) {
  const { database, secrets, unitsOfWork, audit, jobs, metrics, lockout, rateLimits, sessions, tokenResponses } = app
  const { tokens, oneTimeTokens, feed, webauthn } = app
  const totpSecrets = createTotpSecretStore(database)
  const recoveryCodes = createRecoveryCodeStore(database)
  const encryption = createEncryption(secrets.derive(purposes.totpSecrets))
  const keeping = createTotpKeeping({ encryption, store: totpSecrets })
  const passkeys = createPasskeyStore(database)
  const challenges = createChallenges(secrets.derive(purposes.passkeyChallenges(config.tokens.issuer)), clock)
  const spentChallenges = createSpentChallengeStore()
  const ofPasskeys = { ...config.passkeys, passkeys, spentChallenges, challenges, webauthn, audit, clock }
  const passkeyChecks = createPasskeyChecks(ofPasskeys)
  const parts = { ...config.factors, database, totpSecrets, recoveryCodes, passkeys, keeping, audit, jobs, clock }

  app.decorate('totpKeeping', keeping)
  app.decorate('passkeyChecks', passkeyChecks)
  app.decorate('factorChecks', createSecondFactorChecks({ ...parts, passkeyChecks, lockout, metrics }))
  const changeable = {
    ...parts,
    ...unitsOfWork,
    users: createUserStore(database),
    roleStore: createRoleStore(database),
    devices: createKnownDeviceStore(),
    sessions,
    tokenResponses,
    tokens,
    feed,
    rateLimits
  }
  const changes = createFactorChanges(changeable)
  const resets = createFactorResets({ ...parts, oneTimeTokens, factorResets: createFactorResetStore() })
  app.decorate('factorChanges', changes)
  app.decorate('factorRemovals', createFactorRemovals(parts))
  app.decorate('factorSummaries', createFactorSummaries(changeable))
  app.decorate('secondFactors', createSecondFactors({ ...parts, changes, resets }))
  app.decorate('passkeys', createPasskeys({ ...ofPasskeys, changes, resets, sessions, totpSecrets, recoveryCodes, jobs }))
  await app.register(factorGauges, { clock })
}, {
  name: 'factors',
  dependencies: ['monitoring', 'stores', 'jobs', 'audit', 'changes', 'throttling', 'tokens', 'webauthn', 'sessions']
})
