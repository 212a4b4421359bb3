import { resolve } from 'node:path'
import type { TSchema } from '@sinclair/typebox'
import { Value, TransformDecodeError } from '@sinclair/typebox/value'
import { group } from './group.ts'
import { listSettings } from './in-force.ts'
import type { Config } from './in-force.ts'
import { checkSettings } from './rules.ts'
import { settings } from './settings.ts'
import type { Settings } from './settings.ts'
import { readDevelopment, readSecretFiles } from './sources.ts'
import { warnAboutNames } from './spelling.ts'
import { warnAbout } from './warnings.ts'
import type { Finding } from './warnings.ts'
import type { Environment, Problem } from './sources.ts'

export { describeConfig } from './describe.ts'
export type { Config } from './in-force.ts'
export { readEnvironment, settingsFileOf } from './sources.ts'
export type { Environment } from './sources.ts'
export type { Rate } from './parse.ts'

/** Names every problem at once, never a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  /** The name of each wrong setting, and what is wrong with it. */
  readonly problems: readonly Problem[]

  constructor (problems: Problem[]) {
    const width = Math.max(...problems.map(([name]) => name.length))
    const count = problems.length === 1 ? 'one setting is' : `${problems.length} settings are`
    super([
      `Latchkey cannot start, ${count} wrong:`,
      ...problems.map(([name, problem]) => `  ${name.padEnd(width)}  ${problem}`),
      '.env.example explains every setting.'
    ].join('\n'))
    this.problems = problems
  }
}

/**
 * Reads, checks and groups the settings of `env`; see `readEnvironment` for where they come from.
 * @throws ConfigError which names all problems at once
 */
export function loadConfig (env: Environment): Config {
  const { settings: decoded, ...texts } = readSettings(env)
  const config = group(decoded)
  return { ...config, settings: listSettings(texts, config) }
}

/**
 * What may be meant and is risky, and names that are misspelt: for one line each when the server starts.
 * @throws ConfigError as `loadConfig` does
 */
export function listWarnings (env: Environment): Finding[] {
  return [...warnAbout(readSettings(env).settings), ...warnAboutNames(env)]
}

/** The settings as they are used, and as texts: those that were given, and with what development adds to them. */
function readSettings (env: Environment): { settings: Settings, given: Environment, values: Environment } {
  const problems: Problem[] = []
  const given = readSecretFiles(env, problems)
  const values = given['NODE_ENV'] === 'development'
    ? readDevelopment(resolve(given['DATA_DIR'] ?? '.data'), given)
    : given

  for (const [name, schema] of Object.entries(settings.properties)) {
    const value = values[name]
    if (value !== undefined) checkOne(name, schema, value, problems)
  }
  if (problems.length > 0) {
    // The rules between settings are checked as well, without the values that cannot be decoded.
    const bad = new Set(problems.map(([name]) => name))
    const decodable = Object.fromEntries(Object.entries(values).filter(([name]) => !bad.has(name)))
    for (const problem of checkSettings(decode(decodable))) {
      const [name] = problem
      if (!bad.has(name) && !bad.has(`${name}_FILE`)) problems.push(problem)
    }
    throw new ConfigError(problems)
  }

  const decoded = decode(values)
  problems.push(...checkSettings(decoded))
  if (problems.length > 0) throw new ConfigError(problems)
  return { settings: decoded, given, values }
}

function checkOne (name: string, schema: TSchema, value: string, problems: Problem[]) {
  try {
    Value.Decode(schema, value)
  } catch (error) {
    if (!(error instanceof TransformDecodeError)) throw error
    problems.push([name, error.error.message])
  }
}

function decode (values: Environment): Settings {
  const known = Object.fromEntries(
    Object.keys(settings.properties)
      .filter(name => values[name] !== undefined)
      .map(name => [name, values[name]])
  )
  return Value.Decode(settings, Value.Default(settings, known))
}
