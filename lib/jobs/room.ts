/** How a command waits. */
export interface Waiting {
  /** Resolves after some milliseconds. */
  pause: (milliseconds: number) => Promise<void>
  /** Called before each pause. */
  onWait: () => void
  /** The message of the error if no job has been done for ten minutes. */
  stalled: string
}

const pauseMs = 1000
/** How long no job may be done until it is given up. */
const stallTimeoutMs = 600_000

/**
 * Commands write this many jobs at once, and no more while as many wait to be done, so that no other job waits long
 * behind theirs.
 */
export const batchSize = 100

/**
 * Waits until there is room for more jobs.
 * @param look tells whether there is, and a number that falls while jobs are done
 * @throws Error `stalled` if the number has not fallen for ten minutes
 */
export async function waitForRoom (
  look: () => Promise<{ hasRoom: boolean, left: number }>, { pause, onWait, stalled }: Waiting
): Promise<void> {
  let fewest = Number.POSITIVE_INFINITY
  let stalledMs = 0
  for (;;) {
    const { hasRoom, left } = await look()
    if (hasRoom) return
    stalledMs = left < fewest ? 0 : stalledMs + pauseMs
    fewest = Math.min(fewest, left)
    if (stalledMs >= stallTimeoutMs) throw new Error(stalled)
    onWait()
    await pause(pauseMs)
  }
}
