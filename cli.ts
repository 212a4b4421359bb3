#!/usr/bin/env node
import { parseArgs } from 'node:util'
import auditVerify from './commands/audit-verify.ts'
import cleanUp from './commands/clean-up.ts'
import { UsageError } from './commands/command.ts'
import type { Command, Input } from './commands/command.ts'
import createAdmin from './commands/create-admin.ts'
import createService from './commands/create-service.ts'
import doctor from './commands/doctor.ts'
import exportUsers from './commands/export-users.ts'
import importUsers from './commands/import-users.ts'
import mails from './commands/mails.ts'
import migrate from './commands/migrate.ts'
import notify from './commands/notify.ts'
import resetSecondFactors from './commands/reset-second-factors.ts'
import revokeService from './commands/revoke-service.ts'
import rotateKeys from './commands/rotate-keys.ts'
import signOutEveryone from './commands/sign-out-everyone.ts'
import { Refusal } from './lib/errors.ts'
import type { FieldError } from './lib/errors.ts'

const commands = new Map<string, Command>([
  ['migrate', migrate],
  ['create-admin', createAdmin],
  ['reset-second-factors', resetSecondFactors],
  ['rotate-keys', rotateKeys],
  ['sign-out-everyone', signOutEveryone],
  ['import-users', importUsers],
  ['export-users', exportUsers],
  ['create-service', createService],
  ['revoke-service', revokeService],
  ['mails', mails],
  ['notify', notify],
  ['clean-up', cleanUp],
  ['audit-verify', auditVerify],
  ['doctor', doctor]
])

process.exitCode = await main(process.argv.slice(2))

/** The exit code: 0 done, 1 failed or done in part, 2 wrong usage. `doctor` has meanings of its own. */
async function main (args: string[]): Promise<0 | 1 | 2> {
  const isJson = args.includes('--json')

  try {
    const [name = '', ...rest] = args
    const command = commands.get(name)
    if (rest.includes('--help') || ['', 'help', '-h', '--help'].includes(name)) return help(command, name === '')
    if (!command) throw new UsageError(`There is no command "${name}".`)

    const result = await command.run(readArguments(command, rest))
    const { text, data, isPartial = false, exitCode = isPartial ? 1 : 0 } = result
    if (isJson || text !== '') console.log(isJson ? JSON.stringify(data) : text)
    return exitCode
  } catch (error) {
    console.error(isJson ? JSON.stringify({ error: describe(error) }) : explain(error))
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

function help (command: Command | undefined, isMissing: boolean): 0 | 2 {
  const listed = command ? [command] : [...commands.values()]
  const lines = listed.map(({ usage, help }) => `  ${usage.padEnd(46)}  ${help}`)
  const text = [
    'Usage: latchkey COMMAND [--json] [--help]',
    '',
    ...lines,
    '',
    'Settings are read as the server reads them; .env.example explains each.'
  ].join('\n')

  if (isMissing) console.error(text)
  else console.log(text)
  return isMissing ? 2 : 0
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
