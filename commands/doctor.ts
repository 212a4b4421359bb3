import Fastify from 'fastify'
import { settingsFileOf } from '../lib/config/config.ts'
import type { Config } from '../lib/config/config.ts'
import { examine, verdictOf } from '../lib/doctor/examination.ts'
import type { AreaFinding, Verdict } from '../lib/doctor/examination.ts'
import { judgeMachine, readMachine } from '../lib/doctor/machine.ts'
import { createAsk } from '../lib/doctor/outside/ask.ts'
import { lookFromOutside } from '../lib/doctor/outside/client.ts'
import { reportOf, sorted } from '../lib/doctor/report.ts'
import { examineSettings } from '../lib/doctor/settings.ts'
import examinations from '../plugins/operations/examinations.ts'
import { UsageError } from './support/command.ts'
import type { Command, Input, Result, StandardOutput, Surroundings } from './support/command.ts'
import { createConnections } from './support/connections.ts'
import { progress } from './support/progress.ts'
import { readSettings } from './support/with-app.ts'

const doctor: Command = {
  usage: 'doctor [--url PUBLIC_URL]',
  help: 'looks for what is unsafe in the settings, the stores, the mail server and at PUBLIC_URL; exit 1: something is, 2: it could not look',
  options: { url: { type: 'string' } },
  positionals: 0,
  run
}
export default doctor

/** How long (ms) the look from outside may take: it is about ten requests, one after the other. */
const outsideTimeoutMs = 20_000

const exitCodes: Record<Verdict, 0 | 1 | 2> = { sound: 0, unsafe: 1, unknown: 2 }

async function run ({ values: { url } }: Input, { env: given, stdout, stderr }: Surroundings): Promise<Result> {
  const publicUrl = url === undefined ? null : readUrl(String(url))
  const env = readSettings(given)
  const { config, findings } = examineSettings(env)
  const machine = readMachine(process.cwd(), settingsFileOf(String(env['NODE_ENV'])))

  progress(stderr, 'Looking …')
  const found = await examine([
    { area: 'settings', look: () => findings },
    { area: 'machine', look: () => judgeMachine(machine) }
  ])
  // Nothing is known about stores whose settings are refused.
  const inStores = config === null ? [] : await examineStores(config)
  const outside = config === null || publicUrl === null ? [] : await examineOutside(config, publicUrl)
  return resultOf([...found, ...inStores, ...outside], stdout)
}

async function examineStores (config: Config): Promise<AreaFinding[]> {
  const { database, direct, redis, mailer, close } = createConnections(config)
  const app = Fastify()

  try {
    await app.register(examinations, { config, database, direct, redis, mailer })
    return await examine(app.examinations)
  } finally {
    await Promise.all([app.close(), close()])
  }
}

async function examineOutside (config: Config, url: URL): Promise<AreaFinding[]> {
  // Where TLS has a port of its own, nobody knows which one plain http has.
  const askPlain = url.protocol === 'https:' && url.port === '' ? createAsk(new URL(`http://${url.host}`)) : null
  const view = { url, ask: createAsk(url), askPlain, config, now: Date.now() }
  return await examine([{ area: 'outside', look: () => lookFromOutside(view) }], outsideTimeoutMs)
}

function readUrl (text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) throw new UsageError('--url takes the public origin, such as https://auth.example.com.')
  return url
}

function resultOf (findings: AreaFinding[], stdout: StandardOutput): Result {
  const verdict = verdictOf(findings)
  return {
    text: reportOf(findings, { hasColours: stdout.isTTY === true && stdout.hasColors?.() === true }),
    data: { verdict, findings: sorted(findings) },
    exitCode: exitCodes[verdict]
  }
}
