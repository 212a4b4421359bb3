import { spread } from '../load/statistics.ts'
import type { Cost } from '../measurements/growth-operations.ts'
import { align } from './align.ts'

interface Size { name: string, rows: number, table: number, indexes: number }

/** What each operation cost, round by round, with this number of users. */
export interface Measured { users: number, costs: Map<string, Cost[]>, memoryBytes: number, sizes: Size[] }

const megabyte = 2 ** 20

/**
 * What each operation costs with few and with many users, beside each other: the medians of the rounds, and the
 * smallest and the largest of their ratios. Then how large the tables are.
 */
export function renderGrowth ({ machine, measured }: { machine: string, measured: Measured[] }): string {
  const [few, many] = measured
  if (!few || !many) throw new Error('there are two sizes')
  const users = measured.map(({ users }) => `${users} users`)
  const head = ['ms of Postgres\' processor', ...users, 'ratio', '', 'answer, p50 ms', '', 'log, bytes', '']
  const rows = [...many.costs].map(([name, costs]) => {
    const before = few.costs.get(name) ?? []
    const ratios = costs.map(({ milliseconds }, round) => milliseconds / (before[round]?.milliseconds ?? Number.NaN))
    return [
      name,
      ...[before, costs].map(some => middle(some.map(({ milliseconds }) => milliseconds), 3)),
      middle(ratios, 2),
      ratios.length > 1 ? `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}` : '',
      ...[before, costs].map(some => middle(some.map(({ p50 }) => p50), 1)),
      ...[before, costs].map(some => middle(some.map(({ walBytes }) => walBytes), 0))
    ]
  })

  return [
    machine,
    '',
    ...align([head, ...rows]),
    '',
    ...align([
      ['bytes of a row', 'rows', 'table', 'indexes', 'GB'],
      ...many.sizes.map(({ name, rows, table, indexes }) => [
        name,
        rows.toFixed(0),
        (table / rows).toFixed(0),
        (indexes / rows).toFixed(0),
        ((table + indexes) / 2 ** 30).toFixed(2)
      ])
    ]),
    '',
    `Memory of the node after all of it: ${measured.map(({ memoryBytes }) => (memoryBytes / megabyte).toFixed(0)).join(' and ')} MB`
  ].join('\n')
}

/** The median with this number of digits; an empty text without figures. */
function middle (figures: number[], digits: number) {
  const { median } = spread(figures)
  return Number.isNaN(median) ? '' : median.toFixed(digits)
}
