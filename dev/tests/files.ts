import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, normalize, relative } from 'node:path'

// These change what belongs to their process (environment, signals, its end), hold its event loop, need little of what
// the others have compiled, or wait for long for processes that they start.
const alone = [
  /^test\/(browser|deploy|dev|failure|model)\//,
  /^test\/(architecture|races|server|shares|siege)\.test/,
  /^test\/clients\/javascript\/(bearer|browser|example|example-factors|generated|package)\.test/,
  /^test\/clients\/verifier\/(chaos|package)\.test/,
  /^test\/docs\/(incidents|setup|upgrading)\.test/,
  /^test\/lib\/passwords\/hash-threads\.test/,
  /^test\/lib\/transfers\/files\.test/,
  /^test\/stores\/(plans|redis-cluster|redis-sentinel)\.test/
]

/**
 * The test files below a folder: all of them, or those that the arguments name (a file, a folder or a part of a path).
 *
 * @throws Error when an argument names no test file.
 */
export function findTestFiles (folder: string, names: string[]): string[] {
  const all = below(folder)
  if (names.length === 0) return all
  return [...new Set(names.flatMap(name => named(name, all)))].sort()
}

function named (name: string, all: string[]) {
  const path = relative('.', normalize(name))
  const found = existsSync(path)
    ? statSync(path).isDirectory() ? below(path) : [path]
    : all.filter(file => file.includes(name))

  if (found.length === 0) throw new Error(`No test file matches ${name}`)
  return found
}

function below (folder: string) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.test.ts'))
    .map(file => join(folder, file))
    .sort()
}

/** Whether a test file may run in one process with others, because it leaves alone what belongs to the process. */
export function mayShareProcess (file: string): boolean {
  return !alone.some(pattern => pattern.test(file))
}
