import { spread } from '../load/statistics.ts'
import type { Figures } from '../measurements/measure.ts'
import { align } from '../tables/align.ts'
import type { Compared } from './comparison.ts'

/** A row of the comparison, with the figures of each process. */
export interface ComparedRow extends Pick<Compared, 'operation' | 'name'> { runs: Figures[] }

/** The comparison as a table of medians; the number after ± is half the spread between the processes. */
export function renderComparison (machine: string, rows: ComparedRow[]): string {
  const hello = spread(rows[0]?.runs.map(({ cpu }) => cpu) ?? []).median
  const lines = rows.flatMap(({ operation, name, runs }) => {
    const { median, percent } = spread(runs.map(({ cpu }) => cpu))
    const figures = [
      runs.length > 1 ? `${median.toFixed(0)} ±${(percent / 2).toFixed(0)}%` : median.toFixed(0),
      (median / hello).toFixed(1),
      middle(runs.map(({ stores = Number.NaN }) => stores), 0),
      middle(runs.map(({ p50 }) => p50), 1),
      middle(runs.map(({ p99 }) => p99), 1)
    ]
    return [...(operation === '' ? [] : [[operation, '', '', '', '', '']]), [`  ${name}`, ...figures]]
  })
  return [machine, '', ...align([['', 'CPU-µs', '×', 'stores µs', 'p50 ms', 'p99 ms'], ...lines])].join('\n')
}

function middle (values: number[], digits: number) {
  return spread(values).median.toFixed(digits)
}
