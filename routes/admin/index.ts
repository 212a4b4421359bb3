import type { FastifyPluginAsync } from 'fastify'
import dashboardStats from './dashboard-stats.ts'
import listAuditEvents from './list-audit-events.ts'
import listKeys from './list-keys.ts'
import listMails from './list-mails.ts'
import listServices from './list-services.ts'
import listSettings from './list-settings.ts'
import retryMail from './retry-mail.ts'
import readTrailVerification from './read-trail-verification.ts'
import signOutEveryone from './sign-out-everyone.ts'
import { guardedBy } from '../guarded.ts'

/** Everything under `/admin`, by the permission that it needs. */
const admin: FastifyPluginAsync = async app => {
  guardedBy(app, {
    'audit:read': [listAuditEvents],
    'roles:write': [listKeys, listMails, listServices, listSettings, retryMail, readTrailVerification],
    'stats:read': [dashboardStats]
  })
  guardedBy(app, { 'roles:write': [signOutEveryone] }, [app.requireRecentSignIn])
}

export default admin
