import { align } from './align.ts'

/** Microseconds of a processor for one answer: of the nodes together, of Postgres and of all servers of Redis. */
export interface Usage { node: number, postgres: number, redis: number, perSecond: number }

/** The cost of each operation with one node and with several. */
export function renderNodes (measured: { nodes: number, usages: Map<string, Usage> }[]): string {
  const rows = [['CPU-µs of', 'nodes', 'Latchkey', 'Postgres', 'Redis', 'together', 'answers/s']]
  for (const name of measured[0]?.usages.keys() ?? []) {
    for (const { nodes, usages } of measured) {
      const usage = usages.get(name)
      if (!usage) continue
      const { node, postgres, redis, perSecond } = usage
      const figures = [node, postgres, redis, node + postgres + redis, perSecond].map(figure => figure.toFixed(0))
      rows.push([name, String(nodes), ...figures])
    }
  }
  return align(rows).join('\n')
}
