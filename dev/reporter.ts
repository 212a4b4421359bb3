import type { Readable } from 'node:stream'
import { Parser, type FinalResults, type Result, type TapError } from 'tap-parser'

export interface FileReport {
  passed: number
  failed: number
  skipped: number
  /** What went wrong, ready to be printed. */
  failures: string[]
}

/** How the process of a test file ended. */
export interface Ending {
  code: number
  /** The deadline in seconds, when it was missed. */
  hungAfter?: number
}

/**
 * Reads the TAP that one test file prints and counts its assertions, including those of subtests. A file that crashed,
 * hung, asserted nothing or ended without a plan has failed, even if everything that it printed before was ok.
 */
export async function report (tap: Readable, ending: Promise<Ending>): Promise<FileReport> {
  const counts: FileReport = { passed: 0, failed: 0, skipped: 0, failures: [] }
  const parser = new Parser()
  const completed = new Promise<FinalResults>(resolve => parser.once('complete', resolve))

  parser.on('result', (result: Result) => count(result))
  tap.on('data', chunk => parser.write(chunk))
  tap.once('end', () => parser.end())

  const [results, end] = await Promise.all([completed, ending])
  const complaint = complain(results, end)
  if (complaint !== undefined) fail(complaint)
  return counts

  function count (result: Result) {
    if (result.skip !== false || result.todo !== false) counts.skipped++
    else if (result.ok) counts.passed++
    else fail(describe(result))
  }

  function fail (text: string) {
    counts.failed++
    counts.failures.push(text)
  }

  function complain (results: FinalResults, { code, hungAfter }: Ending) {
    if (hungAfter !== undefined) return `it hung: killed after ${hungAfter} s`
    if (results.bailout !== false) return `it bailed out: ${String(results.bailout)}`
    if (counts.passed + counts.failed + counts.skipped === 0) {
      return code === 0 ? skipAll(results) : `it crashed with exit code ${code} before the first assertion`
    }
    if (counts.failed > 0) return undefined
    if (!results.ok) return `its TAP is broken: ${results.failures.map(tapError).join('; ')}`
    if (code !== 0) return `it ended with exit code ${code}`
  }

  // A file may say that it has nothing to do here, but it must say why.
  function skipAll ({ plan }: FinalResults) {
    if (!plan.skipAll || plan.skipReason === '' || plan.skipReason === 'no tests found') return 'it has no test'
    counts.skipped++
  }
}

function describe ({ fullname, name, diag }: Result) {
  const path = fullname || name
  return diag === null || diag === undefined ? path : `${path}\n${yaml(diag).trimEnd()}`
}

// Texts of several lines in tap's diagnostics (diff, stack, source) are printed as they are: they are read first.
function yaml (diag: unknown) {
  if (typeof diag !== 'object' || diag === null) return String(diag)
  return Object.entries(diag).map(([key, value]) => typeof value === 'string' && value.includes('\n')
    ? `${key}:\n${value.trimEnd().replaceAll(/^/gm, '  ')}\n`
    : `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}\n`).join('')
}

function tapError (failure: TapError) {
  return failure.tapError ?? ('name' in failure ? String(failure.name) : 'unknown')
}
