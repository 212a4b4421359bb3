import type { Config } from '../config/config.ts'
import type { Finding } from '../config/warnings.ts'
import { judgeClock } from './clock.ts'
import type { DatabaseFacts, Role } from './database-store.ts'

/** What the settings expect of Postgres, and the time of this machine (ms since 1970) when it had answered. */
export interface DatabaseExpectations extends Pick<Config['postgres'], 'poolMax' | 'prepare' | 'deadline'> { now: number }

/** The nodes that there must be room for: during a rolling restart there is one more than usual. */
const nodesMin = 2
/** The connection of the change feed. */
const feedConnections = 1
/** The share of the connections that may be in use. */
const usedShareMax = 0.8

export function judgeDatabase (facts: DatabaseFacts, expected: DatabaseExpectations): Finding[] {
  return [
    ...judgeSchema(facts),
    ...judgeClock('Postgres', { ...facts, now: expected.now }),
    ...judgeServer(facts),
    ...judgeConnections(facts, expected),
    ...judgePooler(facts, expected),
    ...judgeRole(facts)
  ]
}

function judgeSchema ({ schemaProblem }: DatabaseFacts): Finding[] {
  if (schemaProblem === null) return []
  return [{
    code: 'schema_unfit',
    severity: 'unsafe',
    message: schemaProblem,
    advice: 'The server starts only on a schema that serves its version.'
  }]
}

function judgeServer ({ isReadOnly, isDurable, jit }: DatabaseFacts): Finding[] {
  const findings: Finding[] = []

  if (isReadOnly) {
    findings.push({
      code: 'database_read_only',
      severity: 'unsafe',
      setting: 'DATABASE_URL',
      message: 'Postgres takes no writes: it is a standby, or reads only by its settings. Nobody can sign in or out.',
      advice: 'Let DATABASE_URL lead to the primary.'
    })
  }
  if (!isDurable) {
    findings.push({
      code: 'database_not_durable',
      severity: 'warning',
      message: 'Postgres answers before it has stored (fsync or synchronous_commit is off): after a crash sessions ' +
        'that had been ended are alive again.',
      advice: 'Switch fsync and synchronous_commit on.'
    })
  }
  if (jit) {
    findings.push({
      code: 'database_jit',
      severity: 'info',
      message: 'Postgres may compile statements before it runs them (jit). Latchkey’s statements are short, so this ' +
        'can only take time: up to 70 ms for one where the planner’s estimates are far off.',
      advice: 'alter database … set jit = off'
    })
  }
  return findings
}

function judgeConnections (
  { connectionsMax, connectionsUsed }: DatabaseFacts, { poolMax }: DatabaseExpectations
): Finding[] {
  const perNode = poolMax + feedConnections
  const findings: Finding[] = []

  if (connectionsMax < nodesMin * perNode) {
    findings.push({
      code: 'connections_few',
      severity: 'warning',
      setting: 'DB_POOL_MAX',
      message: `A node opens up to ${perNode} connections and Postgres has ${connectionsMax} for all: ` +
        `it has room for ${Math.floor(connectionsMax / perNode)} nodes, and a rolling restart needs one more than there are.`,
      advice: 'Lower DB_POOL_MAX, raise max_connections (or the limit of the role or database), or put PgBouncer between.'
    })
  }
  if (connectionsUsed > usedShareMax * connectionsMax) {
    findings.push({
      code: 'connections_used_up',
      severity: 'warning',
      message: `${connectionsUsed} of ${connectionsMax} connections to Postgres are in use.`,
      advice: 'Look into pg_stat_activity for whose they are. A node that gets none answers 503.'
    })
  }
  return findings
}

// A node sets its limits when it opens a connection. A pooler that ignores them hands out other connections as well.
function judgePooler (
  { statementTimeoutMs }: DatabaseFacts, { prepare, deadline }: DatabaseExpectations
): Finding[] {
  if (!prepare || statementTimeoutMs === deadline) return []
  return [poolerTakenForDirect()]
}

/** Whether a pooler has refused a connection because of the limits that a node sets when it opens one. */
export function isPoolersRefusal (error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return error.message.includes('unsupported startup parameter') || isPoolersRefusal(error.cause)
}

/** The settings say that there is no pooler, and there is one. */
export function poolerTakenForDirect (): Finding {
  return {
    code: 'pooler_taken_for_direct',
    severity: 'unsafe',
    setting: 'DATABASE_DIRECT_URL',
    message: 'DATABASE_URL and DATABASE_DIRECT_URL name the same host, which says that no pooler is in between. ' +
      'There is one: it drops the limits of statements, and prepared statements fail when it changes connections.',
    advice: 'Let DATABASE_DIRECT_URL lead past the pooler to Postgres itself.'
  }
}

function judgeRole ({ role, schemaProblem }: DatabaseFacts): Finding[] {
  const found = [role.isSuperuser ? superuser(role) : null, ...(role.isSuperuser ? [] : lesserRights(role))]
  const needsMembership = schemaProblem === null && !role.isSuperuser && !role.ownsTables
  const membership = needsMembership && !role.isRuntime ? notRuntime(role) : null
  return [...found, membership].filter(finding => finding !== null)
}

const separation = 'Give the server a role of its own: create role latchkey_app login password \'…\' in role ' +
  'latchkey_runtime. The owner belongs in DATABASE_DIRECT_URL.'

function superuser ({ name }: Role): Finding {
  return {
    code: 'role_superuser',
    severity: 'unsafe',
    setting: 'DATABASE_URL',
    message: `The server connects as ${name}, a superuser: an error in any statement reaches the whole cluster, and ` +
      'the audit trail can be rewritten.',
    advice: separation
  }
}

function lesserRights (role: Role): (Finding | null)[] {
  const about = (code: string, severity: Finding['severity'], message: string, advice: string): Finding =>
    ({ code, severity, setting: 'DATABASE_URL', message, advice })

  return [
    role.ownsTables
      ? about('role_owns_tables', 'unsafe', `The server connects as ${role.name}, which owns the tables: ` +
        'only a trigger keeps the audit trail append-only, and the owner can drop it.', separation)
      : null,
    !role.ownsTables && role.mayChangeTrail
      ? about('role_may_change_trail', 'unsafe', `The role ${role.name} may change or delete events of the audit trail.`,
        `revoke update, delete, truncate on audit_events from ${role.name}`)
      : null,
    role.isPowerful
      ? about('role_powerful', 'warning', `The role ${role.name} may make roles or databases, or passes row-level ` +
        'security. The server needs none of it.', `alter role ${role.name} nocreaterole nocreatedb nobypassrls`)
      : null,
    role.isRuntime && role.isReadonly && !role.ownsTables
      ? about('role_also_readonly', 'warning', `The role ${role.name} is in latchkey_runtime and in latchkey_readonly: ` +
        'the policies of both apply to it.', `revoke latchkey_readonly from ${role.name}`)
      : null
  ]
}

function notRuntime ({ name }: Role): Finding {
  return {
    code: 'role_not_runtime',
    severity: 'unsafe',
    setting: 'DATABASE_URL',
    message: `The role ${name} is no member of latchkey_runtime, so it may not do what the server has to do.`,
    advice: `grant latchkey_runtime to ${name}`
  }
}
