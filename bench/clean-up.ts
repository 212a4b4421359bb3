// node --import tsx bench/clean-up.ts: whether a clean-up of a million sessions slows logins and refreshes down.
// Signs in and refreshes at a steady pace, in turns with and without a clean-up beside it, until they are gone.
//   --rows=N     sessions to remove, half of them expired, half ended (1000000)
//   --seconds=N  how long a turn takes (10)
//   --postgres=15|18
import postgres from 'postgres'
import type { CleanUpResult } from '../lib/operations/clean-up.ts'
import { readArguments } from './arguments.ts'
import { load, request } from './load/load.ts'
import type { Answer } from './load/load.ts'
import { login, password } from './load/scenarios.ts'
import { percentile } from './load/statistics.ts'
import { deploy } from './processes/deployment.ts'
import type { Account } from './processes/latchkey.ts'
import { pinOurselves } from './processes/node.ts'

const values = readArguments({
  rows: { type: 'string', default: '1000000' },
  seconds: { type: 'string', default: '10' }
})
const [rows, turnMs] = [Number(values.rows), Number(values.seconds) * 1000]
const warmUpMs = 3000

/** Milliseconds of each answer. */
interface Turns { logins: number[], refreshes: number[] }
const quiet: Turns = { logins: [], refreshes: [] }
const cleaning: Turns = { logins: [], refreshes: [] }
const held = new Map<number, string>()
let removed = 0
let seconds = 0

pinOurselves('1')
tell('starting Postgres and Redis')
const deployment = await deploy({ postgres: values.postgres })
const sql = postgres(deployment.env.DATABASE_DIRECT_URL, { max: 1, onnotice () {} })
const node = await deployment.start('latchkey', '0')
const accounts = await node.ask<Account[]>('makeAccounts', { count: 20, password })
try {
  tell(`writing ${rows} sessions`)
  await seed()
  await measure(null, warmUpMs)
  while (removed < rows) await takeTurns()
  console.log(render())
} finally {
  await sql.end()
  await node.stop()
  await deployment.stop()
}

async function takeTurns () {
  await measure(quiet, turnMs)

  const started = performance.now()
  const run = node.ask<CleanUpResult>('cleanUp', { timeoutMs: turnMs })
  const took = run.then(() => performance.now() - started)
  await measure(cleaning, turnMs)
  const { removed: { expired_sessions: expired, ended_sessions: ended } } = await run
  removed += expired + ended
  seconds += await took / 1000
  tell(`${removed} removed`)
}

// Fills the table as it looks after a month: rows lie in the order in which people signed in.
async function seed () {
  await sql`
    insert into users (id, email, email_canonical, full_name, role)
    select gen_random_uuid(), number || '@example.com', number || '@example.com', 'Ada King', 'user'
    from generate_series(1, 20000) as number`
  await sql`
    insert into sessions (
      id, user_id, transport, device_id, device_name,
      user_agent, ip,
      amr, auth_time, user_epoch, global_epoch,
      created_at, last_seen_at, expires_at,
      ended_at, ended_reason
    )
    select gen_random_uuid(), u.id, 'bearer', gen_random_uuid(), 'my phone',
           'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', '192.0.2.1',
           '{pwd}', opened, 0, 0,
           opened, opened, opened + interval '30 days',
           ended, case when ended is not null then 'signed_out' end
    from (select id, row_number() over () as place from users limit 20000) u
    cross join generate_series(1, ${Math.ceil(rows / 20_000)}) as number
    cross join lateral (select number % 2 = 0 as is_ended) as kind
    cross join lateral (
      select now()
             - case when is_ended then interval '20 days' else interval '40 days' end
             - random() * interval '5 days' as opened
    ) as times
    cross join lateral (select case when is_ended then opened + interval '1 hour' end as ended) as ending
    order by opened
    limit ${rows}`
  await sql`vacuum analyze sessions, users`
}

/**
 * Two connections sign in and eight refresh, each at its own pace. Together they ask far less than the server can
 * answer, so no request waits for another one: the times show the answer itself, and what a clean-up adds to it.
 */
async function measure (turns: Turns | null, milliseconds: number) {
  const { port } = node
  const [logins, refreshes] = await Promise.all([
    load({
      port,
      connections: 2,
      milliseconds,
      next: connection => login(accountOf(connection)),
      pauseMs: () => 50 + Math.random() * 50
    }),
    load({
      port,
      connections: 8,
      milliseconds,
      next: refresh,
      pauseMs: () => 20 + Math.random() * 40
    })
  ])
  for (const { statuses } of [logins, refreshes]) {
    if (Object.keys(statuses).join() !== '200') throw new Error(`answered with ${JSON.stringify(statuses)}`)
  }
  turns?.logins.push(...logins.latencies)
  turns?.refreshes.push(...refreshes.latencies)
}

// Each client signs in once, in the first turn, which does not count.
function refresh (connection: number, last: Answer | undefined): string {
  if (last) held.set(connection, JSON.parse(last.body).refresh_token)
  const token = held.get(connection)
  if (token === undefined) return login(accountOf(10 + connection))
  return request('POST', '/api/v1/auth/refresh', { body: { refresh_token: token } })
}

function accountOf (index: number): Account {
  const account = accounts[index]
  if (!account) throw new Error('there are too few accounts')
  return account
}

function render () {
  const line = (name: string, of: 'logins' | 'refreshes', p: number) => {
    const [before, during] = [percentile(quiet[of], p), percentile(cleaning[of], p)]
    return [name, before.toFixed(1), during.toFixed(1), (during / before).toFixed(2)]
  }
  const lines = [
    ['ms', 'without', 'beside a clean-up', 'ratio'],
    line('login, p50', 'logins', 0.5),
    line('login, p99', 'logins', 0.99),
    line('refresh, p50', 'refreshes', 0.5),
    line('refresh, p99', 'refreshes', 0.99)
  ]
  return [
    ...lines.map(([name = '', ...cells]) => name.padEnd(14) + cells.map(cell => cell.padStart(19)).join('')),
    '',
    `${removed} sessions removed in ${seconds.toFixed(0)} s, ${(removed / seconds).toFixed(0)} a second; ` +
    `${quiet.logins.length} + ${cleaning.logins.length} logins, ` +
    `${quiet.refreshes.length} + ${cleaning.refreshes.length} refreshes`
  ].join('\n')
}

function tell (line: string) {
  process.stderr.write(`${line}\n`)
}
