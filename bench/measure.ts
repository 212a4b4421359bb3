import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from './load.ts'
import { percentile } from './statistics.ts'
import type { Prepared, Scenario } from './scenarios.ts'

/** One scenario in one process. */
export interface Figures {
  perSecond: number
  /** Microseconds of processor time of the server for each request, the kernel's share included. */
  cpu: number
  /** Milliseconds. */
  p50: number
  p99: number
}

export interface MeasureOptions {
  /** Milliseconds of warming up. */
  warm: number
  /** Milliseconds of measuring. */
  measured: number
  /** A folder for a profile of each measurement. */
  profile?: string | undefined
}

/** After this many requests V8 has compiled the hot code. */
const warmUpRequests = 8000

/** Warms a process up with a scenario, then measures it. */
export async function measure (
  scenario: Scenario, prepared: Prepared, { warm, measured, profile }: MeasureOptions
): Promise<Figures> {
  const { node, connections } = prepared
  const next = await scenario.prepare(prepared)
  await load({ port: node.port, connections, milliseconds: warm, requests: warmUpRequests, next })
  if (profile) await node.ask('startProfile')

  const before = await node.cpu()
  const { seconds, latencies, statuses } = await load({ port: node.port, connections, milliseconds: measured, next })
  const used = await node.cpu() - before
  if (profile) writeFileSync(join(profile, `${scenario.name.replaceAll(/\W+/g, '-')}.cpuprofile`), await node.ask<string>('stopProfile'))

  const answers = Object.values(statuses).reduce((sum, count) => sum + count, 0)
  if (answers === 0 || latencies.length < answers) throw new Error(`${scenario.name} was answered with ${JSON.stringify(statuses)}`)
  return {
    perSecond: answers / seconds,
    cpu: used / answers,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99)
  }
}
