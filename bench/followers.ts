// node --import tsx bench/followers.ts: what followers of what has ended cost their node.
// Opens streams in steps and measures the processor time of the node, quiet and while sessions end.
//   --followers=N  streams in the last step (1000)
//   --endings=N    sessions that end in a second (200)
//   --seconds=N    how long a measurement takes (10)
//   --postgres=15|18
import { Agent, get } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import postgres from 'postgres'
import { readArguments } from './arguments.ts'
import { deploy } from './processes/deployment.ts'
import { pinOurselves } from './processes/node.ts'

const values = readArguments({
  followers: { type: 'string', default: '1000' },
  endings: { type: 'string', default: '200' },
  seconds: { type: 'string', default: '10' }
})
const [followers, endings] = [Number(values.followers), Number(values.endings)]
const milliseconds = Number(values.seconds) * 1000
/** A node gives one credential no more streams than this. */
const streamsPerCredential = 200
const batchIntervalMs = 50
const agent = new Agent({ maxSockets: Infinity })
let bytes = 0
let opened = 0

pinOurselves('1')
console.error('starting Postgres and Redis')
const deployment = await deploy({ postgres: values.postgres })
const sql = postgres(deployment.env.DATABASE_DIRECT_URL, { max: 2, onnotice () {} })
const node = await deployment.start('latchkey', '0')
try {
  const idle = { memory: await node.ask<number>('memory'), share: await shareOf(async () => {}) }
  console.log(`no follower: ${percent(idle.share)} of a core`)
  for (const count of [followers / 10, followers]) {
    await openUntil(count)
    const memory = await node.ask<number>('memory')
    const quiet = await shareOf(async () => {})
    const before = bytes
    const busy = await shareOf(endSessions)
    console.log(`${count} followers: ${percent(quiet)} of a core, ${percent(busy)} with ${endings} endings a second, ` +
      `${Math.round((bytes - before) / count / milliseconds * 1000)} bytes a second each, ` +
      `${Math.round((memory - idle.memory) / count / 1024)} KB each`)
  }
} finally {
  agent.destroy()
  await sql.end()
  await node.stop()
  await deployment.stop()
}

async function openUntil (count: number) {
  while (opened < count) {
    const { id, secret } = await node.ask<{ id: string, secret: string }>('makeFollower')
    for (let n = 0; n < streamsPerCredential && opened < count; n++, opened++) await open(`${id}:${secret}`)
  }
}

async function open (credentials: string) {
  const headers = { authorization: `Basic ${Buffer.from(credentials).toString('base64')}`, accept: 'text/event-stream' }
  await new Promise<void>((resolve, reject) => {
    get({ agent, port: node.port, host: '127.0.0.1', path: '/api/v1/auth/revocations', headers }, answer => {
      if (answer.statusCode !== 200) reject(new Error(`a stream was answered with ${answer.statusCode}`))
      answer.on('data', (chunk: Buffer) => { bytes += chunk.length; resolve() })
      answer.on('error', () => {})
    }).on('error', reject)
  })
}

/** Ends sessions at a steady pace, as other nodes do. */
async function endSessions (isOver: () => boolean) {
  const rows = Math.round(endings * batchIntervalMs / 1000)
  while (!isOver()) {
    await sql`
      insert into changes (kind, subject_id, reason)
      select 'session_ended', gen_random_uuid(), 'signed_out'
      from generate_series(1, ${rows})`
    await pause(batchIntervalMs)
  }
}

/** The share of a core that the node takes while the work goes on. */
async function shareOf (work: (isOver: () => boolean) => Promise<void>) {
  const [began, used] = [performance.now(), await node.cpu()]
  const working = work(() => performance.now() - began > milliseconds)
  await Promise.all([working, pause(milliseconds)])
  return (await node.cpu() - used) / 1000 / (performance.now() - began)
}

function percent (share: number) {
  return `${(share * 100).toFixed(1)} %`
}
