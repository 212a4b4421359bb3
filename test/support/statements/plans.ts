import type { Client } from 'pg'
import type postgres from 'postgres'

export interface PlanNode { 'Node Type': string, 'Relation Name'?: string, 'Total Cost': number, Plans?: PlanNode[] }

/**
 * The tables that a statement reads from their beginning to their end, in the plan for any values that Postgres may
 * keep after five executions. Such a scan is chosen only where nothing else is possible, so the answer does not depend
 * on what the tables hold. The statement is not executed.
 */
export async function wholeTablesOf (client: Client, text: string): Promise<string[]> {
  const plans = await plansOf(client, text, 'set local enable_seqscan = off')
  return plans.flatMap(wholeTables)
}

/** What Postgres thinks that a statement costs with any values: beyond `jit_above_cost` it compiles the plan. */
export async function costOf (client: Client, text: string): Promise<number> {
  const plans = await plansOf(client, text)
  return Math.max(...plans.map(plan => plan['Total Cost']))
}

async function plansOf (client: Client, text: string, setting = ''): Promise<PlanNode[]> {
  await client.query(`begin; set local plan_cache_mode = force_generic_plan; ${setting}`)
  try {
    await client.query(`prepare explained as ${text}`)
    const { rows } = await client.query(`explain (format json) execute explained${nothingFor(text)}`)
    return rows[0]['QUERY PLAN'].map(({ Plan: plan }: { Plan: PlanNode }) => plan)
  } finally {
    await client.query('rollback; deallocate all')
  }
}

/**
 * The plan of a statement for any values. (EXPLAIN tells it of a text with parameters only since Postgres 16.)
 *
 * @param format of the answer: `text` is one line a row
 */
export async function genericPlan (sql: postgres.Sql, text: string, format: 'json' | 'text') {
  return await sql.begin(async tx => {
    await tx`set local plan_cache_mode = force_generic_plan`
    await tx.unsafe(`prepare explained as ${text}`)
    const rows = await tx.unsafe(`explain (format ${format}) execute explained${nothingFor(text)}`)
    await tx`deallocate explained`
    return rows.map(row => row['QUERY PLAN'])
  })
}

/** A null for each parameter of a statement. */
function nothingFor (text: string) {
  const parameters = Math.max(0, ...Array.from(text.matchAll(/\$(\d+)/g), ([, number]) => Number(number)))
  return parameters === 0 ? '' : `(${Array(parameters).fill('null').join(', ')})`
}

/** The tables that a plan reads from their beginning to their end. */
export function wholeTables (node: PlanNode): string[] {
  const { 'Node Type': type, 'Relation Name': table, Plans: plans = [] } = node
  return [...(type === 'Seq Scan' && table !== undefined ? [table] : []), ...plans.flatMap(wholeTables)]
}
