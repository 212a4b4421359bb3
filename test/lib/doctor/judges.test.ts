import t from 'tap'
import type { Finding } from '../../../lib/config/warnings.ts'
import { judgeTrail } from '../../../lib/doctor/audit-trail.ts'
import type { TrailFacts } from '../../../lib/doctor/audit-trail.ts'
import type { DatabaseFacts, Role } from '../../../lib/doctor/database-store.ts'
import { judgeDatabase } from '../../../lib/doctor/database.ts'
import type { DatabaseExpectations } from '../../../lib/doctor/database.ts'
import { judgeDirectUrl } from '../../../lib/doctor/direct-url.ts'
import { judgeJobs } from '../../../lib/doctor/jobs.ts'
import { judgeMachine } from '../../../lib/doctor/machine.ts'
import type { Machine } from '../../../lib/doctor/machine.ts'
import { judgePrefix, judgeRedis } from '../../../lib/doctor/redis.ts'
import type { RedisFacts } from '../../../lib/doctor/redis.ts'

const now = Date.parse('2026-11-27T10:00:00Z')
const codes = (findings: Finding[]) => findings.map(({ code, severity }) => `${severity} ${code}`)

const role: Role = {
  name: 'app',
  isSuperuser: false,
  isPowerful: false,
  ownsTables: false,
  mayChangeTrail: false,
  isRuntime: true,
  isReadonly: false
}
const postgres: DatabaseFacts = {
  time: now,
  took: 2,
  isReadOnly: false,
  jit: false,
  isDurable: true,
  connectionsMax: 97,
  connectionsUsed: 10,
  statementTimeoutMs: 1500,
  role,
  schemaProblem: null
}
const expected: DatabaseExpectations = { now, poolMax: 10, prepare: true, deadline: 1500 }
const redis: RedisFacts = {
  time: now,
  took: 2,
  isReplica: false,
  memoryMax: 0,
  memoryUsed: 500,
  evictionPolicy: 'noeviction'
}
const trail: TrailFacts = {
  sealedAt: now - 5000,
  isOurs: true,
  unsealedSince: null,
  isRestored: false,
  ownersRetention: null
}
const machine: Machine = { userId: 1000, openFilesMax: 4096, settingsFile: { name: '.env.production', mode: 0o100600 } }

t.test('a sound deployment has no finding', async t => {
  t.strictSame(judgeDatabase(postgres, expected), [])
  t.strictSame(judgeRedis(redis, now), [])
  t.strictSame(judgeTrail(trail, now, null), [])
  t.strictSame(judgeMachine(machine), [])
  t.strictSame(judgeJobs([{ queue: 'mail', failed: 0, overdueMs: 2000 }]), [])
  t.strictSame(judgePrefix(200, 200, 'latchkey:'), [])
})

t.test('each fault of Postgres is one finding, and it goes with its cause', async t => {
  const faults: [facts: Partial<DatabaseFacts>, finding: string][] = [
    [{ schemaProblem: 'The database is empty.' }, 'unsafe schema_unfit'],
    [{ time: now - 20_000 }, 'unsafe clock_off_database'],
    [{ time: now + 5000 }, 'warning clock_off_database'],
    [{ isReadOnly: true }, 'unsafe database_read_only'],
    [{ isDurable: false }, 'warning database_not_durable'],
    [{ jit: true }, 'info database_jit'],
    [{ connectionsMax: 21 }, 'warning connections_few'],
    [{ connectionsUsed: 90 }, 'warning connections_used_up'],
    [{ statementTimeoutMs: 0 }, 'unsafe pooler_taken_for_direct'],
    [{ role: { ...role, isSuperuser: true, ownsTables: true, isPowerful: true } }, 'unsafe role_superuser'],
    [{ role: { ...role, ownsTables: true, mayChangeTrail: true, isRuntime: false } }, 'unsafe role_owns_tables'],
    [{ role: { ...role, mayChangeTrail: true } }, 'unsafe role_may_change_trail'],
    [{ role: { ...role, isPowerful: true } }, 'warning role_powerful'],
    [{ role: { ...role, isReadonly: true } }, 'warning role_also_readonly'],
    [{ role: { ...role, isRuntime: false } }, 'unsafe role_not_runtime']
  ]

  for (const [facts, finding] of faults) {
    t.strictSame(codes(judgeDatabase({ ...postgres, ...facts }, expected)), [finding], finding)
  }
})

t.test('Postgres is not blamed for what is in order', async t => {
  const fine: [facts: Partial<DatabaseFacts>, expected: Partial<DatabaseExpectations>][] = [
    [{ statementTimeoutMs: 0 }, { prepare: false }],
    [{ time: now - 1500, took: 10 }, {}],
    [{ time: now - 4000, took: 6000 }, {}],
    [{ connectionsMax: 22 }, {}]
  ]
  for (const [facts, more] of fine) {
    t.strictSame(judgeDatabase({ ...postgres, ...facts }, { ...expected, ...more }), [], JSON.stringify([facts, more]))
  }
})

t.test('each fault of Redis is one finding', async t => {
  const faults: [facts: Partial<RedisFacts>, finding: string][] = [
    [{ time: now + 20_000 }, 'unsafe clock_off_redis'],
    [{ memoryMax: 1000, evictionPolicy: 'allkeys-lru' }, 'unsafe redis_evicts'],
    [{ memoryMax: 1000, memoryUsed: 950 }, 'warning redis_nearly_full'],
    [{ isReplica: true }, 'unsafe redis_read_only']
  ]

  for (const [facts, finding] of faults) {
    t.strictSame(codes(judgeRedis({ ...redis, ...facts }, now)), [finding], finding)
  }
  t.strictSame(judgeRedis({ ...redis, evictionPolicy: 'allkeys-lru' }, now), [], 'nothing is evicted without a limit')
  t.strictSame(codes(judgePrefix(20, 10, 'latchkey:')), ['warning redis_prefix_shared'])
  t.strictSame(judgePrefix(20, 18, 'latchkey:'), [], 'erased accounts leave a few')
})

t.test('each fault of the audit trail is one finding', async t => {
  const faults: [facts: Partial<TrailFacts>, finding: string][] = [
    [{ isOurs: false }, 'unsafe audit_seal_foreign'],
    [{ isOurs: null }, 'unsafe audit_seal_foreign'],
    [{ unsealedSince: now - 120_000 }, 'warning audit_unsealed'],
    [{ isRestored: true, unsealedSince: now - 120_000 }, 'warning audit_restored'],
    [{ ownersRetention: 90 * 86_400_000 }, 'warning audit_retention_differs']
  ]

  for (const [facts, finding] of faults) {
    t.strictSame(codes(judgeTrail({ ...trail, ...facts }, now, null)), [finding], finding)
  }
  t.match(judgeTrail({ ...trail, unsealedSince: now - 120_000 }, now, null), [{ message: /last seal was made at 2026-11-27T09:59:55.000Z/ }], 'it says when')
  t.strictSame(judgeTrail({ ...trail, unsealedSince: now - 30_000 }, now, null), [])
})

t.test('each fault of the machine is one finding', async t => {
  const faults: [facts: Partial<Machine>, finding: string][] = [
    [{ userId: 0 }, 'warning runs_as_root'],
    [{ openFilesMax: 256 }, 'warning few_open_files'],
    [{ settingsFile: { name: '.env.production', mode: 0o100644 } }, 'unsafe settings_file_open']
  ]

  for (const [facts, finding] of faults) t.strictSame(codes(judgeMachine({ ...machine, ...facts })), [finding], finding)
  t.strictSame(judgeMachine({ userId: null, openFilesMax: null, settingsFile: null }), [], 'what cannot be known is no fault')
})

t.test('failed and forgotten jobs are found', async t => {
  t.strictSame(codes(judgeJobs([{ queue: 'mail', failed: 2, overdueMs: 0 }])), ['warning jobs_failed'])
  t.strictSame(codes(judgeJobs([{ queue: 'mail', failed: 0, overdueMs: 600_000 }])), ['warning jobs_waiting'])
})

t.test('DATABASE_DIRECT_URL must lead to the same database, as its owner', async t => {
  const main = { server: '2026-11-01 00:00:00+00', database: 16384, name: 'latchkey' }
  const directFacts = { role: { ...role, ownsTables: true }, schemaProblem: null }

  t.strictSame(judgeDirectUrl({ main, direct: main, directFacts }), [])
  t.strictSame(codes(judgeDirectUrl({ main, direct: { ...main, database: 5 }, directFacts })), ['unsafe direct_url_elsewhere'])
  t.strictSame(codes(judgeDirectUrl({ main, direct: { ...main, server: '2026-11-02 00:00:00+00' }, directFacts })), ['unsafe direct_url_elsewhere'])
  t.strictSame(codes(judgeDirectUrl({ main, direct: main, directFacts: { role, schemaProblem: null } })), ['warning direct_url_not_owner'])
})
