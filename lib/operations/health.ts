/** Resolves when all is well; whatever it throws, or not answering in time, counts as away. */
export type Probe = () => unknown

/** What is known of a probe: never asked, well, or away since a monotonic time. */
interface Watched { probe: Probe, every: number, due: number, running: boolean, downSince: number | null | undefined }

export interface HealthOptions {
  /** How long (ms) a store may be away before this node is not ready any more. */
  readyGrace: number
  /** A monotonic time in milliseconds. */
  now: () => number
  /** How long (ms) a probe may take. */
  deadline?: number
}

export type Health = ReturnType<typeof createHealth>
export type Overall = 'healthy' | 'degraded' | 'unhealthy'

/** Those that a node cannot work without, and the one it is of no use without. */
const stores = ['database', 'redis']
const essential = 'keys'

/**
 * What a node knows about itself. Probes are run in the background, `tick` by `tick`; answering a
 * question runs nothing, so no number of questions reaches a store.
 */
export function createHealth ({ readyGrace, now, deadline = 900 }: HealthOptions) {
  const watched = new Map<string, Watched>()
  let state: 'starting' | 'serving' | 'draining' = 'starting'

  return { register, tick, started, drain, isUp, isReady, overall }

  /** Adds a probe under a name: `database`, `redis`, `keys`, `mail`. It is run every so many milliseconds. */
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

  /** A probe that is still running from last time is not started again: it must not pile up on a store that hangs. */
  async function answers (entry: Watched): Promise<boolean> {
    entry.running = true
    const answer = Promise.resolve().then(entry.probe).then(() => true, () => false).finally(() => { entry.running = false })
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<boolean>(resolve => { timer = setTimeout(resolve, deadline, false) })

    return await Promise.race([answer, timeout]).finally(() => clearTimeout(timer))
  }

  /** Everything is open: traffic may come. */
  function started () {
    if (state === 'starting') state = 'serving'
  }

  /** This node is about to stop: no more traffic, please. */
  function drain () {
    state = 'draining'
  }

  /** Whether a probe was well when it was last asked; undefined when there is no such probe. */
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

  /** Unhealthy: cannot sign or verify. Degraded: a store does not answer. */
  function overall (): Overall {
    if (isUp(essential) === false) return 'unhealthy'
    return stores.some(name => isUp(name) === false) ? 'degraded' : 'healthy'
  }
}
