import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { settings } from './settings.ts'

/** Names and values as a process is given them. An empty value counts as none. */
export type Environment = Record<string, string | undefined>
/** The name of a setting, and what is wrong with it. */
export type Problem = [name: string, problem: string]

const environmentFiles: Record<string, string> = {
  development: '.env', staging: '.env.staging', production: '.env.production'
}

/** The file of settings that NODE_ENV chooses; null where none is read. */
export const settingsFileOf = (environment: string) => environmentFiles[environment] ?? null

/**
 * The environment together with the file in `directory` that NODE_ENV chooses; the environment wins.
 * In tests no file is read. Without NODE_ENV the sources run as development, the compiled as production.
 */
export function readEnvironment (directory: string, env: Environment): Environment {
  const NODE_ENV = env['NODE_ENV'] || (extname(fileURLToPath(import.meta.url)) === '.ts' ? 'development' : 'production')
  const file = environmentFiles[NODE_ENV]
  const content = file === undefined ? undefined : readIfThere(join(directory, file))

  if (content !== undefined && /[\0\ufffd]/.test(content)) throw new Error(`${file} is not UTF-8: save it as UTF-8.`)
  return { ...parseEnv(content ?? ''), ...given(env), NODE_ENV }
}

/** The settings that have a value. A secret whose NAME_FILE names a file is read from that file. */
export function readSecretFiles (env: Environment, problems: Problem[]): Environment {
  const values = given(env)

  for (const [name, { secret }] of Object.entries(settings.properties)) {
    const path = secret === true ? values[`${name}_FILE`] : undefined
    if (path === undefined) continue
    if (values[name] !== undefined) problems.push([`${name}_FILE`, `is set although ${name} is set too`])

    const content = readIfThere(path)?.replace(/\n$/, '')
    if (content === undefined) problems.push([`${name}_FILE`, 'names a file that cannot be read'])
    else values[name] ??= content
  }
  return values
}

/** Adds what development need not set: the running services of DATA_DIR, and a key that is made there once. */
export function readDevelopment (dataDir: string, env: Environment): Environment {
  const { DATABASE_URL, DATABASE_DIRECT_URL, REDIS_URL } = readServices(dataDir)
  const ownDatabase = env['DATABASE_URL'] !== undefined

  return {
    ...(ownDatabase ? {} : { DATABASE_URL, DATABASE_DIRECT_URL }),
    REDIS_URL,
    ...(env['ENCRYPTION_KEY'] === undefined ? { ENCRYPTION_KEY: developmentKey(dataDir) } : {}),
    ...env
  }
}

/** Written by `npm run dev` when its services answer. */
function readServices (dataDir: string): Record<string, string> {
  try {
    return JSON.parse(readFileSync(join(dataDir, 'services.json'), 'utf8'))
  } catch {
    return {}
  }
}

function developmentKey (dataDir: string) {
  const path = join(dataDir, 'encryption-key')

  try {
    mkdirSync(dataDir, { recursive: true })
    writeFileSync(path, randomBytes(32).toString('base64'), { mode: 0o600, flag: 'wx' })
  } catch {
    // The key exists already. Or the folder cannot be written; then there is no key, and the rules report it.
  }
  return readIfThere(path)?.trim()
}

/** The text of a file, without the byte order mark and the line ends that editors of Windows write. */
function readIfThere (path: string) {
  try {
    return readFileSync(path, 'utf8').replace(/^\ufeff/, '').replaceAll('\r\n', '\n')
  } catch {
    return undefined
  }
}

function given (env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''))
}
