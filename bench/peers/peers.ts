// npm run bench -- --peers: Latchkey beside Better Auth and oidc-provider, from their packages, in one run. Each is a
// process of its own on the same processor, with a database of its own on the same Postgres, and gets the same load.
import { join } from 'node:path'
import postgres from 'postgres'
import { password } from '../load/scenarios.ts'
import { measure } from '../measurements/measure.ts'
import type { Figures, MeasureOptions, StoreMeter } from '../measurements/measure.ts'
import { between, readUse } from '../measurements/postgres-costs.ts'
import { readRedisTime } from '../measurements/redis-costs.ts'
import { deploy } from '../processes/deployment.ts'
import type { Deployment } from '../processes/deployment.ts'
import type { Subject } from '../processes/deployment.ts'
import type { Account } from '../processes/latchkey.ts'
import { pinOurselves, startNode } from '../processes/node.ts'
import type { Node } from '../processes/node.ts'
import { comparison } from './comparison.ts'
import type { PeerSubject } from './comparison.ts'
import { buildPeers } from './install.ts'
import { renderComparison } from './table.ts'

export interface ComparisonOptions {
  /** The version of Postgres. */
  postgres: string
  /** How many processes are started for each figure, one after the other. */
  processes: number
  connections: number
  /** How many access tokens are used once. */
  tokens: number
  times: Pick<MeasureOptions, 'warmUpMs' | 'measureMs'>
  /** What the table says of the machine. */
  machine: string
  tell: (line: string) => void
}

type Stage = Awaited<ReturnType<typeof prepareStage>>

const programs = { 'better-auth': 'bench/peers/better-auth.ts', 'oidc-provider': 'bench/peers/oidc-provider.ts' }
/** Peers connect as the owner of Latchkey's database, which has nothing to do meanwhile. */
const peerRole = 'latchkey_owner'

/**
 * Measures all rows of the comparison, and prints the table. The packages must be installed.
 * @throws Error when Postgres is not the bench's own
 */
export async function measurePeers (options: ComparisonOptions) {
  const { processes, connections, tokens, times, machine, tell } = options
  pinOurselves('1')
  tell('starting Postgres and Redis')
  const deployment = await deploy({ postgres: options.postgres })
  const runs = new Map<string, Figures[]>(comparison.map(({ name }) => [name, []]))
  try {
    const stage = await prepareStage(deployment)
    const subjects = new Set(comparison.map(({ subject }) => subject))
    for (let round = 1; round <= processes; round++) {
      for (const subject of subjects) await measureSubject(stage, subject, round)
    }
    await stage.sql.end()
  } finally {
    await deployment.stop()
  }
  console.log(`\n${renderComparison(machine, comparison.map(row => ({ ...row, runs: runs.get(row.name) ?? [] })))}`)

  async function measureSubject (stage: Stage, subject: Subject | PeerSubject, round: number) {
    const node = await start(stage, subject)
    const accounts = await makeAccounts(node, subject)
    for (const row of comparison.filter(row => row.subject === subject)) {
      tell(`process ${round} of ${processes}: ${row.name}`)
      const prepared = { node, accounts, connections, tokens }
      runs.get(row.name)?.push(await measure(row, prepared, { ...times, meter: meterOf(stage, subject) }))
    }
    await node.stop()
  }
}

async function prepareStage (deployment: Deployment) {
  const { superuserUrl } = deployment.services.postgres ?? {}
  if (superuserUrl === undefined) throw new Error('--peers needs a Postgres of its own: unset DATABASE_URL.')

  const sql = postgres(superuserUrl, { max: 1, onnotice () {} })
  for (const database of Object.keys(programs)) await sql`create database ${sql(database)} owner ${sql(peerRole)}`
  return { deployment, sql, built: await buildPeers(Object.values(programs)) }
}

async function start ({ deployment, built }: Stage, subject: Subject | PeerSubject): Promise<Node> {
  if (isOurs(subject)) return await deployment.start(subject, '0')

  const [peer = '', mode = ''] = subject.split(' ')
  const url = new URL(deployment.env.DATABASE_DIRECT_URL)
  url.pathname = `/${peer}`
  return await startNode({
    script: join(built, `${peer}.js`),
    cores: '0',
    env: { NODE_ENV: 'production', DATABASE_URL: url.href, PEER_MODE: mode },
    log: join(built, `${peer}.log`)
  })
}

async function makeAccounts (node: Node, subject: Subject | PeerSubject): Promise<Account[]> {
  if (subject === 'hello' || subject === 'oidc-provider') return []
  const count = subject.endsWith('hashless') ? 4000 : 400
  return await node.ask<Account[]>('makeAccounts', { count, password })
}

function meterOf ({ deployment, sql }: Stage, subject: Subject | PeerSubject): StoreMeter {
  const role = isOurs(subject) ? 'latchkey_app' : peerRole
  return async () => {
    const before = await read()
    return async () => {
      const after = await read()
      return between(before.use, after.use).milliseconds * 1000 + after.redis - before.redis
    }
  }

  async function read () {
    const redis = isOurs(subject) ? await readRedisTime(deployment.services.redis) : 0
    return { use: await readUse(sql, role), redis }
  }
}

function isOurs (subject: Subject | PeerSubject): subject is Subject {
  return subject === 'hello' || subject === 'latchkey' || subject === 'hashless'
}
