import { load, request } from '../load/load.ts'
import type { Answer, Next } from '../load/load.ts'
import { login, password } from '../load/scenarios.ts'
import { percentile } from '../load/statistics.ts'
import type { Account } from '../processes/latchkey.ts'
import type { Node } from '../processes/node.ts'

/** What callers experience during a storm of logins. Times are milliseconds. */
export interface Storm {
  loginsPerSecond: number
  refusedPerSecond: number
  login: Latencies
  check: Latencies
  live: Latencies
}
interface Latencies { p50: number, p99: number }

/** Milliseconds between an answer and the next light request of another caller. */
const lightPauseMs = () => 5
/** A refused caller waits as long as Retry-After says. */
const retryPauseMs = ({ status }: Answer) => status === 503 ? 1000 : 0

/**
 * Lets `clients` callers, each at an address of its own, sign in again and again. A refused one waits for a second, as
 * Retry-After says.
 * @param deviceTokens those of the accounts, in the same order. A caller without one is on a new device, about which
 * the account gets a mail.
 */
export async function storm (
  node: Node,
  accounts: Account[],
  { clients, milliseconds, deviceTokens = [] }: { clients: number, milliseconds: number, deviceTokens?: string[] }
): Promise<Storm> {
  const [token = ''] = await node.ask<string[]>('signTokens', { count: 1, accounts })
  const { port } = node
  const asking = (text: string): Next => () => text
  let turn = 0

  const [logins, check, live] = await Promise.all([
    load({
      port,
      connections: clients,
      milliseconds,
      pauseMs: retryPauseMs,
      from: connection => `127.0.${1 + connection}.1`,
      next: () => {
        const place = turn++ % accounts.length
        return login(accounts[place] ?? { email: '' }, password, deviceTokens[place])
      }
    }),
    load({
      port,
      connections: 1,
      milliseconds,
      pauseMs: lightPauseMs,
      next: asking(request('GET', '/api/v1/auth/check', { token }))
    }),
    load({
      port,
      connections: 1,
      milliseconds,
      pauseMs: lightPauseMs,
      next: asking(request('GET', '/health/live'))
    })
  ])
  const refused = Object.values(logins.statuses).reduce((sum, count) => sum + count, 0) - logins.latencies.length

  return {
    loginsPerSecond: logins.latencies.length / logins.seconds,
    refusedPerSecond: refused / logins.seconds,
    login: latencies(logins),
    check: latencies(check),
    live: latencies(live)
  }
}

function latencies ({ latencies }: { latencies: number[] }): Latencies {
  return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) }
}
