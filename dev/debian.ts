import { execFile } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { promisify } from 'node:util'

export interface Unpacked {
  folder: string
  /** The environment in which the unpacked programs find each other and their libraries. */
  env: NodeJS.ProcessEnv
}

const run = promisify(execFile)
const aptTimeoutMs = 180_000
const aptOutputMaxBytes = 64 << 20

/** The folders that apt wants to find, the packages that it downloads, and what they unpack to. */
const workFolders = ['state/lists/partial', 'cache/archives/partial', 'packages', 'root']

/** Whether this is Debian or one of its children, with the tools to fetch packages. */
export function isDebian (): boolean {
  return ['/etc/debian_version', '/usr/bin/apt-get', '/usr/bin/dpkg'].every(file => existsSync(file))
}

/**
 * Fetches Debian packages, and those they need that are not installed, and unpacks them into a folder below the data
 * folder: nothing is installed and root is not needed. A second call finds the folder.
 *
 * @throws Error when apt-get or dpkg fails
 */
export async function unpackDebian (
  packages: string[],
  parentFolder = join(process.env['DATA_DIR'] ?? '.data', 'bin')
): Promise<Unpacked> {
  const parent = resolve(parentFolder)
  const folder = join(parent, `${packages.join('+')}-${release()}-${process.arch}`)

  if (!existsSync(folder)) {
    console.error(`Fetching from Debian, once: ${packages.join(' ')}`)
    mkdirSync(parent, { recursive: true, mode: 0o700 })
    const work = mkdtempSync(join(parent, 'apt-'))
    try {
      await fetchInto(work, packages)
      adopt(join(work, 'root'), folder)
    } finally {
      rmSync(work, { recursive: true, force: true })
    }
  }
  return { folder, env: environment(folder) }
}

async function fetchInto (work: string, packages: string[]) {
  for (const name of workFolders) mkdirSync(join(work, name), { recursive: true })
  writeFileSync(join(work, 'apt.conf'), configuration(work))

  await apt(work, ['update'])
  const { stdout } = await apt(work, ['install', '--simulate', '--no-install-recommends', ...packages])
  const missing = [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, name = '']) => name)
  // A C library other than the system's does not fit the system's loader, unless it comes with a loader of its own.
  const wanted = [...new Set([...packages, ...missing.filter(name => !/^libc6|^libc-bin/.test(name))])]

  await apt(work, ['download', ...wanted])
  for (const file of readdirSync(join(work, 'packages'))) {
    await run('dpkg', ['-x', join(work, 'packages', file), join(work, 'root')])
  }
}

async function apt (work: string, args: string[]) {
  return await run('apt-get', ['-q', '-c', join(work, 'apt.conf'), ...args], {
    cwd: join(work, 'packages'),
    maxBuffer: aptOutputMaxBytes,
    timeout: aptTimeoutMs,
    env: { ...process.env, LC_ALL: 'C' }
  })
}

// apt reads this after the system's own configuration, so this can clear the system's hooks, which need root.
function configuration (work: string) {
  return `
    Dir::State "${work}/state";
    Dir::State::status "/var/lib/dpkg/status";
    Dir::Cache "${work}/cache";
    Debug::NoLocking "true";
    APT::Sandbox::User "root";
    Acquire::Languages "none";
    Acquire::Retries "3";
    #clear APT::Update::Pre-Invoke;
    #clear APT::Update::Post-Invoke;
    #clear APT::Update::Post-Invoke-Success;
  `
}

// Several processes may unpack at once. One that finds the folder in place uses it and drops its own.
function adopt (unpacked: string, folder: string) {
  try {
    renameSync(unpacked, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
  }
}

function environment (folder: string): NodeJS.ProcessEnv {
  const libraries = ['usr/lib', 'lib'].map(name => join(folder, name)).filter(name => existsSync(name))
    .flatMap(name => readdirSync(name).filter(entry => entry.includes('-linux-gnu')).map(entry => join(name, entry)))
  const programs = ['usr/bin', 'usr/sbin', 'bin', 'sbin'].map(name => join(folder, name))

  return {
    ...process.env,
    PATH: [...programs, process.env['PATH']].filter(Boolean).join(delimiter),
    LD_LIBRARY_PATH: [...libraries, process.env['LD_LIBRARY_PATH']].filter(Boolean).join(delimiter)
  }
}

function release () {
  const text = readFileSync('/etc/os-release', 'utf8')
  return /^VERSION_CODENAME=(\S+)/m.exec(text)?.[1] ?? 'debian'
}
