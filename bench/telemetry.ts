// node --import tsx bench/telemetry.ts: what traces cost, also where they are off. Each figure is the
// median over processes that were each started for it; the collector is a server beside the load, on its processor.
//   --processes=N  for each way (3)
//   --postgres=15|18
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readArguments } from './arguments.ts'
import { password, scenarios } from './load/scenarios.ts'
import { percentile } from './load/statistics.ts'
import { measure } from './measurements/measure.ts'
import type { Figures } from './measurements/measure.ts'
import { deploy } from './processes/deployment.ts'
import type { Account } from './processes/latchkey.ts'
import { pinOurselves } from './processes/node.ts'

const { processes: given, postgres } = readArguments({ processes: { type: 'string', default: '3' } })
const processes = Number(given)
const times = { warmUpMs: 4000, measureMs: 2000 }
const accountsCount = 400
/** A quarter second for the first garbage collections. */
const settleMs = 250
const chosen = scenarios.filter(({ name }) => /me, one token|without its hash/.test(name))

pinOurselves('1')
const collector = createServer((request, response) => { request.resume().on('end', () => response.end('{}')) })
await once(collector.listen(0, '127.0.0.1'), 'listening')
const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
const ways: [name: string, env: Record<string, string>][] = [
  ['off', {}],
  ['a tenth', { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }],
  ['all, up to 100/s', { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER: 'always_on' }],
  ['off, with Sentry', { SENTRY_DSN: endpoint.replace('//', '//0123abcd@') + '/7' }]
]
const deployment = await deploy({ postgres })
const figures = new Map<string, Figures[]>()
const starts = new Map<string, { startMs: number, memoryMb: number }[]>()

try {
  for (let round = 1; round <= processes; round++) {
    for (const [name, env] of ways) await measureWay(name, env, round)
  }
} finally {
  await deployment.stop()
  collector.close()
}
for (const [name] of ways) {
  const taken = starts.get(name) ?? []
  console.log(`${name}: ready after ${median(taken.map(({ startMs }) => startMs)).toFixed(0)} ms of a processor, ` +
    `${median(taken.map(({ memoryMb }) => memoryMb)).toFixed(0)} MB`)
  for (const { name: scenario } of chosen) {
    const runs = figures.get(`${name} ${scenario}`) ?? []
    if (runs.length === 0) continue
    console.log(`  ${scenario.padEnd(34)} ${median(runs.map(({ cpu }) => cpu)).toFixed(0).padStart(5)} µs of a processor, ` +
      `${median(runs.map(({ perSecond }) => perSecond)).toFixed(0).padStart(5)} a second, ` +
      `p99 ${median(runs.map(({ p99 }) => p99)).toFixed(1)} ms`)
  }
}

async function measureWay (name: string, env: Record<string, string>, round: number) {
  for (const subject of ['latchkey', 'hashless'] as const) {
    process.stderr.write(`process ${round} of ${processes}: ${name}, ${subject}\n`)
    const node = await deployment.start(subject, '0', { DB_STATEMENT_TIMEOUT: '10s', ...env })
    if (subject === 'latchkey') {
      await new Promise(resolve => setTimeout(resolve, settleMs))
      note(starts, name, { startMs: await node.cpu() / 1000, memoryMb: await node.ask<number>('memory') / 2 ** 20 })
    }
    const accounts = await node.ask<Account[]>('makeAccounts', { count: accountsCount, password })
    for (const scenario of chosen.filter(scenario => scenario.subject === subject)) {
      // Where the machine has other work, a request may be refused for want of time: that run does not count.
      const measured = await measure(scenario, { node, accounts, connections: 16, tokens: 1 }, times).catch(tell)
      if (measured !== undefined) note(figures, `${name} ${scenario.name}`, measured)
    }
    await node.stop()
  }
}

function note<T> (lists: Map<string, T[]>, name: string, value: T) {
  lists.set(name, [...lists.get(name) ?? [], value])
}

function tell (error: Error) {
  process.stderr.write(`${error.message}\n`)
}

function median (values: number[]) {
  return percentile(values, 0.5)
}
