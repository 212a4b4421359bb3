import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { spawnGuarded } from '../processes/guarded.ts'
import { compiledProgram, program } from '../processes/program.ts'
import { type FileReport, report, reportEach } from './reporter.ts'

export interface TestRun extends FileReport {
  file: string
  seconds: number
  /** Processor time of the file's process and of the processes that it started. */
  cpuSeconds: number
  stderr: string
}

/** Runs one test file in a process of its own, which is killed when it takes longer than allowed. */
export async function runTestFile (file: string, env: NodeJS.ProcessEnv, deadlineSeconds: number): Promise<TestRun> {
  const started = Date.now()
  const child = await spawnTests(program(file), env, deadlineSeconds)
  const counts = await report(child.stdout, child.ended)

  return {
    file,
    seconds: secondsSince(started),
    stderr: await child.complaints,
    ...counts,
    cpuSeconds: await child.cpuSeconds
  }
}

/** How many times the deadline of one file several have together, because a busy machine makes all of them slower. */
const togetherTimes = 3

/**
 * Runs test files one after another in one process, so that they read and compile the same modules once. The last run
 * holds what all of them wrote to stderr.
 */
export async function runTestFilesTogether (
  files: string[], env: NodeJS.ProcessEnv, deadlineSeconds: number
): Promise<TestRun[]> {
  const started = Date.now()
  const child = await spawnTests(
    program('dev/tests/together.ts'),
    { ...env, LATCHKEY_TEST_FILES: files.join(' ') },
    togetherTimes * deadlineSeconds
  )
  const reports = await reportEach(child.stdout, files, child.ended)
  // A file that has not come to its end took what nobody knows: the average stands for it.
  const unknown = { seconds: secondsSince(started) / files.length, cpuSeconds: 0 }
  const stderr = await child.complaints

  return files.map((file, place) => {
    const none: FileReport = { passed: 0, failed: 1, skipped: 0, failures: ['no report'] }
    const { times = unknown, ...counts } = reports[place] ?? none
    return { file, stderr: place === files.length - 1 ? stderr : '', ...counts, ...times }
  })
}

async function spawnTests (programArguments: string[], env: NodeJS.ProcessEnv, deadlineSeconds: number) {
  // tap's own time-out is 30 s for a whole file by default; this one lets it end shortly before our deadline.
  const child = await spawnGuarded([process.execPath, ...nodeOptions(), ...programArguments], {
    env: { TAP_TIMEOUT: `${deadlineSeconds - 10}`, ...env, NODE_ENV: 'test' },
    output: 'pipe',
    graceSeconds: 5
  })
  const { stdout, stderr, cpuSeconds } = child
  if (stdout === null || stderr === null) throw new Error('Tests run without pipes')
  return { stdout, cpuSeconds, complaints: collect(stderr), ended: ended() }

  async function ended () {
    const clock = new AbortController()
    const code = await Promise.race([child.exited, deadline(clock.signal)])
    clock.abort()
    if (code !== 'hung') return { code }
    return { code: await child.kill(), hungAfter: deadlineSeconds }
  }

  async function deadline (signal: AbortSignal) {
    await sleep(deadlineSeconds * 1000, undefined, { signal }).catch(() => {})
    return 'hung' as const
  }
}

// Tests make much that is soon thrown away: with more room for it the collector runs less often.
function nodeOptions () {
  return ['--max-semi-space-size=64', ...gatheredOutput()]
}

function gatheredOutput () {
  const compiled = compiledProgram('dev/tests/output.ts')
  return compiled === undefined ? [] : ['--import', pathToFileURL(compiled).href]
}

function secondsSince (started: number) {
  return (Date.now() - started) / 1000
}

async function collect (stream: Readable) {
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return text
}
