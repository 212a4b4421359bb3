// node --import tsx bench/passkeys.ts: sign-ins with passkeys, alone, and while a storm of logins is being refused and
// the strangers' buckets of all accounts are locked; and what one costs, in multiples of a hello world.
import { createAuthenticator } from '../test/support/authenticator.ts'
import type { Authenticator } from '../test/support/authenticator.ts'
import { readArguments } from './arguments.ts'
import { deploy } from './deployment.ts'
import type { Account } from './latchkey.ts'
import { load, request } from './load.ts'
import type { Next } from './load.ts'
import { pinOurselves } from './node.ts'
import type { Node } from './node.ts'
import { login, password, scenarios } from './scenarios.ts'
import type { Scenario, Subject } from './scenarios.ts'
import { percentile } from './statistics.ts'
import { storm } from './storm.ts'

/** An account with a passkey, and the device on which it signs in. */
interface Owner extends Account { key: Authenticator, deviceToken?: string }

const origin = 'http://localhost:3000'
const accountsCount = 40
/** Answers to wait for, first to let V8 compile the hot code, then to measure: a busy machine takes longer for them. */
const [warmUpAnswers, measuredAnswers] = [700, 700]
/** How many answers of authenticators are made in advance. */
const signedMax = warmUpAnswers + measuredAnswers + 100
const milliseconds = 120_000
const stormMs = 10_000
const stormClients = 60
/** Beyond this many wrong passwords a stranger's bucket is locked. */
const failures = 6
/** Milliseconds between the passkeys of one caller. */
const pauseMs = () => 20

pinOurselves('1')
const settings = { ISSUER_URL: origin, APP_URL: origin, DB_STATEMENT_TIMEOUT: '10s' }
const deployment = await deploy({ ...readArguments({}), settings })
try {
  const hello = await cost('hello', scenarios[0])
  const hashless = await cost('hashless', scenarios.find(({ subject }) => subject === 'hashless'))
  const passkey = await cost('latchkey', { name: 'passkeys', subject: 'latchkey', prepare: async ({ node }) => entering(node, await own(node)) })
  console.log(`hello ${hello.toFixed(0)} µs, login without its hash ${hashless.toFixed(0)} µs, passkey ${passkey.toFixed(0)} µs`)
  console.log(`a passkey costs ${((passkey - hashless) / hello).toFixed(1)} × hello beyond a login without its hash, ${(passkey / hello).toFixed(1)} × in all`)
  await withNode('latchkey', besieged)
} finally {
  await deployment.stop()
}

/** Microseconds of a processor for each request of a scenario. */
async function cost (subject: Subject, scenario: Scenario | undefined): Promise<number> {
  if (!scenario) throw new Error('The scenario is gone.')
  return await withNode(subject, async node => {
    const accounts = subject === 'hello' ? [] : await accountsOf(node)
    const next = await scenario.prepare({ node, accounts, connections: 4, tokens: 0 })
    await load({ port: node.port, connections: 4, milliseconds, answersMax: warmUpAnswers, next })
    const before = await node.cpu()
    const measured = { port: node.port, connections: 4, milliseconds, answersMax: measuredAnswers, next }
    const { statuses } = await load(measured)
    const used = await node.cpu() - before
    const answers = JSON.stringify(statuses)
    if (Object.keys(statuses).join() !== '200') throw new Error(`${scenario.name} was answered with ${answers}`)
    return used / (statuses[200] ?? 0)
  })
}

async function besieged (node: Node) {
  const owners = await own(node)
  const guesses = owners.flatMap(owner => Array.from({ length: failures }, (_, n) => login(owner, `wrong ${n}`)))
  const guessed = await load({ port: node.port, connections: 2, milliseconds, next: () => guesses.pop() })

  const next = await entering(node, owners)
  const [{ refusedPerSecond, loginsPerSecond }, entered] = await Promise.all([
    storm(node, await accountsOf(node), { clients: stormClients, milliseconds: stormMs }),
    load({ port: node.port, connections: 1, milliseconds: stormMs, next, pauseMs })
  ])
  const at = (share: number) => percentile(entered.latencies, share).toFixed(1)
  console.log(`guesses ${JSON.stringify(guessed.statuses)}; then ${loginsPerSecond.toFixed(0)} logins/s, ${refusedPerSecond.toFixed(0)} refused/s`)
  console.log(`passkeys meanwhile: ${JSON.stringify(entered.statuses)}, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`)
}

async function withNode<T> (subject: Subject, work: (node: Node) => Promise<T>): Promise<T> {
  const node = await deployment.start(subject, '0')
  return await work(node).finally(node.stop)
}

async function accountsOf (node: Node): Promise<Account[]> {
  return await node.ask<Account[]>('makeAccounts', { count: accountsCount, password })
}

/** Accounts, each with a passkey that its owner has added. */
async function own (node: Node): Promise<Owner[]> {
  const owners: Owner[] = []
  for (const account of await accountsOf(node)) {
    const { access_token: token, device_token: deviceToken } = await ask(node, '/login', { email: account.email, password })
    const key = createAuthenticator({ origin })
    const { public_key: options } = await ask(node, '/passkeys/options', {}, token)
    await ask(node, '/passkeys', { credential: key.create(options), name: 'bench' }, token)
    owners.push({ ...account, key, deviceToken })
  }
  return owners
}

/** Sign-ins with passkeys, whose challenges are signed in advance. */
async function entering (node: Node, owners: Owner[]): Promise<Next> {
  const bodies: object[] = []
  for (let n = 0; n < signedMax; n++) {
    const { key, deviceToken } = owners[n % owners.length] ?? owners[0] as Owner
    const { public_key: options } = await ask(node, '/login/passkey/options', {})
    bodies.push({ credential: key.get(options), device_token: deviceToken })
  }
  return () => {
    const body = bodies.pop()
    return body && request('POST', '/api/v1/auth/login/passkey', { body })
  }
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
