import type { Database } from '../stores/database.ts'
import { schemaProblem } from '../stores/compatibility.ts'
import { expectedVersion } from '../stores/migrations.ts'
import { ownsTables, readSchema } from '../stores/schema.ts'

/** What Postgres says about itself and about the role of the connection. */
export interface DatabaseFacts {
  /** Milliseconds since 1970, by the clock of Postgres. */
  time: number
  /** Milliseconds from the question until the answer. */
  took: number
  isReadOnly: boolean
  jit: boolean
  /** Whether what has been committed survives a crash. */
  isDurable: boolean
  /** The connections that ordinary roles, and this role in this database, may have at all. */
  connectionsMax: number
  connectionsUsed: number
  /** The limit of a statement (ms) that holds for this connection. */
  statementTimeoutMs: number
  role: Role
  /** Why the server cannot start on this schema, in a sentence; null if it can. */
  schemaProblem: string | null
}

export interface Role {
  name: string
  isSuperuser: boolean
  /** Whether it may do more than its rows need: make roles or databases, or pass row-level security. */
  isPowerful: boolean
  ownsTables: boolean
  mayChangeTrail: boolean
  isRuntime: boolean
  isReadonly: boolean
}

/** Which database a connection leads to: the start of its server, and its number there. */
export interface Identity { server: string, database: number, name: string }

interface Row extends Omit<DatabaseFacts, 'took' | 'role' | 'schemaProblem'> {
  roleName: string
  isSuperuser: boolean
  isPowerful: boolean
  mayChangeTrail: boolean | null
  isRuntime: boolean | null
  isReadonly: boolean | null
}

export function createDatabaseStore (db: Database) {
  return { facts, identity, fitsSchema, time }

  async function facts (): Promise<DatabaseFacts> {
    const sentAt = performance.now()
    const [row] = await db<Row>`
      select extract(epoch from clock_timestamp())::float8 * 1000 as time,
             pg_is_in_recovery() or current_setting('transaction_read_only')::boolean as is_read_only,
             current_setting('jit')::boolean as jit,
             current_setting('fsync')::boolean and current_setting('synchronous_commit') <> 'off' as is_durable,
             least(
               current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int -
                 coalesce(current_setting('reserved_connections', true), '0')::int,
               nullif(d.datconnlimit, -1), nullif(r.rolconnlimit, -1)
             ) as connections_max,
             (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as connections_used,
             (
               select setting::int
               from pg_settings
               where name = 'statement_timeout'
             ) as statement_timeout_ms,
             r.rolname as role_name,
             r.rolsuper as is_superuser,
             r.rolcreaterole or r.rolcreatedb or r.rolbypassrls as is_powerful,
             has_table_privilege(to_regclass('audit_events'), 'update, delete, truncate') as may_change_trail,
             (select pg_has_role(oid, 'usage') from pg_roles where rolname = 'latchkey_runtime') as is_runtime,
             (select pg_has_role(oid, 'usage') from pg_roles where rolname = 'latchkey_readonly') as is_readonly
      from pg_roles r
      cross join pg_database d
      where r.rolname = current_user
        and d.datname = current_database()`
    const took = performance.now() - sentAt
    if (!row) throw new Error('the role of this connection is always there')

    const { roleName, isSuperuser, isPowerful, mayChangeTrail, isRuntime, isReadonly, ...rest } = row
    const role = {
      name: roleName,
      isSuperuser,
      isPowerful,
      ownsTables: await ownsTables(db),
      mayChangeTrail: mayChangeTrail === true,
      isRuntime: isRuntime === true,
      isReadonly: isReadonly === true
    }
    return { ...rest, took, role, schemaProblem: await problemOfSchema() }
  }

  async function identity (): Promise<Identity> {
    const [row] = await db<Identity>`
      select pg_postmaster_start_time()::text as server, oid::int8 as database, datname as name
      from pg_database
      where datname = current_database()`
    if (!row) throw new Error('the database of this connection is always there')
    return row
  }

  async function fitsSchema (): Promise<boolean> {
    return await problemOfSchema() === null
  }

  /** Milliseconds since 1970. */
  async function time (): Promise<number> {
    const [row] = await db<{ now: number }>`select extract(epoch from clock_timestamp())::float8 * 1000 as now`
    return Number(row?.now)
  }

  async function problemOfSchema () {
    return schemaProblem(await readSchema(db), expectedVersion())
  }
}
