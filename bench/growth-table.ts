import { align } from './align.ts'
import type { Cost } from './growth-operations.ts'

interface Size { name: string, rows: number, table: number, indexes: number }
interface Measured { users: number, costs: Map<string, Cost>, memoryBytes: number, sizes: Size[] }

const megabyte = 2 ** 20

/** What each operation costs with few and with many users, beside each other, and how large the tables are. */
export function renderGrowth ({ machine, measured }: { machine: string, measured: Measured[] }): string {
  const [few, many] = measured
  if (!few || !many) throw new Error('there are two sizes')
  const users = measured.map(({ users }) => `${users} users`)
  const head = ['ms of Postgres\' processor', ...users, 'ratio', 'answer, p50 ms', '', 'log, bytes', '']
  const rows = [...many.costs].map(([name, cost]) => {
    const before = few.costs.get(name)
    return [
      name,
      before?.milliseconds.toFixed(3) ?? '',
      cost.milliseconds.toFixed(3),
      before ? (cost.milliseconds / before.milliseconds).toFixed(2) : '',
      ...[before?.p50, cost.p50].map(figure => figure === undefined || Number.isNaN(figure) ? '' : figure.toFixed(1)),
      ...[before?.walBytes, cost.walBytes].map(figure => figure?.toFixed(0) ?? '')
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
