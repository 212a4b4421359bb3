import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import type { TestRun } from './run-test-file.ts'

const record = '.data/test-seconds.json'
/** Files that start servers of their own or wait for time to pass, and so take longer than their size suggests. */
const slow = /^test\/(failure|stores|model|cli|deployment|server|browser\/spa|races|siege)/

/**
 * The files in the order in which to begin them: the longest first, so that a run does not end with one file alone. The
 * durations are those of the last run. Files that have not run yet come first: those known to be slow, then the rest,
 * the largest before the smaller.
 */
export function longestFirst (files: string[]): string[] {
  const known = readDurations()
  const size = new Map(files.map(file => [file, statSync(file).size]))

  return files.toSorted((a, b) => duration(b) - duration(a) || (size.get(b) ?? 0) - (size.get(a) ?? 0))

  function duration (file: string) {
    return known[file] ?? (slow.test(file) ? 1e9 : 1e6)
  }
}

/** Records how long files took, for the order of the next run. */
export function keepDurations (runs: Array<Pick<TestRun, 'file' | 'seconds'>>): void {
  mkdirSync('.data', { recursive: true })
  const measured = Object.fromEntries(runs.map(({ file, seconds }) => [file, seconds]))
  writeFileSync(record, JSON.stringify({ ...readDurations(), ...measured }))
}

function readDurations (): Record<string, number> {
  return existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')) : {}
}
