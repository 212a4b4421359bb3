// node --import tsx bench/passkeys.ts: sign-ins with passkeys, alone, and while a storm of logins is being refused and
// the strangers' buckets of all accounts are locked; and what one costs, in multiples of a hello world.
//   --seconds=15       the most that each phase takes: a slow machine measures fewer answers
//   --rounds=3         how often each cost is measured, by turns, in a process of its own; the median is printed
//   --postgres=15|18
import { createAuthenticator } from '../test/support/accounts/authenticator.ts'
import type { Authenticator } from '../test/support/accounts/authenticator.ts'
import { readArguments } from './arguments.ts'
import { load, request } from './load/load.ts'
import type { LoadResult, Next } from './load/load.ts'
import { login, password, scenarios } from './load/scenarios.ts'
import { percentile, spread } from './load/statistics.ts'
import { storm } from './measurements/storm.ts'
import { deploy } from './processes/deployment.ts'
import type { Subject } from './processes/deployment.ts'
import type { Account } from './processes/latchkey.ts'
import { pinOurselves } from './processes/node.ts'
import type { Node } from './processes/node.ts'

/** An account with a passkey, and the device on which it signs in. */
interface Owner extends Account { key: Authenticator, deviceToken?: string }

/** What a scenario has cost in one process: microseconds of a processor for each request, and how many there were. */
interface Cost { cpu: number, answers: number, statuses: string }

/** Requests, and how many there are. */
interface Requests { next: Next, count: number }

const origin = 'http://localhost:3000'
const [hello, hashless, passkey] = ['Fastify hello world', 'POST /auth/login, without its hash', 'POST /auth/login/passkey']
const accountsCount = 40
const ownersMax = 20
/** Answers to wait for, first to let V8 compile the hot code, then to measure; of fewer requests a third warms up. */
const [warmUpAnswers, measuredAnswers] = [3000, 1000]
/** How many answers of authenticators are made in advance. */
const signedMax = warmUpAnswers + measuredAnswers + 100
/** How many authenticators sign at once. */
const signersMax = 4
const stormClients = 60
/** Beyond this many wrong passwords a stranger's bucket is locked. */
const failures = 6
/** Milliseconds between the passkeys of one caller. */
const pauseMs = () => 20
/** Milliseconds beyond its time after which a phase is given up: what it waits for is not answered. */
const overtimeMs = 15_000

const { seconds, rounds, ...ofDeployment } = readArguments({
  seconds: { type: 'string', default: '15' },
  rounds: { type: 'string', default: '3' }
})
const phaseMs = Number(seconds) * 1000
if (!(phaseMs > 0)) throw new TypeError('--seconds takes a number above 0')
const began = performance.now()
const costs: Record<string, Cost[]> = {}
const lines: string[] = []

pinOurselves('1')
const settings = { ISSUER_URL: origin, APP_URL: origin, DB_STATEMENT_TIMEOUT: '10s' }
tell(`${seconds} s for each phase; Postgres, Redis and the programs begin`)
const deployment = await deploy({ ...ofDeployment, settings })
try {
  for (let round = 0; round < Number(rounds); round++) {
    for (const name of [hello, hashless]) await cost(name, listed(name))
    await cost(passkey, { subject: 'hashless', prepare: async node => entering(node, await own(node)) })
  }
  await withNode('latchkey', besieged)
} catch (error) {
  tell(`given up: ${String(error)}`)
  process.exitCode = 1
} finally {
  console.log(render())
  await deployment.stop()
}

/** A scenario that `npm run bench` measures too. */
function listed (wanted: string) {
  const { subject, prepare } = scenarios.find(({ name }) => name === wanted) ?? missing(wanted)
  return {
    subject,
    prepare: async (node: Node): Promise<Requests> => {
      const accounts = subject === 'hello' ? [] : await accountsOf(node)
      return { next: await prepare({ node, accounts, connections: 4, tokens: 0 }), count: Infinity }
    }
  }
}

function missing (name: string): never {
  throw new Error(`There is no scenario ${name}.`)
}

/** Measures the processor time of each request. */
async function cost (
  name: string,
  { subject, prepare }: { subject: Subject, prepare: (node: Node) => Promise<Requests> }
) {
  await withNode(subject, async node => {
    const { next, count } = await phase(`${name}: prepare`, () => prepare(node))
    const ofLoad = { port: node.port, connections: 4, milliseconds: phaseMs, next }
    const run = async (answersMax: number) => await load({ ...ofLoad, answersMax })
    await phase(`${name}: warm up`, () => run(Math.min(warmUpAnswers, Math.floor(count / 3))))
    const before = await node.cpu()
    const { statuses } = await phase(`${name}: measure`, () => run(measuredAnswers))
    const used = await node.cpu() - before
    const answers = Object.values(statuses).reduce((sum, count) => sum + count, 0)
    costs[name] = [...costs[name] ?? [], { cpu: used / answers, answers, statuses: JSON.stringify(statuses) }]
  })
}

async function besieged (node: Node) {
  const owners = await phase('storm: add passkeys', () => own(node))
  const { next } = await phase('storm: sign challenges', () => entering(node, owners))
  const guesses = owners.flatMap(owner => Array.from({ length: failures }, (_, n) => login(owner, `wrong ${n}`)))
  const guessed = await phase('storm: guess until the buckets are locked', () => {
    return load({ port: node.port, connections: 2, milliseconds: phaseMs, next: () => guesses.pop() })
  })
  const accounts = await accountsOf(node)
  const [{ refusedPerSecond, loginsPerSecond }, entered] = await phase('storm: logins and passkeys', () => Promise.all([
    storm(node, accounts, { clients: stormClients, milliseconds: phaseMs }),
    load({ port: node.port, connections: 1, milliseconds: phaseMs, next, pauseMs })
  ]))
  lines.push(
    `guesses ${JSON.stringify(guessed.statuses)}; then ${loginsPerSecond.toFixed(0)} logins/s, ${refusedPerSecond.toFixed(0)} refused/s`,
    `passkeys meanwhile: ${latencies(entered)}`
  )
}

function latencies ({ statuses, latencies }: LoadResult) {
  const at = (share: number) => percentile(latencies, share).toFixed(1)
  return `${JSON.stringify(statuses)}, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`
}

/** What has been measured so far. */
function render () {
  const medianOf = (name: string) => spread((costs[name] ?? []).map(({ cpu }) => cpu)).median
  const unit = medianOf(hello)
  const rows = Object.entries(costs).flatMap(([name, measured]) => measured.map(({ cpu, answers, statuses }) => {
    return `${name.padEnd(34)} ${cpu.toFixed(0).padStart(8)} ${(cpu / unit).toFixed(1).padStart(6)} ${String(answers).padStart(8)}  ${statuses}`
  }))
  const more = medianOf(passkey) - medianOf(hashless)
  const beyond = Number.isNaN(more)
    ? []
    : [`a passkey costs ${(more / unit).toFixed(1)} × hello beyond a login without its hash (target: 8 at most), by the medians`]
  return ['', `${''.padEnd(34)} ${'CPU-µs'.padStart(8)} ${'×'.padStart(6)} ${'answers'.padStart(8)}`, ...rows, ...beyond, ...lines].join('\n')
}

/** A part of the run. It ends by itself after `phaseMs`, unless something is not answered at all. */
async function phase<T> (name: string, work: () => Promise<T>): Promise<T> {
  tell(name)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} takes too long`)), phaseMs + overtimeMs)
  })
  return await Promise.race([work(), late]).finally(() => clearTimeout(timer))
}

function tell (text: string) {
  console.error(`${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}`)
}

async function withNode<T> (subject: Subject, work: (node: Node) => Promise<T>): Promise<T> {
  const node = await deployment.start(subject, '0')
  return await work(node).finally(node.stop)
}

async function accountsOf (node: Node): Promise<Account[]> {
  return await node.ask<Account[]>('makeAccounts', { count: accountsCount, password })
}

/** Accounts, each with a passkey that its owner has added: as many as fit into half a phase, one at least. */
async function own (node: Node): Promise<Owner[]> {
  const isOver = timeUp()
  const owners: Owner[] = []
  for (const account of (await accountsOf(node)).slice(0, ownersMax)) {
    if (owners.length > 0 && isOver()) break
    const { access_token: token, device_token: deviceToken } = await ask(node, '/login', { email: account.email, password })
    const key = createAuthenticator({ origin })
    const { public_key: options } = await ask(node, '/passkeys/options', {}, token)
    await ask(node, '/passkeys', { credential: key.create(options), name: 'bench' }, token)
    owners.push({ ...account, key, deviceToken })
  }
  return owners
}

/** Sign-ins with passkeys, whose challenges are signed in advance: as many as fit into half a phase. */
async function entering (node: Node, owners: Owner[]): Promise<Requests> {
  const isOver = timeUp()
  const bodies: object[] = []
  await Promise.all(owners.slice(0, signersMax).map(async owner => {
    while (bodies.length < signedMax && !isOver()) bodies.push(await sign(node, owner))
  }))
  // In the order in which they were signed: a counter that goes back would be recorded each time.
  const inOrder = bodies.values()
  const next = () => {
    const body = inOrder.next().value
    return body && request('POST', '/api/v1/auth/login/passkey', { body })
  }
  return { next, count: bodies.length }
}

async function sign (node: Node, { key, deviceToken }: Owner) {
  const { public_key: options } = await ask(node, '/login/passkey/options', {})
  return { credential: key.get(options), device_token: deviceToken }
}

/** Says when half a phase has passed from here on. */
function timeUp () {
  const until = performance.now() + phaseMs / 2
  return () => performance.now() >= until
}

async function ask (node: Node, path: string, body: object, token?: string) {
  const answer = await fetch(`http://127.0.0.1:${node.port}/api/v1/auth${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body)
  })
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
  return JSON.parse(await answer.text())
}
