import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import type { StoredEvent } from '../audit/event.ts'
import type { Transaction } from '../stores/database.ts'
import type { DailyCount, StatisticsStore } from './statistics-store.ts'

export type Statistics = ReturnType<typeof createStatistics>

const dayLength = 86_400_000
/** Days that are shown, today included, and that are kept. */
const shown = 30
const kept = 400
/** Up to about so many sessions they are counted when somebody asks, beyond that by the schedule. */
const countedAtOnce = 10_000
/** Into so many parts a count of very many sessions is cut, with a rest after each. */
const parts = 64

/**
 * What dashboards show, at the same cost whatever the size: users are counted as they change, events as
 * they are sealed, and the living sessions, of which nobody notices that they expire, by the schedule.
 */
export function createStatistics ({ store, clock }: { store: StatisticsStore, clock: Pick<Clock, 'now'> }) {
  return { overview, countSealed, tidy }

  /** Everything for a dashboard. Days are those of UTC. */
  async function overview () {
    const now = clock.now()
    const days = Array.from({ length: shown }, (_, n) => dayOf(now - (shown - 1 - n) * dayLength))
    const [users, sealed, tail, sessions] = [await store.users(), await store.days(days[0] ?? ''), await store.tail(), await livingSessions()]
    const events = [...sealed, ...tail].filter(({ day }) => day >= (days[0] ?? ''))
    const failures = events.filter(({ outcome }) => outcome === 'failure')
    const [succeeded, failed] = [sum(events.filter(isSignIn)), sum(events.filter(isFailedSignIn))]

    return {
      users: {
        total: users.reduce((total, kind) => total + kind.users, 0),
        by_role: group(users.map(({ role, users }) => [role, users])),
        by_status: group(users.map(({ status, users }) => [status, users])),
        by_approval: group(users.map(({ approval, users }) => [approval, users]))
      },
      registrations: days.map(day => ({ day, count: sum(events.filter(event => event.day === day && isRegistration(event))) })),
      sign_ins: days.map(day => {
        const own = events.filter(event => event.day === day)
        return { day, succeeded: sum(own.filter(isSignIn)), failed: sum(own.filter(isFailedSignIn)) }
      }),
      failure_rate: succeeded + failed === 0 ? 0 : failed / (succeeded + failed),
      refusals: Object.entries(group(failures.map(({ event, reason, events }) => [`${event} ${reason}`, events])))
        .sort(([, one], [, other]) => other - one)
        .slice(0, 10)
        .map(([name, count]) => ({ event: name.split(' ')[0] ?? '', reason: name.split(' ')[1] || null, count })),
      sessions: {
        total: sessions.reduce((total, { sessions }) => total + sessions, 0),
        by_transport: { bearer: 0, cookie: 0, ...group(sessions.map(({ transport, sessions }) => [transport, sessions])) },
        counted_at: new Date(Math.min(now, ...sessions.map(({ countedAt }) => countedAt.getTime()))).toISOString()
      }
    }
  }

  /** Counts events in the transaction that seals them: each of them once, whatever dies. */
  async function countSealed (tx: Transaction, events: StoredEvent[]) {
    const counts = new Map<string, DailyCount>()
    for (const { at, event, outcome, reason } of events) {
      const day = dayOf(at / 1000)
      const name = [day, event, outcome, reason].join(' ')
      const count = counts.get(name) ?? { day, event, outcome, reason: reason ?? '', events: 0 }
      count.events++
      counts.set(name, count)
    }
    if (counts.size) await store.sealed(tx, [...counts.values()])
  }

  /** Folds and counts what grows, for the schedule; `rest` is how long (ms) it pauses between two parts. */
  async function tidy (signal: AbortSignal, { rest = 100 }: { rest?: number } = {}) {
    await store.foldUsers(10_000)
    await store.forgetDays(dayOf(clock.now() - kept * dayLength))
    if (await store.roughly() <= countedAtOnce) return

    const found = []
    for (let part = 0; part < parts; part++) {
      if (signal.aborted) return
      found.push(...await store.sessions(part * 256 / parts, (part + 1) * 256 / parts))
      await pause(rest)
    }
    await store.keepSessions(countsOf(found))
  }

  async function livingSessions () {
    if (await store.roughly() > countedAtOnce) {
      const counted = await store.keptSessions()
      if (counted.length) return counted
    }
    return countsOf(await store.sessions(0, 256))
  }

  function countsOf (found: { transport: 'bearer' | 'cookie', sessions: number }[]) {
    const countedAt = new Date(clock.now())
    return (['bearer', 'cookie'] as const).map(transport => ({
      transport, countedAt, sessions: found.filter(count => count.transport === transport).reduce((total, count) => total + count.sessions, 0)
    }))
  }
}

function isRegistration ({ event, outcome }: DailyCount) {
  return event === 'user_created' && outcome === 'success'
}

// A password that is proved again within a session is no sign-in.
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

function dayOf (milliseconds: number) {
  return new Date(milliseconds).toISOString().slice(0, 10)
}
