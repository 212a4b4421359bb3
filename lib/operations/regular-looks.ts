interface RegularLooksOptions {
  intervalMs: number
  /** Called with the error of a look that failed. */
  note: (error: unknown) => void
}

/**
 * Looks at once when it is started, and then at intervals until it is stopped. It is for figures that are shown until
 * they are stale: while a store does not answer they are missing, and other alarms say why.
 */
export function createRegularLooks (look: () => Promise<void>, { intervalMs, note }: RegularLooksOptions) {
  let timer: NodeJS.Timeout | undefined

  return { start, stop }

  function start () {
    lookOnce()
    timer = setInterval(lookOnce, intervalMs)
  }

  function stop () {
    clearInterval(timer)
  }

  function lookOnce () {
    look().catch(note)
  }
}
