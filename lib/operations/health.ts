/** Resolves when all is well. A probe that throws, or does not answer in time, has failed. */
export type Probe = () => unknown

interface Watched {
  probe: Probe
  /** Milliseconds from one run to the next. */
  every: number
  /** Whether a short failure leaves the node ready. */
  hasGrace: boolean
  /** The monotonic time of the next run. */
  due: number
  running: boolean
  /** Undefined before the first run, null while it succeeds, else the monotonic time since which it has failed. */
  downSince: number | null | undefined
  /** Whether it has succeeded at least once. */
  isProved: boolean
  /** How the last run ended. */
  latest: Outcome | undefined
  /** The `reason` of the error that the last run threw, if it has one. */
  reason: string | null
}

/** How a run of a probe ended: it succeeded, it threw, or it did not end in time. */
type Outcome = 'well' | 'failed' | 'late'

export interface HealthOptions {
  /** Milliseconds that what a node needs may be away before the node is not ready any more. */
  readyGrace: number
  /** The monotonic time in milliseconds. */
  now: () => number
  /** Milliseconds that a probe may take. */
  deadline?: number
}

export type Health = ReturnType<typeof createHealth>
export type Overall = 'healthy' | 'degraded' | 'unhealthy'

/** The probe without which a node is unhealthy. */
const essential = 'keys'
/** A node is ready only with all of these. */
const needed = ['database', 'schema', 'redis', 'feed', essential]
/** The longest time (ms) from a failure of one of them to its next run. */
const retryMs = 500

/**
 * The health of a node. Probes run in the background, at each `tick`. Asking runs nothing, so that no number of
 * questions reaches a store.
 */
export function createHealth ({ readyGrace, now, deadline = 900 }: HealthOptions) {
  const watched = new Map<string, Watched>()
  let state: 'starting' | 'serving' | 'draining' = 'starting'

  return { register, tick, started, drain, isDraining, isUp, reasonOf, isReady, overall }

  /**
   * Adds a probe (`database`, `schema`, `redis`, `redis_writes`, `feed`, `keys`, `mail`), which is run every `every`
   * milliseconds. `hasGrace` is false for a probe whose failure does not pass by itself.
   */
  function register (name: string, probe: Probe, { every = 1000, hasGrace = true } = {}) {
    watched.set(name, {
      probe,
      every,
      hasGrace,
      due: -Infinity,
      running: false,
      downSince: undefined,
      isProved: false,
      latest: undefined,
      reason: null
    })
  }

  /** Runs the probes that are due, all at once, each with its deadline. Never throws. */
  async function tick () {
    await Promise.all([...watched].filter(([, { due }]) => due <= now()).map(run))
  }

  async function run ([name, entry]: [string, Watched]) {
    entry.due = now() + entry.every
    entry.latest = entry.running ? 'late' : await outcomeOf(entry)

    const isWell = entry.latest === 'well'
    entry.isProved ||= isWell
    entry.downSince = isWell ? null : entry.downSince ?? now()
    if (!isWell && needed.includes(name)) entry.due = Math.min(entry.due, now() + retryMs)
  }

  /** Not called while the last run still goes on: probes must not pile up on a store that hangs. */
  async function outcomeOf (entry: Watched): Promise<Outcome> {
    entry.running = true
    const answer = Promise.resolve()
      .then(entry.probe)
      .then((): Outcome => 'well', (error): Outcome => {
        entry.reason = reasonIn(error)
        return 'failed'
      })
      .finally(() => { entry.running = false })
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<Outcome>(resolve => { timer = setTimeout(resolve, deadline, 'late') })

    return await Promise.race([answer, timeout]).finally(() => clearTimeout(timer))
  }

  /** Everything has started: traffic may come. */
  function started () {
    if (state === 'starting') state = 'serving'
  }

  /** This node is about to stop: no more traffic is to come. */
  function drain () {
    state = 'draining'
  }

  /** Whether this node is about to stop. */
  function isDraining (): boolean {
    return state === 'draining'
  }

  /** Whether a probe succeeded at its last run; undefined when there is no such probe. */
  function isUp (name: string): boolean | undefined {
    const entry = watched.get(name)
    return entry && entry.downSince === null
  }

  /** Why a probe failed at its last run, in a word that may be shown to everybody; null if there is none. */
  function reasonOf (name: string): string | null {
    const entry = watched.get(name)
    return entry?.latest === 'failed' ? entry.reason : null
  }

  /** Whether a load balancer should send traffic here. */
  function isReady (): boolean {
    return state === 'serving' && needed.every(name => {
      const entry = watched.get(name)
      return entry === undefined || isWithinGrace(entry)
    })
  }

  // What has never worked gets no grace: it is no blip. A busy machine may be late with the first run, though.
  function isWithinGrace ({ downSince, isProved, latest, hasGrace }: Watched): boolean {
    if (downSince === undefined || downSince === null) return true
    return ((hasGrace && isProved) || latest === 'late') && now() - downSince <= readyGrace
  }

  /**
   * Unhealthy: the node cannot sign or verify. Degraded: a store does not answer, or the schema is not for this
   * code, or the node does not know what has ended, or its clock is wrong.
   */
  function overall (): Overall {
    if (isUp(essential) === false) return 'unhealthy'
    return needed.some(name => isUp(name) === false) ? 'degraded' : 'healthy'
  }
}

function reasonIn (error: unknown): string | null {
  return error instanceof Error && 'reason' in error && typeof error.reason === 'string' ? error.reason : null
}
