interface RegularLooksOptions {
  intervalMs: number
  /** Hears why a look has failed. */
  note: (error: unknown) => void
}

/**
 * Looks at once when it is started, and then at intervals until it is stopped. For figures that are shown until they
 * are stale: when a store does not answer they go, and other alarms say why.
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
