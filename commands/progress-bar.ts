import type { WriteStream } from 'node:tty'

const width = 30

export type ProgressBar = ReturnType<typeof createProgressBar>

/**
 * A last line on a terminal that tells how far long work is, and lines above it; a pipe gets the lines only.
 * @param total what all of it comes to; null when nobody knows
 */
export function createProgressBar (stream: Pick<WriteStream, 'isTTY' | 'write' | 'columns'>, total: number | null) {
  let shown = ''

  return { show, print, clear }

  /** Shows how much of the total is done, and what else there is to say. */
  function show (done: number, text: string) {
    const bar = total === null ? text : `${barOf(Math.min(1, done / Math.max(1, total)))} ${text}`
    draw(bar.slice(0, Math.max(0, stream.columns - 1)))
  }

  /** Prints a line for good. */
  function print (line: string) {
    const bar = shown
    clear()
    stream.write(`${line}\n`)
    draw(bar)
  }

  function clear () {
    if (shown !== '') stream.write('\r\x1b[2K')
    shown = ''
  }

  function draw (line: string) {
    if (!stream.isTTY) return
    if (line !== '') stream.write(`\r\x1b[2K${line}`)
    shown = line
  }
}

function barOf (part: number) {
  const filled = Math.floor(part * width)
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${String(Math.floor(part * 100)).padStart(3)} %`
}
