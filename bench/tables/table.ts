import { spread } from '../load/statistics.ts'
import type { Enumeration } from '../measurements/enumeration.ts'
import type { Figures } from '../measurements/measure.ts'
import type { Storm } from '../measurements/storm.ts'
import { align } from './align.ts'

/** All results of one run. */
export interface Report {
  machine: string
  scenarios: { name: string, runs: Figures[] }[]
  /** How many hashes both processors compute in a second when they do nothing else. */
  hashesPerSecond: number[]
  storms: { devices: string, runs: Storm[] }[]
  /** These two, and the storms, are left out where only some scenarios are measured. */
  bytesPerSession: number | null
  enumeration: Enumeration | null
}

const head = ['', 'requests/s', 'CPU-µs', '×', 'p50 ms', 'p99 ms']

/** The report as a table of medians; the number after ± is half the spread between the processes. */
export function renderTable (
  { machine, scenarios, hashesPerSecond, storms, bytesPerSession, enumeration }: Report
): string {
  const hello = spread(scenarios[0]?.runs.map(({ cpu }) => cpu) ?? []).median
  const rows = scenarios.map(({ name, runs }) => {
    const cpu = spread(runs.map(({ cpu }) => cpu))
    return [
      name,
      withSpread(runs.map(({ perSecond }) => perSecond), 0),
      withSpread(runs.map(({ cpu }) => cpu), 0),
      (cpu.median / hello).toFixed(2),
      middle(runs, 'p50'),
      middle(runs, 'p99')
    ]
  })
  const hashes = ['Hashes alone, both processors', withSpread(hashesPerSecond, 0), '', '', '', '']
  const stormRows = storms.flatMap(({ devices, runs }) => stormRowsOf(devices, runs))

  return [
    machine,
    '',
    ...align([head, ...rows, ...(hashesPerSecond.length === 0 ? [] : [hashes, ...stormRows])]),
    '',
    ...(bytesPerSession === null ? [] : [`A session in Redis: ${bytesPerSession.toFixed(0)} bytes`]),
    ...(enumeration === null ? [] : [renderEnumeration(enumeration)])
  ].join('\n')
}

function stormRowsOf (devices: string, runs: Storm[]) {
  const logins = withSpread(runs.map(run => run.loginsPerSecond), 0)
  return [
    [`Login storm, ${devices}`, logins, '', '', ...latencies(runs, 'login')],
    ['  refused meanwhile (503)', middle(runs, 'refusedPerSecond'), '', '', '', ''],
    ['  GET /auth/check meanwhile', '', '', '', ...latencies(runs, 'check')],
    ['  GET /health/live meanwhile', '', '', '', ...latencies(runs, 'live')]
  ]
}

function renderEnumeration ({ samples, known, unknown, p }: Enumeration) {
  return `A wrong password, median of ${samples / 2} each: known address ${known.toFixed(2)} ms, ` +
    `unknown ${unknown.toFixed(2)} ms, p = ${p.toFixed(2)}`
}

function latencies (storms: Storm[], of: 'login' | 'check' | 'live') {
  const all = storms.map(storm => storm[of])
  return [middle(all, 'p50'), middle(all, 'p99')]
}

function middle<K extends string> (runs: Record<K, number>[], name: K) {
  return spread(runs.map(run => run[name])).median.toFixed(1)
}

function withSpread (values: number[], digits: number) {
  const { median, percent } = spread(values)
  return values.length > 1 ? `${median.toFixed(digits)} ±${(percent / 2).toFixed(0)}%` : median.toFixed(digits)
}
