import type { Readable } from 'node:stream'
import { Parser, type FinalResults, type Result, type TapError } from 'tap-parser'

export interface FileReport {
  passed: number
  failed: number
  skipped: number
  /** What went wrong, ready to be printed. */
  failures: string[]
  /** What the file took, where files share a process. */
  times?: Times | undefined
}

/** How long a file took, and how much time of a processor. */
export interface Times { seconds: number, cpuSeconds: number }

/** How the process of a test file ended. */
export interface Ending {
  code: number
  /** The deadline in seconds, when it was missed. */
  hungAfter?: number
}

/** What a process says of the times of a file, where files share the process. */
export const timesOfFile = {
  write: ({ seconds, cpuSeconds }: Times) => `${seconds} seconds, ${cpuSeconds} of a processor`,
  read (comment: string): Times | undefined {
    const [, seconds, cpuSeconds] = /^# ([\d.]+) seconds, ([\d.]+) of a processor/.exec(comment) ?? []
    return seconds === undefined ? undefined : { seconds: Number(seconds), cpuSeconds: Number(cpuSeconds) }
  }
}

/**
 * Reads the TAP that one test file prints and counts its assertions, including those of subtests. A file that crashed,
 * hung, asserted nothing or ended without a plan has failed, even if everything that it printed before was ok.
 */
export async function report (tap: Readable, ending: Promise<Ending>): Promise<FileReport> {
  const tally = createTally()
  const parser = new Parser()
  parser.on('result', (result: Result) => tally.count(result))

  const [results, end] = await Promise.all([parse(tap, parser), ending])
  return tally.conclude(results, end)
}

/**
 * Reads the TAP of several files that ran one after another in one process, each as one subtest that has its name. What
 * ends the process early (a crash, the deadline) is the failure of each file that has not ended.
 */
export async function reportEach (tap: Readable, files: string[], ending: Promise<Ending>): Promise<FileReport[]> {
  const begun = new Map<string, { tally: Tally, results?: FinalResults, times?: Times }>()
  const parser = new Parser()

  parser.on('child', (child: Parser) => {
    const entry: { tally: Tally, results?: FinalResults } = { tally: createTally() }
    begun.set(child.name, entry)
    child.once('complete', (results: FinalResults) => { entry.results = results })
  })
  parser.on('result', (result: Result) => last()?.tally.count(result))
  parser.on('comment', (comment: string) => {
    const entry = last()
    const times = timesOfFile.read(comment)
    if (entry && times) entry.times = times
  })

  const [results, end] = await Promise.all([parse(tap, parser), ending])
  return files.map(file => {
    const { tally = createTally(), results: own, times } = begun.get(file) ?? {}
    const hasEnded = times !== undefined && own !== undefined
    return { ...tally.conclude(own ?? results, hasEnded ? { code: 0 } : { ...end, code: end.code || 1 }), times }
  })

  function last () {
    return [...begun.values()].at(-1)
  }
}

type Tally = ReturnType<typeof createTally>

function createTally () {
  const counts: FileReport = { passed: 0, failed: 0, skipped: 0, failures: [] }
  return { count, conclude }

  function count (result: Result) {
    if (result.skip !== false || result.todo !== false) counts.skipped++
    else if (result.ok) counts.passed++
    else fail(describe(result))
  }

  function conclude (results: FinalResults, end: Ending): FileReport {
    const complaint = complain(results, end)
    if (complaint !== undefined) fail(complaint)
    return counts
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

async function parse (tap: Readable, parser: Parser): Promise<FinalResults> {
  const completed = new Promise<FinalResults>(resolve => parser.once('complete', resolve))
  tap.on('data', chunk => parser.write(chunk))
  tap.once('end', () => parser.end())
  return await completed
}

function describe ({ fullname, name, diag }: Result) {
  const path = fullname || name
  return diag === null || diag === undefined ? path : `${path}\n${yaml(diag).trimEnd()}`
}

// Texts of several lines in tap's diagnostics (diff, stack) are printed as they are: they are read first. `source` is
// left out, because it is what was compiled; the stack names our line.
function yaml (diag: unknown) {
  if (typeof diag !== 'object' || diag === null) return String(diag)
  return Object.entries(diag).filter(([key]) => key !== 'source').map(([key, value]) => yamlLine(key, value)).join('')
}

function yamlLine (key: string, value: unknown) {
  if (typeof value !== 'string') return `${key}: ${JSON.stringify(value)}\n`
  return value.includes('\n') ? `${key}:\n${value.trimEnd().replaceAll(/^/gm, '  ')}\n` : `${key}: ${value}\n`
}

function tapError (failure: TapError) {
  return failure.tapError ?? ('name' in failure ? String(failure.name) : 'unknown')
}
