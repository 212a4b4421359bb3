import { randomUUID } from 'node:crypto'
import { load } from '../load/load.ts'
import { login } from '../load/scenarios.ts'
import { mannWhitney, percentile } from '../load/statistics.ts'
import type { Account } from '../processes/latchkey.ts'
import type { Node } from '../processes/node.ts'

/**
 * How long a wrong password takes with an account and without one: medians in milliseconds. `p` is how probable such a
 * difference is if both take the same time.
 */
export interface Enumeration { samples: number, known: number, unknown: number, p: number }

/**
 * Sends wrong passwords, one after the other, for known and unknown addresses in turn: to each address once before it
 * counts, because a row that is read for the first time since it was written costs Postgres more, and once more.
 */
export async function enumerate (node: Node, accounts: Account[], samples: number): Promise<Enumeration> {
  const addresses = Array.from({ length: samples }, (_, i) => {
    return i % 2 === 0 ? accounts[i / 2]?.email ?? '' : `ada-${randomUUID()}@example.com`
  })
  const known: number[] = []
  const unknown: number[] = []

  for (const [i, email] of addresses.entries()) await timed(email, `127.1.${i}.1`)
  for (const [i, email] of addresses.entries()) {
    const times = i % 2 === 0 ? known : unknown
    times.push(await timed(email, `127.2.${i}.1`))
  }
  return { samples, known: percentile(known, 0.5), unknown: percentile(unknown, 0.5), p: mannWhitney(known, unknown) }

  async function timed (email: string, from: string) {
    const text = login({ email }, 'not the password')
    const started = performance.now()
    await load({
      port: node.port,
      connections: 1,
      milliseconds: 10_000,
      from: () => from,
      next: (_, last) => last ? undefined : text
    })
    return performance.now() - started
  }
}
