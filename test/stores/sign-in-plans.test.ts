import { randomUUID } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import pg from 'pg'
import { ownPostgres } from '../failure/nodes.ts'
import { debianPostgres } from '../support/debian-postgres.ts'

// Postgres itself tells the plan of each statement inside sign_in(): auto_explain sends it as a notice.
const explain = {
  session_preload_libraries: 'auto_explain',
  'auto_explain.log_min_duration': '0',
  'auto_explain.log_nested_statements': 'on',
  'auto_explain.log_analyze': 'on',
  'auto_explain.log_format': 'json',
  jit: 'on'
}
/** The default of jit_above_cost: above it Postgres compiles a plan for its machine. */
const jitAboveCost = 100_000

interface PlanNode { 'Node Type': string, 'Relation Name'?: string, 'Total Cost': number, Plans?: PlanNode[] }
interface Explained { 'Query Text': string, Plan: PlanNode, JIT?: object }

const debian = await debianPostgres()
for (const { name, skip, programs } of [
  { name: 'the Postgres of npm', skip: false, programs: undefined },
  { name: 'Debian\'s Postgres', skip: debian === null && 'Debian\'s Postgres cannot be had here', programs: debian?.programs }
]) {
  t.test(`${name}: a sign-in reads no whole table and compiles nothing, whatever the statistics say`, { skip }, async t => {
    const { client, plans } = await open(t, programs)
    const user = await addUser(client)
    await signIn(client, user)
    // The planner believes that the tables stay as small as they are now.
    await client.query('analyze')

    plans.length = 0
    // After five executions Postgres may keep a plan for all that follow.
    for (let number = 0; number < 8; number++) await signIn(client, user)

    t.ok(plans.length >= 8 * 7, `${plans.length} statements`)
    for (const { 'Query Text': text, Plan: plan, JIT: jit } of plans) {
      t.ok(plan['Total Cost'] < jitAboveCost, `${plan['Total Cost']} for ${text}`)
      t.equal(jit, undefined, `nothing is compiled for ${text}`)
      t.strictSame(wholeTables(plan), [], text)
    }
  })
}

async function open (t: Test, programs: string | undefined) {
  const { postgres } = await ownPostgres(t, 'redis://localhost', {
    args: Object.entries(explain).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ...(programs === undefined ? {} : { programs })
  })

  const client = new pg.Client({ connectionString: postgres.databaseDirectUrl, options: '-c client_min_messages=log' })
  const plans: Explained[] = []
  client.on('notice', ({ message = '' }) => {
    const [, json] = /plan:\s*(\{[\s\S]*\})/.exec(message) ?? []
    if (json !== undefined) plans.push(JSON.parse(json))
  })
  await client.connect()
  t.teardown(() => client.end())
  return { client, plans }
}

async function addUser (client: pg.Client) {
  const id = randomUUID()
  await client.query(
    `insert into users (id, email, email_canonical, email_verified, full_name, role, password_hash)
    values ($1, $2, $2, true, 'Ada King', 'user', 'none')`, [id, `${id}@example.com`]
  )
  return id
}

async function signIn (client: pg.Client, user: string) {
  const now = new Date()
  const { rows } = await client.query(
    `select sign_in($1, 0, 0, $2, 'bearer', $3, 'phone', 'tests', '127.0.0.1', '{pwd}', $4, $5, 3, 10, 'request', '\\x00')
    as evicted`,
    [user, randomUUID(), randomUUID(), now, new Date(now.getTime() + 3_600_000)]
  )
  if (rows[0]?.evicted === null) throw new Error('The sign-in was refused.')
}

/** The tables that a plan reads from their beginning to their end, except for the one that has one row. */
function wholeTables (node: PlanNode): string[] {
  const { 'Node Type': type, 'Relation Name': table, Plans: plans = [] } = node
  return [...(type === 'Seq Scan' && table !== undefined && table !== 'deployment' ? [table] : []), ...plans.flatMap(wholeTables)]
}
