/** Shows a line of progress at a terminal; a pipe gets nothing. */
export function progress (line: string) {
  if (process.stderr.isTTY) console.error(line)
}
