import type { Audit } from '../audit/audit.ts'
import { createBoundedMap } from '../bounded-map.ts'
import type { Clock } from '../clock.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { Database } from '../stores/database.ts'
import { createRequestLimits } from '../throttling/node-limits.ts'
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
  clock: Pick<Clock, 'now'>
}

interface DenialLog { warn (fields: object, message: string): void }

/** The reason of a denial that no permission would have prevented. */
const rank = 'rank'

/** The shortest time (ms) between two events about one call of one user, and how many such calls are remembered. */
const eventIntervalMs = 60_000
const callsMax = 10_000
/** How many events all denied calls of one user leave. */
const eventRates = [{ limit: 100, window: 3_600_000 }]

/**
 * Every denied request leaves a line in the log and a count (ASVS 5.0 16.3.2). The first of its kind also leaves an
 * audit event, and then one a minute at most, so that nobody can flood the trail. This is counted in the node's memory.
 */
export function createDenials ({ database, users, audit, metrics, clock }: DenialParts) {
  const recordedAt = createBoundedMap<string, number>(callsMax)
  const events = createRequestLimits(eventRates, { clock, subjectsMax: callsMax })
  metrics.increment('authz_denied', { reason: rank }, 0)
  return { record }

  /** Records a denial. The reason is the missing permission, or `rank`. */
  async function record (denial: Denial, log: DenialLog) {
    const { principal: { userId, role }, method, route, subjectId, permission } = denial
    const reason = permission ?? rank
    log.warn({ actor: userId, role, subject: subjectId, method, route, missing: reason }, 'denied')
    metrics.increment('authz_denied', { reason })

    const call = [userId, method, route, reason].join(' ')
    if (!isDue(call) || !events.take(userId).isWithin) return
    recordedAt.set(call, clock.now())
    await write(denial, reason).catch(error => { recordedAt.delete(call); throw error })
  }

  function isDue (call: string) {
    const last = recordedAt.get(call)
    // A clock that has gone back delays no event for longer than the interval.
    return last === undefined || Math.abs(clock.now() - last) >= eventIntervalMs
  }

  async function write ({ principal, caller, method, route, subjectId }: Denial, reason: string) {
    const { userId, sessionId } = principal
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
