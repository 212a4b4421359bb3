import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import type { TestRun } from './run-test-file.ts'

const record = '.data/test-seconds.json'
/** What starts servers of its own or waits for time to pass, and so takes longer than its size says. */
const slow = /^test\/(failure|stores|model|cli|deployment|server|browser\/spa|races|siege)/

/**
 * The files in the order in which they are best begun: the longest first, so that none is waited for alone
 * in the end. Measured is the last run; what has not run yet goes first: what is known to be slow, then the
 * largest before the smaller.
 */
export function longestFirst (files: string[]): string[] {
  const known = readDurations()
  const size = new Map(files.map(file => [file, statSync(file).size]))

  return files.toSorted((a, b) => duration(b) - duration(a) || (size.get(b) ?? 0) - (size.get(a) ?? 0))

  function duration (file: string) {
    return known[file] ?? (slow.test(file) ? 1e9 : 1e6)
  }
}

/** Remembers how long files took. */
export function keepDurations (runs: Array<Pick<TestRun, 'file' | 'seconds'>>): void {
  mkdirSync('.data', { recursive: true })
  writeFileSync(record, JSON.stringify({ ...readDurations(), ...Object.fromEntries(runs.map(({ file, seconds }) => [file, seconds])) }))
}

function readDurations (): Record<string, number> {
  return existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')) : {}
}
