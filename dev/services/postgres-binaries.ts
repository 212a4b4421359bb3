import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { postgresFromNpm } from './postgres-from-npm.ts'

export interface PostgresBinaries {
  initdb: string
  postgres: string
  major: number
  /** The command that starts Postgres as another user, because Postgres refuses to run as root; empty otherwise. */
  prefix: string[]
  /** The id of the user that must own the data, unless we own it. */
  owner?: number
}

interface Account { prefix: string[], owner?: number }

const nobody = 65534
const asNobody = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups']

// Inside a user namespace root becomes another user. Where namespaces are not allowed, Postgres runs as `nobody` with
// the capability to pass through folders like /root, and where that is not allowed either, as `nobody` without it.
const accountsForRoot: Account[] = [
  { prefix: ['unshare', '-U', '--map-user=1000', '--map-group=1000'] },
  { prefix: [...asNobody, '--inh-caps=+dac_override', '--ambient-caps=+dac_override'], owner: nobody },
  { prefix: asNobody, owner: nobody }
]

const advice = 'No Postgres runs here: apt-get install postgresql | brew install postgresql | ' +
  'docker run -p 5432:5432 -e POSTGRES_PASSWORD=… postgres:18 and DATABASE_URL'

/**
 * Finds a Postgres that runs here: the one that npm installed, or one of the system's. Root runs it as another user,
 * which must be able to reach the data folder.
 *
 * @throws Error with one line that says what to install.
 */
export function findPostgres (dataDir: string): PostgresBinaries {
  for (const folder of folders()) {
    const found = postgresIn(folder, dataDir)
    if (found !== undefined) return found
  }
  throw new Error(advice)
}

/** The Postgres whose programs lie in a folder; undefined if it does not run here, in this environment. */
export function postgresIn (folder: string, dataDir: string, env = process.env): PostgresBinaries | undefined {
  const accounts: Account[] = process.getuid?.() === 0 ? accountsForRoot : [{ prefix: [] }]

  for (const account of accounts) {
    const found = tryOut(folder, account, dataDir, env)
    if (found !== undefined) return found
  }
  return undefined
}

function tryOut (
  folder: string,
  { prefix, owner }: Account,
  dataDir: string,
  env: NodeJS.ProcessEnv
): PostgresBinaries | undefined {
  const [initdb, postgres] = [join(folder, 'initdb'), join(folder, 'postgres')]
  if (!existsSync(initdb) || !existsSync(postgres)) return undefined

  try {
    output([...prefix, 'ls', '-d', dataDir], env)
    const version = output([...prefix, postgres, '--version'], env)
    // With --show it creates nothing, but it does look for the programs that it needs beside it.
    output([...prefix, initdb, '--show', '-U', 'postgres', '-D', join(tmpdir(), 'latchkey-none')], env)
    const major = Number(/\d+/.exec(version)?.[0])
    return { initdb, postgres, prefix, major, ...(owner === undefined ? {} : { owner }) }
  } catch {
    return undefined
  }
}

function output ([program = '', ...args]: string[], env: NodeJS.ProcessEnv) {
  return execFileSync(program, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}

function * folders () {
  yield * postgresFromNpm()
  for (const parent of ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt']) yield * versionsIn(parent)
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (existsSync(join(folder, 'postgres'))) yield dirname(realpathSync(join(folder, 'postgres')))
  }
}

// Newest first. Debian names the folders 15 and 17, Homebrew postgresql@15 and postgresql@17.
function versionsIn (parent: string) {
  if (!existsSync(parent)) return []
  return readdirSync(parent)
    .filter(name => /^(postgresql(@\d+)?|\d+)$/.test(name))
    .sort((a, b) => Number(b.replace(/\D/g, '')) - Number(a.replace(/\D/g, '')))
    .map(name => join(parent, name, 'bin'))
}
