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

/** The folders that apt wants to find for what it knows of packages. */
const knowledgeFolders = ['state/lists/partial', 'cache/archives/partial']
const dayMs = 86_400_000

// apt reads this after the system's own configuration, so this can clear the system's hooks, which need root, and keep
// the index of the packages, which Docker's images switch off. A list that cannot be read is an error, not a warning.
const settings = `
  Dir::State::status "/var/lib/dpkg/status";
  Debug::NoLocking "true";
  APT::Sandbox::User "root";
  Dir::Cache::pkgcache "pkgcache.bin";
  Dir::Cache::srcpkgcache "srcpkgcache.bin";
  Acquire::Languages "none";
  Acquire::Retries "3";
  APT::Update::Error-Mode "any";
  #clear APT::Update::Pre-Invoke;
  #clear APT::Update::Post-Invoke;
  #clear APT::Update::Post-Invoke-Success;
`

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
    const known = await packagesOfToday(parent)
    await makeFolder(folder, root => fetchInto(root, { known, packages }))
  }
  return { folder, env: environment(folder) }
}

/**
 * What apt knows of all packages. It is read from the servers once a day, because that takes longer than to fetch most
 * of them.
 *
 * @returns its folder
 */
async function packagesOfToday (parent: string): Promise<string> {
  const folder = join(parent, knowledgeOf(new Date()))
  if (existsSync(folder)) return folder

  await makeFolder(folder, async fresh => {
    for (const name of knowledgeFolders) mkdirSync(join(fresh, name), { recursive: true })
    writeFileSync(join(fresh, 'apt.conf'), settings)
    await apt(['update'], { known: fresh })
  })
  // A run that began yesterday may still use yesterday's.
  const yesterdays = knowledgeOf(new Date(Date.now() - dayMs))
  const older = readdirSync(parent).filter(name => /^packages-[\d-]{10}$/.test(name) && name < yesterdays)
  for (const name of older) rmSync(join(parent, name), { recursive: true, force: true })
  return folder
}

function knowledgeOf (day: Date) {
  return `packages-${day.toISOString().slice(0, 10)}`
}

async function fetchInto (root: string, { known, packages }: { known: string, packages: string[] }) {
  const { stdout } = await apt(['install', '--simulate', '--no-install-recommends', ...packages], { known })
  const missing = [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, name = '']) => name)
  // A C library other than the system's does not fit the system's loader, unless it comes with a loader of its own.
  const wanted = [...new Set([...packages, ...missing.filter(name => !/^libc6|^libc-bin/.test(name))])]

  const downloads = mkdtempSync(`${root}-`)
  try {
    await apt(['download', ...wanted], { known, cwd: downloads })
    for (const file of readdirSync(downloads)) await run('dpkg', ['-x', join(downloads, file), root])
  } finally {
    rmSync(downloads, { recursive: true, force: true })
  }
}

async function apt (args: string[], { known, cwd = known }: { known: string, cwd?: string }) {
  return await run('apt-get', [
    '-q',
    ...['-c', join(known, 'apt.conf')],
    ...['-o', `Dir::State=${join(known, 'state')}`],
    ...['-o', `Dir::Cache=${join(known, 'cache')}`],
    ...args
  ], {
    cwd,
    maxBuffer: aptOutputMaxBytes,
    timeout: aptTimeoutMs,
    env: { ...process.env, LC_ALL: 'C' }
  })
}

// Makes a folder under another name first. Several processes may do so at once: one that finds the folder in place uses
// it and drops its own.
async function makeFolder (folder: string, fill: (fresh: string) => Promise<void>) {
  const fresh = mkdtempSync(`${folder}-`)
  try {
    await fill(fresh)
    renameSync(fresh, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
  } finally {
    rmSync(fresh, { recursive: true, force: true })
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
