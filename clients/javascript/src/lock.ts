import type { Locks } from './host.ts'

/**
 * Does the work while no other tab does, if that is possible within a time. A lock that another tab does not give back
 * must not stop this one: after `waitMs` the work is done without it, which the server allows for.
 *
 * @param locks the Web Locks API, if there is one
 */
export async function exclusively (
  locks: Locks | undefined,
  name: string,
  waitMs: number,
  work: () => Promise<void>
): Promise<void> {
  if (locks === undefined) return await work()

  const waiting = new AbortController()
  const timer = setTimeout(() => waiting.abort(), waitMs)
  let isHeld = false
  try {
    await locks.request(name, { signal: waiting.signal }, async () => {
      isHeld = true
      await work()
    })
  } catch (error) {
    if (isHeld) throw error
    await work()
  } finally {
    // The signal means nothing to a lock that is held.
    clearTimeout(timer)
  }
}
