import { randomUUID } from 'node:crypto'
import type { Account } from './latchkey.ts'
import { load } from './load.ts'
import type { Node } from './node.ts'
import { login } from './scenarios.ts'
import { mannWhitney, percentile } from './statistics.ts'

/**
 * How long a wrong password takes with an account and without one: medians in milliseconds. `p` is how probable such a
 * difference is if both take the same time.
 */
export interface Enumeration { samples: number, known: number, unknown: number, p: number }

/** Sends wrong passwords, one after the other, for known and unknown addresses in turn, to each address once. */
export async function enumerate (node: Node, accounts: Account[], samples: number): Promise<Enumeration> {
  const times: [known: number[], unknown: number[]] = [[], []]

  for (let i = 0; i < samples; i++) {
    const email = i % 2 === 0 ? accounts[i / 2]?.email ?? '' : `ada-${randomUUID()}@example.com`
    times[i % 2 === 0 ? 0 : 1].push(await timed(login({ email }, 'not the password'), i))
  }
  const [known, unknown] = times
  return { samples, known: percentile(known, 0.5), unknown: percentile(unknown, 0.5), p: mannWhitney(known, unknown) }

  async function timed (text: string, i: number) {
    const started = performance.now()
    await load({
      port: node.port,
      connections: 1,
      milliseconds: 10_000,
      from: () => `127.1.${i}.1`,
      next: (_, last) => last ? undefined : text
    })
    return performance.now() - started
  }
}
