import { Refusal } from '../errors.ts'
import { asOneLine } from '../formats/one-line.ts'

/** Thrown by a handler if something outside this code keeps it from its work: a mail server, say. */
export class AttemptFailure extends Error {
  override readonly name: string = 'AttemptFailure'
}

/** Thrown by a handler if another attempt would fail in the same way: the job counts as failed at once. */
export class PermanentFailure extends AttemptFailure {
  override readonly name = 'PermanentFailure'
}

/** Whether an attempt failed for a reason that its handler knows, so that nobody has to look at the code. */
export function isExpected (error: unknown): boolean {
  return error instanceof AttemptFailure || (error instanceof Refusal && error.status !== 500)
}

/**
 * Why an attempt failed, and whether another one would be of no use. The reason is on one line, without characters that
 * Postgres does not store, that a terminal obeys or that change the direction of the text around them.
 */
export function explain (error: unknown): { reason: string, isPermanent: boolean } {
  const message = error instanceof Error ? error.message : String(error)
  const reason = (asOneLine(message.slice(0, 300)) ?? '').replaceAll(/\s+/g, ' ')
  return { reason, isPermanent: error instanceof PermanentFailure }
}
