import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { spawnGuarded } from './guarded.ts'
import { program } from './program.ts'
import { type FileReport, report } from './reporter.ts'

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
  // tap's own time-out is 30 s for a whole file by default; this one lets it end shortly before our deadline.
  const child = await spawnGuarded([process.execPath, ...program(file)], {
    env: { TAP_TIMEOUT: `${deadlineSeconds - 10}`, ...env, NODE_ENV: 'test' },
    output: 'pipe',
    graceSeconds: 5
  })
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error('A test file runs without pipes')

  const complaints = collect(stderr)
  const counts = await report(stdout, ended())
  return {
    file,
    seconds: (Date.now() - started) / 1000,
    cpuSeconds: await child.cpuSeconds,
    stderr: await complaints,
    ...counts
  }

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

async function collect (stream: Readable) {
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return text
}
