/** A signal that arrives this soon after another is the same request to end. */
const sameSignalMs = 1000
const parentPollMs = 500

/**
 * Calls back once when this process is asked to end: by Ctrl-C, by SIGTERM or SIGHUP, or because
 * the npm that started it is gone. A second signal ends it at once.
 */
export function onceAskedToEnd (end: (reason: string) => void, atOnce: () => void = () => {}): void {
  const parent = process.ppid
  let askedAt = 0

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ask(signal))
  if (process.env['npm_lifecycle_event'] !== undefined) setInterval(watchParent, parentPollMs).unref()

  function watchParent () {
    if (process.ppid !== parent && askedAt === 0) ask('npm has gone')
  }

  function ask (reason: string) {
    const now = Date.now()

    if (askedAt === 0) {
      askedAt = now
      end(reason)
    } else if (now - askedAt > sameSignalMs) {
      // Ctrl-C arrives twice within a moment: from the terminal and from npm, which passes it on.
      atOnce()
      process.exit(130)
    }
  }
}
