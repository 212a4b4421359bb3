import { createInterface } from 'node:readline/promises'
import { UsageError } from './command.ts'
import type { Surroundings } from './command.ts'

/**
 * Asks a person at a terminal to type a word. Without a terminal there is nobody to ask.
 * @throws UsageError without a terminal
 * @throws Error if something else is typed
 */
export async function confirm (
  { stdin, stderr }: Pick<Surroundings, 'stdin' | 'stderr'>,
  question: string,
  word: string
): Promise<void> {
  if (!stdin.isTTY) throw new UsageError(`${question} Nothing was done: add --yes.`)
  const terminal = createInterface({ input: stdin, output: stderr })
  const typed = await terminal.question(`${question} Type ${word} to go on: `).finally(() => terminal.close())
  if (typed.trim() !== word) throw new Error('Nothing was done.')
}
