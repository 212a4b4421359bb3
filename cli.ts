#!/usr/bin/env node
import { randomBytes, randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import type { ParseArgsConfig } from 'node:util'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { createClock } from './lib/clock.ts'
import { loadConfig, readEnvironment } from './lib/config.ts'
import type { Config } from './lib/config.ts'
import { Refusal } from './lib/errors.ts'
import type { FieldError } from './lib/errors.ts'
import { readNewPassword } from './lib/password-prompt.ts'
import { serverOptions } from './lib/server-options.ts'
import migrations from './plugins/migrations.ts'
import connectPostgres from './plugins/postgres.ts'

/** What a command has to say in the end: to a person, and to a machine (`--json`). */
interface Result { text: string, data: object }

/** `values` are the options as `parseArgs` read them. */
interface Input { positionals: string[], values: Record<string, unknown> }

interface Command {
  usage: string
  help: string
  options: NonNullable<ParseArgsConfig['options']>
  positionals: number
  run (input: Input): Promise<Result>
}

class UsageError extends Error {}

const commands = new Map<string, Command>([
  ['migrate', {
    usage: 'migrate [--to N]',
    help: 'brings the schema up (or down) to date',
    options: { to: { type: 'string' } },
    positionals: 0,
    run: migrate
  }],
  ['create-admin', {
    usage: 'create-admin EMAIL [--name NAME] [--another]',
    help: 'makes the first super_admin; the password comes from a prompt or standard input',
    options: { name: { type: 'string' }, another: { type: 'boolean' } },
    positionals: 1,
    run: createAdmin
  }],
  ['rotate-keys', {
    usage: 'rotate-keys [--compromised]',
    help: 'lets the next key sign as soon as verifiers can know it; or replaces all keys at once and signs everybody out',
    options: { compromised: { type: 'boolean' } },
    positionals: 0,
    run: rotateKeys
  }],
  ['sign-out-everyone', {
    usage: 'sign-out-everyone',
    help: 'ends every session of every user',
    options: {},
    positionals: 0,
    run: signOutEveryone
  }]
])

process.exitCode = await main(process.argv.slice(2))

/** The exit code: 0 done, 1 failed, 2 wrong usage. */
async function main (args: string[]): Promise<0 | 1 | 2> {
  const isJson = args.includes('--json')

  try {
    const [name = '', ...rest] = args
    const command = commands.get(name)
    if (rest.includes('--help') || ['', 'help', '-h', '--help'].includes(name)) return help(command, name === '')
    if (!command) throw new UsageError(`There is no command "${name}".`)

    const { text, data } = await command.run(readArguments(command, rest))
    console.log(isJson ? JSON.stringify(data) : text)
    return 0
  } catch (error) {
    console.error(isJson ? JSON.stringify({ error: describe(error) }) : explain(error))
    return error instanceof UsageError ? 2 : 1
  }
}

async function migrate ({ values: { to } }: Input): Promise<Result> {
  if (to !== undefined && !/^\d{1,6}$/.test(String(to))) throw new UsageError('--to takes the number of a version.')

  const config = readConfig({ ENCRYPTION_KEY: randomBytes(32).toString('base64'), REDIS_URL: 'redis://localhost', ISSUER_URL: 'https://localhost' })
  const app = Fastify()
  try {
    await app.register(connectPostgres, { ...config.postgres, url: config.postgres.directUrl, poolMax: 1, poolMin: 0, deadline: 86_400_000 })
    await app.register(migrations)
    const result = await app.migrations.migrate({ report: progress, ...(to !== undefined && { to: Number(to) }) })
    const moved = result.from === result.to ? 'is' : `was at version ${result.from} and is now`
    return { text: `The database ${moved} at version ${result.to}.`, data: result }
  } finally {
    await app.close()
  }
}

async function createAdmin ({ positionals: [email = ''], values: { name = 'Administrator', another = false } }: Input): Promise<Result> {
  return await withApp(async app => {
    const password = await readNewPassword(process.stdin, process.stderr)
    const admin = await app.administrators.create({ email, fullName: String(name), password, another: another === true }, client())
    return { text: `${admin.email} is a super_admin now (${admin.id}).`, data: admin }
  })
}

async function rotateKeys ({ values: { compromised } }: Input): Promise<Result> {
  return await withApp(async app => {
    if (compromised === true) {
      const kid = await app.signingKeys.replace(client())
      return {
        text: `All signing keys have been replaced, key ${kid} signs now, and everybody is signed out. Services that verify ` +
          'tokens with a copy of the JWKS may take the old keys until it expires, 5 minutes at most.',
        data: { outcome: 'replaced', kid }
      }
    }

    const { outcome, kid, at } = await app.signingKeys.rotate(client())
    const from = new Date(at).toISOString()
    return {
      text: outcome === 'rotated'
        ? `Key ${kid} signs from now on; the one before it stays published until its last token has expired.`
        : `Key ${kid} signs from ${from} on, when every verifier can know it. The running server does that by itself.`,
      data: { outcome, kid, signs_from: from }
    }
  })
}

async function signOutEveryone (): Promise<Result> {
  return await withApp(async app => {
    await app.accounts.signOutEveryone({ actorId: null, client: client() })
    return { text: 'Everybody is signed out.', data: { outcome: 'signed_out' } }
  })
}

/** The app as the server builds it, but it neither listens nor does jobs. */
async function withApp<T> (work: (app: FastifyInstance) => Promise<T>): Promise<T> {
  const config = readConfig()
  progress('Connecting …')
  const { default: latchkey } = await import('./app.ts')
  const app = Fastify({ ...serverOptions(config), logger: false })

  try {
    await app.register(latchkey, { config, clock: createClock(), workers: false })
    await app.ready()
    return await work(app)
  } finally {
    await app.close()
  }
}

/** The settings of the server. Stand-ins are for what a command does not use: who migrates need not hold the keys. */
function readConfig (standIns: Record<string, string> = {}): Config {
  const env = readEnvironment(process.cwd(), process.env)
  const missing = Object.entries(standIns).filter(([name]) => env[name] === undefined && env[`${name}_FILE`] === undefined)
  return loadConfig(env['NODE_ENV'] === 'development' ? env : { ...env, ...Object.fromEntries(missing) })
}

function readArguments ({ options, positionals: expected, usage }: Command, args: string[]): Input {
  try {
    const { positionals, values } = parseArgs({ args, options: { ...options, json: { type: 'boolean' } }, allowPositionals: true })
    if (positionals.length !== expected) throw new Error(expected < positionals.length ? 'There are too many arguments.' : 'An argument is missing.')
    return { positionals, values }
  } catch (error) {
    throw new UsageError(`${reason(error)}\nUsage: latchkey ${usage}`)
  }
}

function help (command: Command | undefined, isMissing: boolean): 0 | 2 {
  const listed = command ? [command] : [...commands.values()]
  const lines = listed.map(({ usage, help }) => `  ${usage.padEnd(46)}  ${help}`)
  const text = ['Usage: latchkey COMMAND [--json] [--help]', '', ...lines, '', 'Settings are read as the server reads them; .env.example explains each.'].join('\n')

  if (isMissing) console.error(text)
  else console.log(text)
  return isMissing ? 2 : 0
}

/** Who acts, for the audit trail. */
function client () {
  return { ip: '127.0.0.1', userAgent: 'latchkey, the command line', requestId: randomUUID() }
}

function progress (line: string) {
  if (process.stderr.isTTY) console.error(line)
}

function explain (error: unknown): string {
  const { message, errors = [] } = describe(error)
  return [message, ...errors.map(({ message }) => `  ${message}`)].join('\n')
}

// A refusal is meant for a client of the API; what caused it tells an operator more.
function describe (error: unknown): { code: string, message: string, errors?: FieldError[] } {
  if (!(error instanceof Refusal)) return { code: error instanceof UsageError ? 'usage' : 'failed', message: reason(error) }

  const { code, details: { errors }, cause } = error
  return { code, message: cause === undefined ? error.message : reason(cause), ...(errors && { errors }) }
}

function reason (error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reason(error.errors[0])
  return error instanceof Error ? error.message || error.name : String(error)
}
