import { parseArgs } from 'node:util'
import type { ParseArgsConfig } from 'node:util'

type Options = NonNullable<ParseArgsConfig['options']>

/** The option of every bench that starts a Postgres. */
const shared = { postgres: { type: 'string', default: '18' } } satisfies Options

/**
 * The options of a bench, and `--postgres=15|18`: Debian's Postgres 15, which compiles plans (jit) as people have it,
 * or the 18 of npm, which is the default.
 *
 * @throws TypeError when an argument is unknown or lacks its value
 */
export function readArguments<T extends Options> (options: T) {
  return parseArgs<{ options: T & typeof shared }>({ options: { ...options, ...shared } }).values
}
