import { createInterface } from 'node:readline/promises'
import { UsageError } from './command.ts'

/**
 * Asks a person at a terminal to type a word. Without a terminal there is nobody to ask.
 * @throws UsageError without a terminal
 * @throws Error if something else is typed
 */
export async function confirm (question: string, word: string): Promise<void> {
  if (!process.stdin.isTTY) throw new UsageError(`${question} Nothing was done: add --yes.`)
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const typed = await terminal.question(`${question} Type ${word} to go on: `).finally(() => terminal.close())
  if (typed.trim() !== word) throw new Error('Nothing was done.')
}
