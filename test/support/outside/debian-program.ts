import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { isDebian, unpackDebian } from '../../../dev/services/debian.ts'

const run = promisify(execFile)
const outputMaxBytes = 16 << 20

export interface DebianProgram {
  path: string
  /** The environment in which it finds its libraries. */
  env: NodeJS.ProcessEnv
  /** The folder below which its package is unpacked; `/` if it is installed. */
  root: string
  /** The reason why tests with it are skipped, or false if they can run. */
  missing: string | false
}

/** A program of a Debian package: the installed one, else one that is fetched. */
export async function debianProgram (name: string, packages: string[]): Promise<DebianProgram> {
  const root = findIn('/', name, process.env) ? { folder: '/', env: process.env } : await fetch(packages)
  const path = root instanceof Error ? null : findIn(root.folder, name, root.env)
  if (root instanceof Error || path === null) {
    const reason = root instanceof Error ? root.message : `it is not in ${packages.join(', ')}`
    console.error(`Left out: no ${name} here. ${reason}`)
    return { path: '', env: {}, root: '/', missing: `there is no ${name} here` }
  }
  return { path, env: root.env, root: root.folder, missing: false }
}

/** Runs it to its end and returns its exit code, what it wrote to the standard output, and everything that it said. */
export async function runProgram (
  { path, env }: Pick<DebianProgram, 'path' | 'env'>,
  args: string[],
  { input, ...options }: { cwd?: string, input?: string } = {}
) {
  const running = run(path, args, { env, ...options, maxBuffer: outputMaxBytes })
  // A program may end without reading its input.
  running.child.stdin?.on('error', () => {}).end(input)
  return await running.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, output: `${stdout}${stderr}` }),
    ({ code, stdout, stderr }: { code: number, stdout: string, stderr: string }) => ({ code, stdout, output: `${stdout}${stderr}` })
  )
}

async function fetch (packages: string[]) {
  if (!isDebian()) return new Error('it comes from Debian')
  return await unpackDebian(packages).catch((error: Error) => error)
}

function findIn (root: string, name: string, env: NodeJS.ProcessEnv): string | null {
  const standard = ['usr/bin', 'usr/sbin', 'bin', 'sbin'].map(folder => join(root, folder))
  const installed = root === '/' ? String(env['PATH']).split(delimiter) : []
  return [...standard, ...installed].map(folder => join(folder, name)).find(path => existsSync(path)) ?? null
}
