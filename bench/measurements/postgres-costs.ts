import { readFileSync } from 'node:fs'
import type postgres from 'postgres'

/** What Postgres has used until a moment: nanoseconds of a processor by connection of the API, and bytes of its log. */
export interface PostgresUse { nanoseconds: Map<number, number>, walBytes: number }

/**
 * Reads what Postgres has used until now for a role, by default that of the API. The processes of its connections are
 * listed by Postgres, their time is that of the scheduler (/proc, Linux).
 */
export async function readUse (sql: postgres.Sql, role = 'latchkey_app'): Promise<PostgresUse> {
  const backends = await sql<{ pid: number }[]>`
    select pid
    from pg_stat_activity
    where usename = ${role} and backend_type in ('client backend', 'parallel worker')`
  const [log] = await sql<{ bytes: string }[]>`select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') as bytes`
  return {
    nanoseconds: new Map(backends.map(({ pid }) => [pid, nanosecondsOf(pid)])),
    walBytes: Number(log?.bytes)
  }
}

/** What was used in between. The last seconds of a connection that has closed meanwhile are not known. */
export function between (before: PostgresUse, after: PostgresUse) {
  const used = Array.from(after.nanoseconds, ([pid, time]) => time - (before.nanoseconds.get(pid) ?? 0))
  return {
    milliseconds: used.reduce((sum, time) => sum + time, 0) / 1e6,
    walBytes: after.walBytes - before.walBytes
  }
}

/** The first field of the file is the time that the process has run, in nanoseconds. */
function nanosecondsOf (pid: number) {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0])
  } catch {
    // It has ended since it was listed.
    return 0
  }
}
