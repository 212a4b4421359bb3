import { execFile } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import type { Test } from 'tap'
import { debianPostgres } from '../../dev/services/debian-postgres.ts'
import { startPostgres } from '../../dev/services/services.ts'
import { run as runCommand } from '../support/command.ts'
import { connect } from '../support/database.ts'
import { deploy, signIn, signUp, start } from '../support/helper.ts'
import { sealsOf } from '../support/trail/audit-seals.ts'
import { until } from '../support/until.ts'
import { ownPostgres } from './nodes.ts'

/** A list without entries, as a pattern. An empty list would match every list. */
const none = { length: 0 }

// A backup as operators make one: pg_dump of one cluster, pg_restore into a new one.

const debian = await debianPostgres()
const skip = debian === null && 'pg_dump comes from Debian here'
const execute = promisify(execFile)

t.test('a restored trail is sound, and goes on being sealed', { skip }, async t => {
  const { old, fresh, deployment } = await prepare(t)
  const app = await start(t, at(old.settings), { workers: false })
  const account = await signUp(app)
  await signIn(app, account)
  await sealsOf(app).seal()
  const sealed = await verdictOf(old.settings)
  // Something happens after the last seal, and is in the dump.
  await signIn(app, account)
  await app.close()

  await move(old.settings.DATABASE_DIRECT_URL, fresh.settings.DATABASE_DIRECT_URL)
  t.ok(await nextTransaction(fresh.settings) < await nextTransaction(old.settings), 'transactions are counted anew')
  const restored = await verdictOf(fresh.settings, sealed.head.hash)
  t.match(restored, { sound: true, has_head: true, inserted: none, orphaned: none, seals: 1 }, 'before any node has looked')
  t.ok(restored.unsealed > 0)

  const node = await start(t, at(fresh.settings))
  await signIn(node, account)
  t.match(await verdictOf(fresh.settings), { sound: true, inserted: none }, 'new events wait beside old ones')
  await node.listen({ host: '127.0.0.1', port: 0 })
  await until(async () => (await verdictOf(fresh.settings)).unsealed === 0)
  const after = await verdictOf(fresh.settings, sealed.head.hash)
  t.match(after, { sound: true, has_head: true, unsealed: 0 }, 'it is sealed without anybody asking')

  await signIn(node, account)
  await until(async () => (await verdictOf(fresh.settings)).events > after.events)
  await until(async () => (await verdictOf(fresh.settings)).unsealed === 0)
  t.match(await verdictOf(fresh.settings, after.head.hash), { sound: true, has_head: true })

  function at (settings: { DATABASE_URL: string, DATABASE_DIRECT_URL: string }) {
    return { ...deployment, DATABASE_URL: settings.DATABASE_URL, DATABASE_DIRECT_URL: settings.DATABASE_DIRECT_URL }
  }

  async function verdictOf (settings: { DATABASE_URL: string, DATABASE_DIRECT_URL: string }, head?: string) {
    const { stdout, stderr } = await runCommand(at(settings), ['audit-verify', '--json', ...(head === undefined ? [] : ['--head', head])])
    if (stdout === '') throw new Error(stderr)
    return JSON.parse(stdout)
  }
})

/** A cluster with a long history, a new one, and the settings of a deployment whose database is in either. */
async function prepare (t: Pick<Test, 'teardown'>) {
  const deployment = await deploy(t)
  const programs = debian?.programs ?? ''
  const dataDir = () => join(mkdtempSync(join(tmpdir(), 'restore-')), 'postgres')
  const old = await ownPostgres(t, deployment.REDIS_URL, { durable: false, programs, dataDir: dataDir() })
  const empty = await startPostgres({ durable: false, programs, dataDir: dataDir() })
  t.teardown(empty.stop)
  // Roles belong to the cluster and are in no dump of a database.
  await connect(t, empty.databaseDirectUrl, { max: 1 })`create role latchkey_readonly nologin`
  const fresh = { settings: { DATABASE_URL: empty.databaseUrl, DATABASE_DIRECT_URL: empty.databaseDirectUrl } }
  const sql = connect(t, old.settings.DATABASE_DIRECT_URL, { max: 1 })
  await sql.unsafe('do $$ begin for i in 1..5000 loop perform pg_current_xact_id(); commit; end loop; end $$')
  return { old, fresh, deployment }
}

/** Dumps a database and restores it into an empty one, both as their owner. */
async function move (from: string, to: string) {
  const file = join(mkdtempSync(join(tmpdir(), 'dump-')), 'latchkey.dump')
  const { programs = '', env } = debian ?? {}
  await execute(join(programs, 'pg_dump'), ['--format=custom', `--file=${file}`, from], { env })
  await execute(join(programs, 'pg_restore'), ['--no-owner', '--exit-on-error', '--single-transaction', `--dbname=${to}`, file], { env })
}

async function nextTransaction ({ DATABASE_DIRECT_URL: url }: { DATABASE_DIRECT_URL: string }) {
  const sql = connect({ teardown: () => {} }, url, { max: 1 })
  const [{ number } = {}] = await sql`select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as number`
  await sql.end()
  return Number(number)
}
