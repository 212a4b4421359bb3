import type { SchemaState } from './compatibility.ts'
import type { Query } from './database.ts'

/**
 * The state of a database's schema. The runtime role may ask. A migration that does not say what it is compatible with
 * serves code of its own version and later; the column itself is missing where older code has migrated last.
 */
export async function readSchema (db: Query): Promise<SchemaState> {
  const [table] = await db<{ exists: boolean }>`select to_regclass('schema_migrations') is not null as exists`
  if (table?.exists !== true) return { version: 0, compatibleWith: 0 }

  const [row] = await db<SchemaState>`
    select
      coalesce(max(version), 0)::int as version,
      coalesce(max(coalesce((to_jsonb(m) ->> 'compatible_with')::int, version)), 0)::int as compatible_with
    from schema_migrations m`
  return row ?? { version: 0, compatibleWith: 0 }
}

/** Whether the role of this connection owns the audit trail, so that it could change it or drop its guard. */
export async function ownsTables (db: Query): Promise<boolean> {
  const [row] = await db<{ owns: boolean }>`
    select pg_has_role(current_user, relowner, 'usage') as owns
    from pg_class
    where oid = to_regclass('audit_events')`
  return row?.owns === true
}
