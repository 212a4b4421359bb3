import type { Enumeration } from './enumeration.ts'
import type { Figures } from './measure.ts'
import { spread } from './statistics.ts'
import type { Storm } from './storm.ts'

/** Everything that one run has found. */
export interface Report {
  machine: string
  scenarios: { name: string, runs: Figures[] }[]
  storms: Storm[]
  bytesPerSession: number
  enumeration: Enumeration
}

const head = ['', 'requests/s', 'CPU-µs', '×', 'p50 ms', 'p99 ms']

/** The report as a table to read: medians, and behind ± how far the processes lie apart. */
export function renderTable ({ machine, scenarios, storms, bytesPerSession, enumeration }: Report): string {
  const hello = spread(scenarios[0]?.runs.map(({ cpu }) => cpu) ?? []).median
  const rows = scenarios.map(({ name, runs }) => {
    const cpu = spread(runs.map(({ cpu }) => cpu))
    return [name, withSpread(runs.map(({ perSecond }) => perSecond), 0), withSpread(runs.map(({ cpu }) => cpu), 0), (cpu.median / hello).toFixed(2), middle(runs, 'p50'), middle(runs, 'p99')]
  })
  const stormRows = [
    ['Login storm, both processors: logins', withSpread(storms.map(storm => storm.loginsPerSecond), 0), '', '', ...latencies(storms, 'login')],
    ['  GET /auth/check meanwhile', '', '', '', ...latencies(storms, 'check')],
    ['  GET /health/live meanwhile', '', '', '', ...latencies(storms, 'live')]
  ]

  return [
    machine,
    '',
    ...align([head, ...rows, ...stormRows]),
    '',
    `Logins refused during the storm (503): ${withSpread(storms.map(storm => storm.refusedPerSecond), 1)} a second`,
    `A session in Redis: ${bytesPerSession.toFixed(0)} bytes`,
    `A wrong password, median of ${enumeration.samples / 2} each: known address ${enumeration.known.toFixed(2)} ms, unknown ${enumeration.unknown.toFixed(2)} ms, p = ${enumeration.p.toFixed(2)}`
  ].join('\n')
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

function align (rows: string[][]) {
  const widths = head.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  return rows.map(row => row.map((cell, column) => column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)).join('  ').trimEnd())
}
