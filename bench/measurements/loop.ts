// npm run bench -- --loop: for how long one request holds the main thread at the worst, request by request.
import postgres from 'postgres'
import { load } from '../load/load.ts'
import { login, password } from '../load/scenarios.ts'
import { percentile } from '../load/statistics.ts'
import { worstInputs } from '../load/worst-inputs.ts'
import type { ApiDocument, WorstInput } from '../load/worst-inputs.ts'
import { deploy } from '../processes/deployment.ts'
import type { Account } from '../processes/latchkey.ts'
import { pinOurselves } from '../processes/node.ts'
import type { Node } from '../processes/node.ts'
import type { Turns } from '../processes/turns.ts'

/**
 * What one request costs: the median of several tries without V8's collector, and with it the median and the most, in
 * milliseconds of the main thread.
 */
export interface Hold { name: string, status: number, own: number, median: number, most: number }

const settings = { DOCS_ENABLED: 'true', ISSUER_URL: 'http://auth.example.com', COOKIE_DOMAIN: 'example.com' }
const limitMs = 5
const rounds = 7
/** Enough for long answers: several pages of the trail, and of users. */
const [accountCount, eventCount] = [400, 2000]

/** Prints the longest holds, and how long a fixed piece of work took between them. */
export async function measureLoop (postgresVersion: string) {
  pinOurselves('1')
  process.stderr.write('starting Postgres and Redis\n')
  const deployment = await deploy({ postgres: postgresVersion, settings })
  const sql = postgres(deployment.env.DATABASE_DIRECT_URL, { max: 1, onnotice () {} })
  // A node keeps what it knows of roles, and would refuse an administrator without a second factor.
  await sql`update roles set second_factor = 'optional'`
  const node = await deployment.start('hashless', '0')
  try {
    const { holds, fixed } = await measureAll(node, await prepare(node, sql))
    console.log(render(holds, fixed))
  } finally {
    await sql.end()
    await node.stop()
    await deployment.stop()
  }
}

type Credentials = Record<NonNullable<WorstInput['as']>, string>

async function prepare (node: Node, sql: postgres.Sql): Promise<Credentials> {
  const accounts = await node.ask<Account[]>('makeAccounts', { count: accountCount, password })
  const [first] = accounts
  if (!first) throw new Error('there are no accounts')

  await sql`update users set role = 'super_admin' where id = ${first.id}`
  await sql`
    insert into changes (kind, subject_id, reason)
    select 'session_ended', gen_random_uuid(), 'signed_out'
    from generate_series(1, ${eventCount})`
  const signIns = signInTo(accounts)
  await load({ port: node.port, connections: 8, milliseconds: 60_000, answersMax: eventCount, next: signIns })

  const { id, secret } = await node.ask<{ id: string, secret: string }>('makeFollower')
  return { administrator: await signInAs(node, first.email), follower: `Basic ${btoa(`${id}:${secret}`)}` }
}

async function signInAs (node: Node, email: string) {
  const answer = await send(node, {
    name: '', method: 'POST', path: '/api/v1/auth/login', body: JSON.stringify({ email, password })
  })
  if (!answer.ok) throw new Error(`the administrator's sign-in was answered with ${answer.status}: ${await answer.text()}`)
  const { access_token: token } = await answer.json() as { access_token: string }
  return `Bearer ${token}`
}

function signInTo (accounts: Account[]) {
  let turn = 0
  return () => login(accounts[turn++ % accounts.length] ?? { email: '' })
}

async function measureAll (node: Node, credentials: Credentials) {
  const document = await (await send(node, { name: '', method: 'GET', path: '/docs/json' })).json() as ApiDocument
  const holds = new Map<string, { status: number, turns: Turns[] }>()
  const fixed: number[] = []

  for (let round = 0; round <= rounds; round++) {
    process.stderr.write(round === 0 ? 'warming up\n' : `round ${round} of ${rounds}\n`)
    for (const input of worstInputs(document, credentials.administrator.replace('Bearer ', ''))) {
      if (endsEverything(input)) continue
      const { status, turns } = await time(node, input, credentials)
      if (input.isLong && status !== 200) throw new Error(`${input.name} was answered with ${status}`)
      if (round === 0) continue

      fixed.push(turns.fixed)
      const hold = holds.get(input.name) ?? { status, turns: [] }
      hold.turns.push(turns)
      holds.set(input.name, hold)
    }
  }
  return { holds: [...holds].map(([name, { status, turns }]) => summarise(name, status, turns)), fixed }
}

async function time (node: Node, input: WorstInput, credentials: Credentials) {
  await node.ask('beginTurns')
  const answer = await send(node, input, credentials)
  await answer.arrayBuffer()
  return { status: answer.status, turns: await node.ask<Turns>('endTurns') }
}

// These would sign out the administrator, or erase it.
function endsEverything ({ method, path }: WorstInput) {
  return /sign-out-everyone|auth\/logout/.test(path) || (method === 'DELETE' && path.endsWith('/auth/me'))
}

async function send (node: Node, { method, path, body, headers, as }: WorstInput, credentials?: Credentials) {
  return await fetch(`http://127.0.0.1:${node.port}${path}`, {
    method,
    redirect: 'manual',
    ...(body !== undefined && { body }),
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(as && credentials && { authorization: credentials[as] }),
      accept: 'application/json',
      ...headers
    }
  })
}

function summarise (name: string, status: number, turns: Turns[]): Hold {
  const all = turns.map(({ longest }) => longest)
  const own = turns.map(({ ownLongest }) => ownLongest)
  return { name, status, own: percentile(own, 0.5), median: percentile(all, 0.5), most: Math.max(...all) }
}

function render (holds: Hold[], fixed: number[]) {
  const sorted = holds.toSorted((a, b) => b.own - a.own)
  const above = sorted.filter(({ own }) => own > limitMs)
  return [
    'ms of the main thread: median of the tries; median and most with V8\'s collector; and the answer',
    ...sorted.slice(0, Math.max(20, above.length)).map(line),
    '',
    `${holds.length} requests, ${above.length} above ${limitMs} ms; ` +
      `a fixed piece of work (SHA-256 of 1 MiB) took ${percentile(fixed, 0.5).toFixed(2)} ms`
  ].join('\n')
}

function line ({ name, status, own, median, most }: Hold) {
  return `${[own, median, most].map(ms => ms.toFixed(2).padStart(7)).join(' ')}  ${status}  ${name}`
}
