/** Tells a person at a terminal what is going on; a pipe hears nothing of it. */
export function progress (line: string) {
  if (process.stderr.isTTY) console.error(line)
}
