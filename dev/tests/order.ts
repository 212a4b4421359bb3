import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { mayShareProcess } from './files.ts'
import type { TestRun } from './run-file.ts'

const record = '.data/test-seconds.json'
/** Files that start servers of their own or wait for time to pass, and so take longer than their size suggests. */
const slow = /^test\/(browser|clients|cli|deploy|docs|failure|model|races|server|shares|siege|stores)/

/** Those that take more than a minute. */
const slowest = /^test\/(deploy\/backup|failure\/rolling-restart|model\/protocol|server)\.test/

/** A process keeps what its files have compiled and opened, so it runs no more of them than this. */
const filesPerProcess = 15

/** What to run, each batch in one process. */
export interface Batches {
  /** Files that may share a process. */
  together: string[][]
  /** Files that need a process of their own. */
  alone: string[][]
}

/**
 * The files in batches, in the order in which to begin them: the longest first, so that a run does not end with one
 * file alone. The durations are those of the last run. Files that have not run yet come first: those known to be slow,
 * then the rest, the largest before the smaller.
 */
export function inBatches (files: string[]): Batches {
  const known = readDurations()
  const size = new Map(files.map(file => [file, statSync(file).size]))
  const sorted = files.toSorted((a, b) => duration(b) - duration(a) || sizeOf([b]) - sizeOf([a]))

  return {
    together: deal(sorted.filter(mayShareProcess))
      .sort((a, b) => durationOf(b) - durationOf(a) || sizeOf(b) - sizeOf(a)),
    alone: sorted.filter(file => !mayShareProcess(file)).map(file => [file])
  }

  function duration (file: string) {
    return known[file] ?? (slowest.test(file) ? 1e10 : slow.test(file) ? 1e9 : 1e6)
  }

  function durationOf (batch: string[]) {
    return batch.reduce((sum, file) => sum + duration(file), 0)
  }

  function sizeOf (batch: string[]) {
    return batch.reduce((sum, file) => sum + (size.get(file) ?? 0), 0)
  }
}

/** Shares files out so that each batch has long and short ones. */
function deal (files: string[]): string[][] {
  const batches = Math.ceil(files.length / filesPerProcess)
  return Array.from({ length: batches }, (_, batch) => files.filter((_, place) => place % batches === batch))
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
