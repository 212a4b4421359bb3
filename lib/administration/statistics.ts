import { setTimeout as pause } from 'node:timers/promises'
import type { StoredEvent } from '../audit/event.ts'
import type { Clock } from '../clock.ts'
import type { Transaction } from '../stores/database.ts'
import type { Transport } from '../sessions/refresh-tokens.ts'
import type { DailyCount, SessionCount, SessionPart, StatisticsStore, UserCount } from './statistics-store.ts'

export type Statistics = ReturnType<typeof createStatistics>

const dayMs = 86_400_000
/** Days that are shown, today included. */
const shownDays = 30
const storedDays = 400
const shownRefusalsMax = 10
/** Up to about this many sessions, they are counted for each request; beyond that, by the schedule. */
const sessionsCountedAtOnceMax = 10_000
/** A request counts no more parts than this, and falls back on what the schedule has counted. */
const partsOfRequestMax = 20
const lowestId = '00000000-0000-0000-0000-000000000000'
/** Milliseconds of rest for each millisecond of counting: so a count takes a tenth of one connection. */
const restPerWork = 9
const foldedRowsMax = 10_000

/** How to count; `rest` is in milliseconds for each millisecond of counting. */
interface Counting { rest?: number, partsMax?: number, signal?: AbortSignal }

/**
 * The figures of dashboards, at a cost that does not depend on the size of the deployment: users are counted when they
 * change, events when they are sealed, and live sessions, whose expiry causes no event, by the schedule.
 */
export function createStatistics ({ store, clock }: { store: StatisticsStore, clock: Pick<Clock, 'now'> }) {
  return { overview, countSealed, tidy }

  /** All figures of a dashboard. Days are in UTC. */
  async function overview () {
    const now = clock.now()
    const days = Array.from({ length: shownDays }, (_, index) => dayOf(now - (shownDays - 1 - index) * dayMs))
    const [firstDay = ''] = days
    const users = await store.countUsers()
    const sealed = await store.sealedSince(firstDay)
    const unsealed = await store.unsealed()
    const sessions = await countSessions()
    const events = [...sealed, ...unsealed].filter(({ day }) => day >= firstDay)

    return {
      users: presentUsers(users),
      registrations: days.map(day => ({ day, count: sum(on(day, events).filter(isRegistration)) })),
      sign_ins: days.map(day => ({ day, ...signInsIn(on(day, events)) })),
      failure_rate: failureRate(events),
      refusals: frequentRefusals(events),
      sessions: presentSessions(sessions, now)
    }
  }

  /** Counts events in the transaction that seals them, so each of them is counted once, also if a node dies. */
  async function countSealed (tx: Transaction, events: StoredEvent[]) {
    const counts = new Map<string, DailyCount>()
    for (const { at, event, outcome, reason } of events) {
      const day = dayOf(at / 1000)
      const name = [day, event, outcome, reason].join(' ')
      const count = counts.get(name) ?? { day, event, outcome, reason: reason ?? '', events: 0 }
      count.events++
      counts.set(name, count)
    }
    if (counts.size) await store.addSealed(tx, [...counts.values()])
  }

  /**
   * The scheduled work: sums up the rows of user counts, removes old days, and counts the sessions.
   * @param signal stops the count of sessions; the stored count then stays as it was
   */
  async function tidy (signal: AbortSignal, { rest = restPerWork }: { rest?: number } = {}) {
    await store.foldUserCounts(foldedRowsMax)
    await store.removeDaysBefore(dayOf(clock.now() - storedDays * dayMs))
    const { found, isWhole } = await countParts({ rest, signal })
    if (isWhole) await store.storeSessionCounts(totalsOf(found))
  }

  /** Counts part by part, at most `partsMax`, with a rest after each, until it is stopped. */
  async function countParts ({ rest = 0, partsMax = Infinity, signal }: Counting) {
    const found = { bearer: 0, cookie: 0 }
    let after: string | null = lowestId

    for (let parts = 0; after !== null && parts < partsMax && !signal?.aborted; parts++) {
      const began = performance.now()
      const { bearer, cookie, last }: SessionPart = await store.countSessions(after)
      found.bearer += bearer
      found.cookie += cookie
      after = last
      await pause((performance.now() - began) * rest)
    }
    return { found, isWhole: after === null }
  }

  // The estimate only avoids a count that would not come to an end. It may be 0, for example after a restore.
  async function countSessions (): Promise<SessionCount[]> {
    const stored = await store.storedSessionCounts()
    if (stored.length > 0 && await store.estimateSessions() > sessionsCountedAtOnceMax) return stored

    const { found, isWhole } = await countParts({ partsMax: partsOfRequestMax })
    return isWhole || stored.length === 0 ? totalsOf(found) : stored
  }

  function totalsOf (found: Record<Transport, number>): SessionCount[] {
    const countedAt = new Date(clock.now())
    return (['bearer', 'cookie'] as const).map(transport => ({ transport, countedAt, sessions: found[transport] }))
  }
}

function presentUsers (counts: UserCount[]) {
  return {
    total: counts.reduce((total, { users }) => total + users, 0),
    by_role: group(counts.map(({ role, users }) => [role, users])),
    by_status: group(counts.map(({ status, users }) => [status, users])),
    by_approval: group(counts.map(({ approval, users }) => [approval, users]))
  }
}

function presentSessions (counts: SessionCount[], now: number) {
  const byTransport = group(counts.map(({ transport, sessions }) => [transport, sessions]))
  const countedAt = Math.min(now, ...counts.map(({ countedAt }) => countedAt.getTime()))
  return {
    total: counts.reduce((total, { sessions }) => total + sessions, 0),
    by_transport: { bearer: 0, cookie: 0, ...byTransport },
    counted_at: new Date(countedAt).toISOString()
  }
}

function signInsIn (events: DailyCount[]) {
  return { succeeded: sum(events.filter(isSignIn)), failed: sum(events.filter(isFailedSignIn)) }
}

/** The share of sign-ins that failed, from 0 to 1. */
function failureRate (events: DailyCount[]) {
  const { succeeded, failed } = signInsIn(events)
  return succeeded + failed === 0 ? 0 : failed / (succeeded + failed)
}

function frequentRefusals (events: DailyCount[]) {
  const failures = events.filter(({ outcome }) => outcome === 'failure')
  return Object.entries(group(failures.map(({ event, reason, events }) => [`${event} ${reason}`, events])))
    .sort(([, one], [, other]) => other - one)
    .slice(0, shownRefusalsMax)
    .map(([name, count]) => {
      const [event = '', reason] = name.split(' ')
      return { event, reason: reason || null, count }
    })
}

function on (day: string, events: DailyCount[]) {
  return events.filter(event => event.day === day)
}

function isRegistration ({ event, outcome }: DailyCount) {
  return event === 'user_created' && outcome === 'success'
}

// An event with a reason is no sign-in: the password was proved again within a session.
function isSignIn ({ event, reason }: DailyCount) {
  return event === 'authn_login_success' && reason === ''
}

function isFailedSignIn ({ event }: DailyCount) {
  return event === 'authn_login_fail'
}

function sum (counts: DailyCount[]) {
  return counts.reduce((total, { events }) => total + events, 0)
}

function group (entries: [name: string, count: number][]): Record<string, number> {
  const sums = new Map<string, number>()
  for (const [name, count] of entries) sums.set(name, (sums.get(name) ?? 0) + count)
  return Object.fromEntries(sums)
}

/** The day of a time (milliseconds since 1970), as `YYYY-MM-DD` in UTC. */
function dayOf (milliseconds: number) {
  return new Date(milliseconds).toISOString().slice(0, 10)
}
