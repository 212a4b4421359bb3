import type { StandardOutput } from './command.ts'

const widthColumns = 30

/**
 * The last line of a terminal, which shows the progress of long work, and lines above it. A pipe gets the lines only.
 * @param total the amount of all work; null when it is not known
 */
export function createProgressBar (stream: Pick<StandardOutput, 'isTTY' | 'write' | 'columns'>, total: number | null) {
  let current = ''

  return { show, print, clear }

  /** Shows how much of the total is done, and a text. */
  function show (done: number, text: string) {
    const bar = total === null ? text : `${barOf(Math.min(1, done / Math.max(1, total)))} ${text}`
    draw(bar.slice(0, Math.max(0, (stream.columns ?? 0) - 1)))
  }

  /** Prints a line that stays. */
  function print (line: string) {
    const bar = current
    clear()
    stream.write(`${line}\n`)
    draw(bar)
  }

  function clear () {
    if (current !== '') stream.write('\r\x1b[2K')
    current = ''
  }

  function draw (line: string) {
    if (!stream.isTTY) return
    if (line !== '') stream.write(`\r\x1b[2K${line}`)
    current = line
  }
}

function barOf (part: number) {
  const filled = Math.floor(part * widthColumns)
  return `[${'#'.repeat(filled)}${'.'.repeat(widthColumns - filled)}] ${String(Math.floor(part * 100)).padStart(3)} %`
}
