/** Resolves when all is well. A probe that throws, or does not answer in time, has failed. */
export type Probe = () => unknown

interface Watched {
  probe: Probe
  /** Milliseconds from one run to the next. */
  every: number
  /** The monotonic time of the next run. */
  due: number
  running: boolean
  /** Undefined before the first run, null while it succeeds, else the monotonic time since which it has failed. */
  downSince: number | null | undefined
}

export interface HealthOptions {
  /** Milliseconds that a store may be away before this node is not ready any more. */
  readyGrace: number
  /** The monotonic time in milliseconds. */
  now: () => number
  /** Milliseconds that a probe may take. */
  deadline?: number
}

export type Health = ReturnType<typeof createHealth>
export type Overall = 'healthy' | 'degraded' | 'unhealthy'

/** The stores a node needs to be ready, and the probe without which it is unhealthy. */
const stores = ['database', 'redis']
const essential = 'keys'

/**
 * The health of a node. Probes run in the background, at each `tick`. Asking runs nothing, so that no number of
 * questions reaches a store.
 */
export function createHealth ({ readyGrace, now, deadline = 900 }: HealthOptions) {
  const watched = new Map<string, Watched>()
  let state: 'starting' | 'serving' | 'draining' = 'starting'

  return { register, tick, started, drain, isUp, isReady, overall }

  /** Adds a probe (`database`, `redis`, `keys`, `mail`), which is run every `every` milliseconds. */
  function register (name: string, probe: Probe, { every = 1000 } = {}) {
    watched.set(name, { probe, every, due: -Infinity, running: false, downSince: undefined })
  }

  /** Runs the probes that are due, all at once, each with its deadline. Never throws. */
  async function tick () {
    await Promise.all([...watched.values()].filter(({ due }) => due <= now()).map(run))
  }

  async function run (entry: Watched) {
    entry.due = now() + entry.every
    const isWell = !entry.running && await answers(entry)
    entry.downSince = isWell ? null : entry.downSince ?? now()
  }

  /** Not called while the last run still goes on: probes must not pile up on a store that hangs. */
  async function answers (entry: Watched): Promise<boolean> {
    entry.running = true
    const answer = Promise.resolve()
      .then(entry.probe)
      .then(() => true, () => false)
      .finally(() => { entry.running = false })
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<boolean>(resolve => { timer = setTimeout(resolve, deadline, false) })

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

  /** Whether a probe succeeded at its last run; undefined when there is no such probe. */
  function isUp (name: string): boolean | undefined {
    const entry = watched.get(name)
    return entry && entry.downSince === null
  }

  /** Whether a load balancer should send traffic here. */
  function isReady (): boolean {
    return state === 'serving' && isUp(essential) !== false && stores.every(name => {
      const since = watched.get(name)?.downSince
      return since === undefined || since === null || now() - since <= readyGrace
    })
  }

  /** Unhealthy: the node cannot sign or verify. Degraded: a store does not answer. */
  function overall (): Overall {
    if (isUp(essential) === false) return 'unhealthy'
    return stores.some(name => isUp(name) === false) ? 'degraded' : 'healthy'
  }
}
