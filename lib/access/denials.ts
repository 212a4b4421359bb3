import type { Audit } from '../audit/audit.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { Database } from '../stores/database.ts'
import type { UserStore } from '../users/user-store.ts'
import type { Actor } from './authentication.ts'

/** An act that was refused to somebody who is signed in. */
export interface Denial extends Actor {
  method: string
  /** The route, as it was registered. */
  route: string
  /** Whom it was about, if it was about somebody. */
  subjectId: string | null
  /** The permission that was missing; null where it was there and the rank was not. */
  permission: string | null
}

interface DenialLog { warn (fields: object, message: string): void }

export type Denials = ReturnType<typeof createDenials>

/** Every act that somebody was not allowed to do leaves a line in the log, an event and a count (ASVS 5.0 16.3.2). */
export function createDenials ({ database, users, audit, metrics }: {
  database: Database, users: Pick<UserStore, 'find'>, audit: Pick<Audit, 'record'>, metrics: Pick<Metrics, 'increment'>
}) {
  return { record }

  async function record ({ principal, caller, method, route, subjectId, permission }: Denial, log: DenialLog) {
    const reason = permission ?? 'rank'
    log.warn({ actor: principal.userId, role: principal.role, subject: subjectId, method, route, missing: reason }, 'denied')
    metrics.increment('authz_denied', { reason })

    const subject = subjectId === null ? null : await users.find(subjectId)
    await audit.record(database, { event: 'authz_fail', outcome: 'failure', reason, actorId: principal.userId, sessionId: principal.sessionId, subject, caller, personal: { method, route } })
  }
}
