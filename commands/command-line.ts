import { Console } from 'node:console'
import { parseArgs } from 'node:util'
import { Refusal } from '../lib/errors.ts'
import type { FieldError } from '../lib/errors.ts'
import { UsageError } from './support/command.ts'
import type { Command, Input, Surroundings } from './support/command.ts'

/** Each is loaded when it is called, so that a command starts without what only others need. */
const commands = new Map<string, () => Promise<{ default: Command }>>([
  ['migrate', () => import('./migrate.ts')],
  ['create-admin', () => import('./create-admin.ts')],
  ['reset-second-factors', () => import('./reset-second-factors.ts')],
  ['rotate-keys', () => import('./rotate-keys.ts')],
  ['sign-out-everyone', () => import('./sign-out-everyone.ts')],
  ['import-users', () => import('./import-users.ts')],
  ['export-users', () => import('./export-users.ts')],
  ['create-service', () => import('./create-service.ts')],
  ['revoke-service', () => import('./revoke-service.ts')],
  ['mails', () => import('./mails.ts')],
  ['notify', () => import('./notify.ts')],
  ['clean-up', () => import('./clean-up.ts')],
  ['audit-verify', () => import('./audit-verify.ts')],
  ['doctor', () => import('./doctor.ts')]
])

/**
 * Runs one command, or prints help.
 * @param args what follows the name of the program
 * @returns the exit code: 0 done, 1 failed or done in part, 2 wrong usage. `doctor` has meanings of its own.
 */
export async function runCommandLine (args: string[], surroundings: Surroundings): Promise<0 | 1 | 2> {
  // If the reader of progress and messages has gone away, the work goes on.
  surroundings.stderr.on('error', () => {})
  // Unlike the streams, it throws nothing when its reader, such as `head`, has gone away.
  const print = new Console(surroundings.stdout, surroundings.stderr)
  const isJson = args.includes('--json')

  try {
    const [name = '', ...rest] = args
    const command = await commands.get(name)?.().then(module => module.default)
    if (rest.includes('--help') || ['', 'help', '-h', '--help'].includes(name)) {
      const isMissing = name === ''
      print[isMissing ? 'error' : 'log'](await help(command))
      return isMissing ? 2 : 0
    }
    if (!command) throw new UsageError(`There is no command "${name}".`)

    const result = await command.run(readArguments(command, rest), surroundings)
    const { text, data, isPartial = false, exitCode = isPartial ? 1 : 0 } = result
    if (isJson || text !== '') print.log(isJson ? JSON.stringify(data) : text)
    return exitCode
  } catch (error) {
    print.error(isJson ? JSON.stringify({ error: describe(error) }) : explain(error))
    return error instanceof UsageError ? 2 : 1
  }
}

function readArguments ({ options, positionals: expected, usage }: Command, args: string[]): Input {
  try {
    const { positionals, values } = parseArgs({
      args,
      options: { ...options, json: { type: 'boolean' } },
      allowPositionals: true
    })
    if (positionals.length !== expected) {
      throw new Error(expected < positionals.length ? 'There are too many arguments.' : 'An argument is missing.')
    }
    return { positionals, values }
  } catch (error) {
    throw new UsageError(`${reason(error)}\nUsage: latchkey ${usage}`)
  }
}

async function help (command: Command | undefined): Promise<string> {
  const listed = command ? [command] : await all()
  const lines = listed.map(({ usage, help }) => `  ${usage.padEnd(46)}  ${help}`)
  return [
    'Usage: latchkey COMMAND [--json] [--help]',
    '',
    ...lines,
    '',
    'Settings are read as the server reads them; .env.example explains each.'
  ].join('\n')
}

async function all (): Promise<Command[]> {
  const modules = await Promise.all([...commands.values()].map(read => read()))
  return modules.map(module => module.default)
}

function explain (error: unknown): string {
  const { message, errors = [] } = describe(error)
  return [message, ...errors.map(({ message }) => `  ${message}`)].join('\n')
}

// The message of a refusal is for clients of the API. An operator needs its cause.
function describe (error: unknown): { code: string, message: string, errors?: FieldError[] } {
  if (!(error instanceof Refusal)) {
    return { code: error instanceof UsageError ? 'usage' : 'failed', message: reason(error) }
  }

  const { code, details: { errors }, cause } = error
  return { code, message: cause === undefined ? error.message : reason(cause), ...(errors && { errors }) }
}

function reason (error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reason(error.errors[0])
  return error instanceof Error ? error.message || error.name : String(error)
}
