import type { Query } from './database.ts'

/** The version of a database's schema; 0 for an empty database. The runtime role may ask. */
export async function schemaVersion (db: Query): Promise<number> {
  const [table] = await db<{ exists: boolean }>`select to_regclass('schema_migrations') is not null as exists`
  if (table?.exists !== true) return 0

  const [row] = await db<{ version: number }>`select coalesce(max(version), 0)::int as version from schema_migrations`
  return row?.version ?? 0
}

/** Whether the role of this connection owns the audit trail, so that it could change it or drop its guard. */
export async function ownsTables (db: Query): Promise<boolean> {
  const [row] = await db<{ owns: boolean }>`
    select pg_has_role(current_user, relowner, 'usage') as owns
    from pg_class
    where oid = to_regclass('audit_events')`
  return row?.owns === true
}
