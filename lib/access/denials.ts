import type { Audit } from '../audit/audit.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { Database } from '../stores/database.ts'
import type { UserStore } from '../users/user-store.ts'
import type { Actor } from './authentication.ts'

/** A request that was refused to a user who is signed in. */
export interface Denial extends Actor {
  method: string
  /** The route as it was registered, with the names of its parameters. */
  route: string
  /** The user whom the request was about; null for none. */
  subjectId: string | null
  /** The permission that was missing; null if the rank was too low. */
  permission: string | null
}

export interface DenialParts {
  database: Database
  users: Pick<UserStore, 'find'>
  audit: Pick<Audit, 'record'>
  metrics: Pick<Metrics, 'increment'>
}

interface DenialLog { warn (fields: object, message: string): void }

/** The reason of a denial that no permission would have prevented. */
const rank = 'rank'

export type Denials = ReturnType<typeof createDenials>

/** Every denied request leaves a line in the log, an audit event and a count (ASVS 5.0 16.3.2). */
export function createDenials ({ database, users, audit, metrics }: DenialParts) {
  metrics.increment('authz_denied', { reason: rank }, 0)
  return { record }

  /** Records a denial. The reason is the missing permission, or `rank`. */
  async function record ({ principal, caller, method, route, subjectId, permission }: Denial, log: DenialLog) {
    const reason = permission ?? rank
    const { userId, sessionId, role } = principal
    log.warn({ actor: userId, role, subject: subjectId, method, route, missing: reason }, 'denied')
    metrics.increment('authz_denied', { reason })

    const subject = subjectId === null ? null : await users.find(subjectId)
    await audit.record(database, {
      event: 'authz_fail',
      outcome: 'failure',
      reason,
      actorId: userId,
      sessionId,
      subject,
      caller,
      personal: { method, route }
    })
  }
}
