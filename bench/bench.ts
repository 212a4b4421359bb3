// npm run bench: what Latchkey costs, in one table. The server runs on one processor, the load and the stores on the
// other. Every figure is the median over processes that were each started for it.
//   --quick     one process each, and short measurements, for a first look (a minute)
//   --json      the figures of every process instead of the table
//   --only=RE   the scenarios whose names match (one is 'login storm'), and nothing else
//   --loop      instead: for how long one request, the worst we know, holds the main thread
//   --peers     instead: Latchkey beside Better Auth and oidc-provider, which are installed from npm for it
//   --postgres=15  on Debian's Postgres 15 with jit on, in place of the 18 of npm
//   --profile=FOLDER   writes a .cpuprofile of every scenario there; the figures then include the profiler's own cost
import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { readArguments } from './arguments.ts'
import { password, scenarios } from './load/scenarios.ts'
import { enumerate } from './measurements/enumeration.ts'
import { measureLoop } from './measurements/loop.ts'
import { measure } from './measurements/measure.ts'
import { bytesPerSession } from './measurements/memory.ts'
import { storm } from './measurements/storm.ts'
import { installPeers } from './peers/install.ts'
import { measurePeers } from './peers/peers.ts'
import { deploy } from './processes/deployment.ts'
import type { Deployment, Subject } from './processes/deployment.ts'
import type { Account } from './processes/latchkey.ts'
import { canPin, pinOurselves } from './processes/node.ts'
import type { Node } from './processes/node.ts'
import { renderTable } from './tables/table.ts'
import type { Report } from './tables/table.ts'

const { quick, json, loop, peers, only, profile, postgres } = readArguments({
  quick: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  loop: { type: 'boolean', default: false },
  peers: { type: 'boolean', default: false },
  only: { type: 'string' },
  profile: { type: 'string' }
})
const processes = quick ? 1 : 3
const times = quick ? { warmUpMs: 4000, measureMs: 1000 } : { warmUpMs: 12_000, measureMs: 2500 }
// Long enough for everyone whose device is known to have signed in on it.
const stormWarmUpMs = 4000
const stormPeople = 100
const hashMs = 2000
const stormMs = quick ? 3000 : 6000
const connections = 16
const tokens = quick ? 12_000 : 25_000
const isChosen = (name: string) => only === undefined || new RegExp(only).test(name)
const chosen = scenarios.filter(({ name }) => name.startsWith('Fastify') || isChosen(name))

const report: Report = {
  machine: describeMachine(),
  scenarios: chosen.map(({ name }) => ({ name, runs: [] })),
  hashesPerSecond: [],
  storms: ['known devices', 'new devices, a mail each'].map(devices => ({ devices, runs: [] })),
  bytesPerSession: null,
  enumeration: null
}

if (loop) await measureLoop(postgres)
else if (peers) await compareWithPeers()
else await measureTable()

async function measureTable () {
  if (!canPin) tell('taskset or a second processor is missing: server and load share what there is')
  if (profile) mkdirSync(profile, { recursive: true })
  if (chosen.length > 0) await measureScenarios()
  if (isChosen('login storm')) {
    for (let round = 1; round <= processes; round++) await measureStorm(round)
  }
  console.log(json ? JSON.stringify(report, null, 2) : `\n${renderTable(report)}`)
}

async function measureScenarios () {
  pinOurselves('1')
  tell('starting Postgres and Redis')
  const deployment = await deploy({ postgres })
  try {
    for (let round = 1; round <= processes; round++) {
      for (const subject of ['hello', 'latchkey', 'hashless'] as const) await measureSubject(deployment, subject, round)
    }
  } finally {
    await deployment.stop()
  }
}

async function compareWithPeers () {
  try {
    installPeers(tell)
  } catch (error) {
    tell(String(error))
    process.exitCode = 1
    return
  }
  await measurePeers({ postgres, processes, connections, tokens, times, machine: report.machine, tell })
}

async function measureSubject (deployment: Deployment, subject: Subject, round: number) {
  const own = chosen.filter(scenario => scenario.subject === subject)
  if (own.length === 0) return

  await withNode(deployment, subject, '0', async (node, accounts) => {
    for (const scenario of own) {
      tell(`process ${round} of ${processes}: ${scenario.name}`)
      const prepared = { node, accounts, connections, tokens }
      const figures = await measure(scenario, prepared, { ...times, profile })
      report.scenarios.find(({ name }) => name === scenario.name)?.runs.push(figures)
    }
    if (only !== undefined || round < processes) return
    if (subject === 'latchkey') {
      tell('known against unknown addresses')
      report.enumeration = await enumerate(node, accounts, 200)
    } else if (subject === 'hashless') {
      tell('sessions in Redis')
      report.bytesPerSession = await bytesPerSession(node, accounts, {
        url: deployment.env.REDIS_URL,
        prefix: deployment.env.REDIS_KEY_PREFIX,
        sessions: 1000
      })
    }
  })
}

// On stores of its own: a node also does the jobs that those before it have left, such as mails about sign-ins.
async function measureStorm (round: number) {
  pinOurselves('0,1')
  const deployment = await deploy({ postgres })
  try {
    await withNode(deployment, 'latchkey', '0,1', async (node, accounts) => await measureStormOf(node, accounts, round))
  } finally {
    await deployment.stop()
  }
}

async function measureStormOf (node: Node, accounts: Account[], round: number) {
  tell(`process ${round} of ${processes}: the login storm`)
  report.hashesPerSecond.push(await node.ask<number>('hashesPerSecond', { password, milliseconds: hashMs }))

  const people = accounts.slice(0, stormPeople)
  const deviceTokens = await node.ask<string[]>('deviceTokensOf', people.map(() => randomUUID()))
  for (const [place, tokens] of [deviceTokens, []].entries()) {
    const options = { clients: 50, deviceTokens: tokens }
    await storm(node, people, { ...options, milliseconds: stormWarmUpMs })
    report.storms[place]?.runs.push(await storm(node, people, { ...options, milliseconds: stormMs }))
  }
}

async function withNode (
  deployment: Deployment,
  subject: Subject,
  cores: string,
  work: (node: Node, accounts: Account[]) => Promise<void>
) {
  const node = await deployment.start(subject, cores)
  await work(node, await makeAccounts(node, subject))
  await node.stop()
}

// There are enough accounts that each has few sessions, as people have, and none reaches its limit of sessions.
async function makeAccounts (node: Node, subject: Subject) {
  if (subject === 'hello') return []
  const count = subject === 'hashless' ? 4000 : 400
  return await node.ask<Account[]>('makeAccounts', { count, password })
}

function describeMachine () {
  const [processor] = cpus()
  return [
    `Node ${process.version}`,
    `Postgres ${postgres}`,
    `${cpus().length} × ${processor?.model ?? 'unknown processor'}`,
    `${processes} process${processes > 1 ? 'es' : ''} each`,
    `load at the start ${loadavg()[0]?.toFixed(1)}`
  ].join(', ')
}

function tell (line: string) {
  process.stderr.write(`${line}\n`)
}
