// Comes before everything else in a process of tests: it gathers what they print. tap writes each line by itself, and
// a system call for each of some ten thousand lines takes longer than many tests.
import { writeSync } from 'node:fs'

const chunkBytes = 64 * 1024
/** Lines wait no longer than this, so that the last ones before a deadline are seen. */
const waitMs = 100
/** tap ends its tests when nothing is left to do, and may have to do a little more for it. */
const idleTurns = 3

let waiting = ''
let turns = 0
const write = process.stdout.write.bind(process.stdout)

process.stdout.write = gather
setInterval(flush, waitMs).unref()
process.on('exit', flushNow)
process.on('beforeExit', endAtLast)

function gather (chunk: string | Uint8Array, encoding?: unknown, done?: unknown): boolean {
  const callback = typeof encoding === 'function' ? encoding : done
  waiting += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
  if (waiting.length > chunkBytes) flush()
  if (typeof callback === 'function') process.nextTick(callback)
  return true
}

// Node 20 may turn for ever when it frees what a process of many connections leaves behind
// (Environment::CleanupHandles). process.exit() leaves that to the kernel.
function endAtLast () {
  if (++turns > idleTurns) process.exit()
  setImmediate(() => {})
}

function flush () {
  if (waiting === '') return
  write(waiting)
  waiting = ''
}

// The pipe may be full; the process ends only when the rest is written.
function flushNow () {
  let rest = Buffer.from(waiting)
  waiting = ''
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return
    }
  }
}
