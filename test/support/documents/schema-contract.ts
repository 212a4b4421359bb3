import type { connect } from '../database.ts'

type Sql = ReturnType<typeof connect>

/** What code may use of a schema, and what the schema demands of code that writes to it; one line each. */
export interface SchemaContract { offers: string[], demands: string[] }

/** Reads the contract of a schema with the server's role. The bodies of functions are no part of it. */
export async function contractOf (sql: Sql): Promise<SchemaContract> {
  const offers = await sql<{ line: string }[]>`
    select format('%s.%s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), privilege) as line
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    cross join unnest(array['select', 'insert', 'update']) as privilege
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v') and not c.relispartition
      and has_column_privilege('latchkey_runtime', c.oid, a.attnum, privilege)
    union all
    select format('%s delete', relname)
    from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
      and has_table_privilege('latchkey_runtime', oid, 'delete')
    union all
    select format('%s returns %s', oid::regprocedure, pg_get_function_result(oid))
    from pg_proc
    where pronamespace = 'public'::regnamespace and probin is null and has_function_privilege('latchkey_runtime', oid, 'execute')
    order by line`
  const demands = await sql<{ line: string }[]>`
    select format('%s.%s needs a value', c.relname, a.attname) as line
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and a.attnotnull and not a.atthasdef and a.attidentity = '' and a.attgenerated = ''
    union all
    select format('%s %s', c.relname, pg_get_constraintdef(k.oid))
    from pg_constraint k
    join pg_class c on c.oid = k.conrelid
    where k.connamespace = 'public'::regnamespace and k.contype in ('c', 'f', 'u', 'x') and not c.relispartition
    order by line`
  return { offers: offers.map(({ line }) => line), demands: demands.map(({ line }) => line) }
}

/** What code of the schema before would miss on the schema after, or not know that it must fulfil. */
export function breaksOf (before: SchemaContract, after: SchemaContract): string[] {
  const known = new Set(before.offers.map(relationOf))
  return [
    ...before.offers.filter(line => !after.offers.includes(line)).map(line => `lost: ${line}`),
    // A table that is new is none that old code writes to.
    ...after.demands
      .filter(line => !before.demands.includes(line) && known.has(relationOf(line)) && !isMet(line, before))
      .map(line => `new: ${line}`)
  ]
}

/** Whether old code fulfils a list of allowed words: it does not know the column, or writes words of a shorter list. */
function isMet (line: string, before: SchemaContract): boolean {
  const { column, words } = listOf(line)
  if (column === undefined) return false
  if (!before.offers.some(offer => offer.startsWith(`${column} `))) return true
  return before.demands.map(listOf).some(old => old.column === column && old.words.every(word => words.includes(word)))
}

/** The column and the words of a check that allows certain words only. */
function listOf (line: string): { column: string | undefined, words: string[] } {
  const [, table, column, list] = /^(\w+) CHECK \(\((\w+) = ANY \(ARRAY\[(.+)\]\)\)\)$/.exec(line) ?? []
  return { column: column && `${table}.${column}`, words: list?.split(', ') ?? [] }
}

function relationOf (line: string): string {
  return line.split(/[. ]/, 1)[0] ?? ''
}
