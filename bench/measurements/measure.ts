import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from '../load/load.ts'
import type { Prepared, Scenario } from '../load/scenarios.ts'
import { percentile } from '../load/statistics.ts'

/** The figures of one scenario in one process. */
export interface Figures {
  perSecond: number
  /** Microseconds of the server's processor time for each request, including the kernel's time. */
  cpu: number
  /** The median time of an answer, in milliseconds. */
  p50: number
  /** The 99th percentile of the times, in milliseconds. */
  p99: number
  /** Microseconds of the processor time of the stores for each request; only where a meter is given. */
  stores?: number
}

/** Begins to count the processor time of the stores. What it returns ends that, and returns microseconds. */
export type StoreMeter = () => Promise<() => Promise<number>>

export interface MeasureOptions {
  warmUpMs: number
  measureMs: number
  /** The folder for a profile of each measurement. */
  profile?: string | undefined
  meter?: StoreMeter
}

/** Once this many requests are answered V8 has compiled the hot code, and the warm-up ends before its time. */
const warmUpRequests = 8000

/**
 * Warms a process up with a scenario, then measures it.
 *
 * @throws Error when an answer has a status of 300 or more, or there is none
 */
export async function measure (
  scenario: Pick<Scenario, 'name' | 'prepare'>,
  prepared: Prepared,
  { warmUpMs, measureMs, profile, meter }: MeasureOptions
): Promise<Figures> {
  const { node, connections } = prepared
  const next = await scenario.prepare(prepared)
  await load({ port: node.port, connections, milliseconds: warmUpMs, answersMax: warmUpRequests, next })
  if (profile) await node.ask('startProfile')

  const readStores = await meter?.()
  const before = await node.cpu()
  const { seconds, latencies, statuses } = await load({ port: node.port, connections, milliseconds: measureMs, next })
  const used = await node.cpu() - before
  const stores = await readStores?.()
  if (profile) writeFileSync(profileOf(scenario, profile), await node.ask<string>('stopProfile'))

  const answers = Object.values(statuses).reduce((sum, count) => sum + count, 0)
  if (answers === 0 || latencies.length < answers) {
    throw new Error(`${scenario.name} was answered with ${JSON.stringify(statuses)}`)
  }
  return {
    perSecond: answers / seconds,
    cpu: used / answers,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    ...(stores !== undefined && { stores: stores / answers })
  }
}

function profileOf ({ name }: Pick<Scenario, 'name'>, folder: string) {
  return join(folder, `${name.replaceAll(/\W+/g, '-')}.cpuprofile`)
}
