import type { StandardOutput } from './command.ts'

/** Shows a line of progress at a terminal; a pipe gets nothing. */
export function progress (stream: StandardOutput, line: string) {
  if (stream.isTTY) stream.write(`${line}\n`)
}
