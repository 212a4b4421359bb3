/** What a sink needs of the file system; `node:fs` has it. Data may be written in part: the answer says how much. */
export interface LogFile {
  write (fd: number, data: Uint8Array, done: (error: Error | null, written: number) => void): void
  writeSync (fd: number, data: Uint8Array): number
}

export interface LogSink {
  write (line: string): void
  /** Writes what waits at once, for the end of the process. Never throws. */
  flushSync (): void
  /** How many lines could not be written since the start. */
  lost (): number
}

interface SinkOptions {
  file: LogFile
  /** The file descriptor. */
  fd: number
  /** The most characters that wait. Lines beyond are lost, so that a log that hangs does not fill the memory. */
  waitingMax?: number
}

/** Lines that are written together; `data` is what is still to be written of them. */
interface Batch {
  data: Buffer
  lines: number
  /** How many lost lines the log has reported once this is written. */
  reports: number
}

/** Lines are written at the latest after this time (ms). */
const flushIntervalMs = 100
/** Lines are written as soon as this many characters wait. */
const flushCharacters = 64_000
/** How often, and after which pause (ms), a log that is busy (EAGAIN) is tried again at the end of the process. */
const busyTriesMax = 50
const busyPauseMs = 10
const newline = 10

/**
 * Writes many lines at a time. A log that takes no lines (a full disk, a reader that is gone) neither ends the process
 * nor holds it up: the lines are lost and counted. Before the first line that can be written again stands one that says
 * how many are missing and why.
 */
export function createLogSink ({ file, fd, waitingMax = 16_000_000 }: SinkOptions): LogSink {
  let waiting: string[] = []
  let characters = 0
  let isWriting = false
  let lostLines = 0
  /** How many of the lost lines the log has reported. */
  let reportedLines = 0
  let reason = ''
  /** Whether the log ends in the middle of a line. */
  let isTorn = false

  setInterval(flush, flushIntervalMs).unref()
  return { write, flushSync, lost: () => lostLines }

  function write (line: string) {
    if (characters + line.length > waitingMax) return lose(1, 'the log is too slow')
    waiting.push(line)
    characters += line.length
    if (characters >= flushCharacters) flush()
  }

  function flush () {
    if (isWriting || waiting.length === 0) return
    isWriting = true
    writeOn(takeWaiting())
  }

  function writeOn (batch: Batch) {
    file.write(fd, batch.data, (error, written) => {
      if (isBusy(error)) return setTimeout(writeOn, flushIntervalMs, batch)
      if (error) giveUp(batch, error)
      else if (!isDone(batch, written)) return writeOn(batch)
      isWriting = false
      if (characters >= flushCharacters) flush()
    })
  }

  /** What another thread is writing at this moment is not written again. */
  function flushSync () {
    if (waiting.length === 0) return
    const batch = takeWaiting()
    for (let tries = 0; tries < busyTriesMax; tries++) {
      try {
        while (!isDone(batch, file.writeSync(fd, batch.data)));
        return
      } catch (error) {
        if (!isBusy(error)) return giveUp(batch, error)
        pause(busyPauseMs)
      }
    }
  }

  /** Everything that waits, after the line that says what was lost before. */
  function takeWaiting (): Batch {
    const unreported = lostLines - reportedLines
    const torn = isTorn ? '\n' : ''
    const text = `${torn}${unreported > 0 ? lossLine(unreported, reason) : ''}${waiting.join('')}`
    const batch = { data: Buffer.from(text), lines: waiting.length, reports: lostLines }
    waiting = []
    characters = 0
    return batch
  }

  /** Notes how much of a batch was written; whether that was all. */
  function isDone (batch: Batch, written: number): boolean {
    if (written > 0) isTorn = batch.data[written - 1] !== newline
    batch.data = batch.data.subarray(written)
    if (batch.data.length > 0) return false
    reportedLines = batch.reports
    return true
  }

  function giveUp ({ data, lines }: Batch, error: unknown) {
    const unwritten = data.reduce((count, byte) => byte === newline ? count + 1 : count, 0)
    lose(Math.min(lines, unwritten), codeOf(error))
  }

  function lose (lines: number, why: string) {
    lostLines += lines
    reason = why
  }
}

function lossLine (lostLines: number, reason: string) {
  const msg = 'log lines are missing here, because they could not be written'
  return `${JSON.stringify({ level: 'error', time: new Date().toISOString(), lost_lines: lostLines, reason, msg })}\n`
}

const isBusy = (error: unknown) => /^(EAGAIN|EBUSY)$/.test(codeOf(error))

function codeOf (error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** Holds up this thread. */
function pause (milliseconds: number) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
