/** Pauses between attempts: the first three attempts are within a minute, the last is about a day after the first. */
const pausesMs = [5, 30, 3 * 60, 10 * 60, 30 * 60, 3600, 2 * 3600, 4 * 3600, 8 * 3600, 8 * 3600].map(s => s * 1000)
/** How often a job is attempted before it counts as failed. */
const defaultAttemptsMax = 3
/** A mail waits for a mail server that is away for a day, or that asks to come again (greylisting, RFC 6647). */
const attemptsMax: Readonly<Record<string, number>> = { mail: pausesMs.length + 1 }

/** How often a job of this queue is attempted at most. */
export function attemptsMaxOf (queue: string): number {
  return attemptsMax[queue] ?? defaultAttemptsMax
}

/**
 * Milliseconds before the next attempt, with up to a fifth more at random, so that many jobs that failed together are
 * not tried again together.
 */
export function delayAfter (attempt: number): number {
  const pauseMs = pausesMs[attempt - 1] ?? pausesMs.at(-1) ?? 0
  return pauseMs * (1 + Math.random() / 5)
}
