import fp from 'fastify-plugin'
import { createAdministratorStore } from '../../lib/access/administrator-store.ts'
import { createHierarchyStore } from '../../lib/access/hierarchy-store.ts'
import { createRoleStore } from '../../lib/access/role-store.ts'
import { createAdminActions } from '../../lib/administration/admin-actions.ts'
import { createAnnouncementStore } from '../../lib/announcements/announcement-store.ts'
import { createAnnouncements } from '../../lib/announcements/announcements.ts'
import type { Announcements } from '../../lib/announcements/announcements.ts'
import { createAdministrators } from '../../lib/administration/administrators.ts'
import type { Administrators } from '../../lib/administration/administrators.ts'
import { createUserDirectoryStore } from '../../lib/administration/directory-store.ts'
import { createUserDirectory } from '../../lib/administration/directory.ts'
import type { UserDirectory } from '../../lib/administration/directory.ts'
import { createUserInvitations } from '../../lib/administration/invitations.ts'
import { createRoleAdministration } from '../../lib/administration/roles.ts'
import type { RoleAdministration } from '../../lib/administration/roles.ts'
import { createUserAdministration } from '../../lib/administration/users.ts'
import { createAuditTrailStore } from '../../lib/audit/trail-store.ts'
import { createAuditTrail } from '../../lib/audit/trail.ts'
import type { AuditTrail } from '../../lib/audit/trail.ts'
import { createEncryption } from '../../lib/crypto/encryption.ts'
import { purposes } from '../../lib/crypto/purposes.ts'
import type { Purpose } from '../../lib/crypto/purposes.ts'
import { createTotpSecretStore } from '../../lib/factors/totp-secret-store.ts'
import { createFactorResetStarts } from '../../lib/administration/factor-resets.ts'
import { createAccountLocks } from '../../lib/logins/account-locks.ts'
import type { AccountLocks } from '../../lib/logins/account-locks.ts'
import { createDeviceSummaries } from '../../lib/logins/device-summaries.ts'
import type { DeviceSummaries } from '../../lib/logins/device-summaries.ts'
import { createRememberedDevices } from '../../lib/logins/remembered-devices.ts'
import { createCursors } from '../../lib/http/cursors.ts'
import { createQueueStore } from '../../lib/jobs/queue-store.ts'
import { createOutbox } from '../../lib/outbox/outbox.ts'
import type { Outbox } from '../../lib/outbox/outbox.ts'
import { createKnownDeviceStore } from '../../lib/sessions/known-device-store.ts'
import { createPasswordStore } from '../../lib/users/password-store.ts'
import { createUserStore } from '../../lib/users/user-store.ts'
import type { FeatureOptions } from '../feature.ts'

/** Invitations and resets of factors have names of their own, so that nothing of one takes the place of another. */
type UserAdministration = ReturnType<typeof createUserAdministration> & {
  invitations: ReturnType<typeof createUserInvitations>
  factorResets: ReturnType<typeof createFactorResetStarts>
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly userDirectory: UserDirectory
    readonly userAdministration: UserAdministration
    readonly deviceSummaries: DeviceSummaries
    readonly accountLocks: AccountLocks
    readonly roleAdministration: RoleAdministration
    readonly administrators: Administrators
    readonly announcements: Announcements
    readonly auditTrail: AuditTrail
    readonly outbox: Outbox
  }
}

export default fp<FeatureOptions>(async function administrationFeature (app, { config, clock }) {
  const { database, unitsOfWork, audit, jobs, metrics, roles, approvals } = app
  const { sessions, factorRemovals, accounts, lockout, rateLimits, oneTimeTokens } = app
  const { passwords, passwordPolicy: policy, deviceTokens } = app
  const { rememberDevice } = config.factors
  const administrators = createAdministratorStore()
  const devices = createKnownDeviceStore()
  const hierarchy = createHierarchyStore()
  const users = createUserStore(database)
  const actions = createAdminActions({ ...unitsOfWork, administrators, hierarchy, users })

  const ofUsers = {
    ...unitsOfWork,
    database,
    actions,
    users,
    passwordStore: createPasswordStore(database),
    hierarchy,
    devices,
    totpSecrets: createTotpSecretStore(database),
    roles,
    approvals,
    sessions,
    factorRemovals,
    accounts,
    lockout,
    oneTimeTokens,
    rateLimits,
    audit,
    jobs,
    metrics,
    clock
  }
  const roleStore = createRoleStore(database)
  const ofRoles = { ...unitsOfWork, store: roleStore, roles, actions, administrators, audit, clock }
  const ofTrail = { database, trail: createAuditTrailStore(database), users, audit }

  app.decorate('userDirectory', createUserDirectory({
    directory: createUserDirectoryStore(database),
    users,
    cursors: cursorsFor(purposes.cursorsOfUsers)
  }))
  app.decorate('userAdministration', {
    ...createUserAdministration(ofUsers),
    invitations: createUserInvitations(ofUsers),
    factorResets: createFactorResetStarts(ofUsers)
  })
  app.decorate('deviceSummaries', createDeviceSummaries({
    ...ofUsers,
    remembered: createRememberedDevices({ database, devices, deviceTokens, clock, rememberDevice })
  }))
  app.decorate('accountLocks', createAccountLocks(ofUsers))
  app.decorate('roleAdministration', createRoleAdministration(ofRoles))
  app.decorate('administrators', createAdministrators({
    database, passwords, policy, audit, administrators, users, clock
  }))
  app.decorate('announcements', createAnnouncements({
    database, store: createAnnouncementStore(database), jobs, audit
  }))
  app.decorate('auditTrail', createAuditTrail({ ...ofTrail, cursors: cursorsFor(purposes.cursorsOfAuditEvents) }))
  app.decorate('outbox', createOutbox({
    database,
    queue: createQueueStore(database),
    jobs,
    hierarchy,
    roleStore,
    sessions,
    audit,
    cursors: cursorsFor(purposes.cursorsOfMails)
  }))

  function cursorsFor (purpose: Purpose) {
    return createCursors(createEncryption(app.secrets.derive(purpose)))
  }
}, {
  name: 'administration',
  dependencies: [
    'monitoring', 'stores', 'jobs', 'audit', 'changes', 'passwords', 'throttling', 'tokens', 'access', 'sessions',
    'factors', 'accounts'
  ]
})
