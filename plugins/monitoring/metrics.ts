import fp from 'fastify-plugin'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { counters, durationOutcomes, durations } from '../../lib/operations/metrics.ts'
import type { DurationName, Figures, Metrics } from '../../lib/operations/metrics.ts'

/**
 * A request and its answer. The route is the pattern, because a URL would make a time series of its own for each id.
 */
export interface Exchange { method: string, route: string, status: string }

export interface MetricsRegistry extends Metrics {
  /** Records how long (seconds) a request took. */
  observe (exchange: Exchange, seconds: number): void
  /** All metrics in the text format of Prometheus. */
  render (): Promise<string>
  /** The media type of that text. */
  readonly contentType: string
}

declare module 'fastify' {
  interface FastifyInstance { readonly metrics: MetricsRegistry }
}

/** The upper bounds (s) of the histogram's buckets. */
const bucketSeconds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** `app.metrics`: counters, gauges, the durations of requests, and the figures of the process. */
export default fp(async function keepMetrics (app) {
  const registry = new Registry()
  const registers = [registry]
  const figures = figuresOfProcess()
  const byName = new Map(Object.entries(counters).map(([name, { help, labels }]) => {
    const counter = new Counter({ name: `latchkey_${name}_total`, help, labelNames: Object.keys(labels), registers })
    for (const combination of combinationsOf(labels)) counter.inc(combination, 0)
    return [name, counter]
  }))
  const requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Requests, by method, route and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: bucketSeconds,
    registers
  })
  const durationsByName = new Map(Object.entries(durations).map(([name, help]) => {
    const labelNames = ['outcome']
    const duration = new Histogram({
      name: `latchkey_${name}_duration_seconds`, help, labelNames, buckets: bucketSeconds, registers
    })
    for (const outcome of durationOutcomes) duration.zero({ outcome })
    return [name, duration]
  }))
  // One for each route and status. To combine the labels for each request would cost more than to count it.
  const observers = new Map<string, ReturnType<typeof requests.labels>>()

  app.decorate('metrics', {
    increment: (name, labels, count = 1) => byName.get(name)?.inc(labels, count),
    gauge: (name, help, read) => registry.registerMetric(gaugeOf(name, help, read)),
    gauges: (name, help, label, read) => registry.registerMetric(gaugesOf(name, help, label, read)),
    time,
    total: (name, help, read) => registry.registerMetric(totalOf(name, help, read)),
    observe,
    render: async () => (await Promise.all([registry.metrics(), figures.metrics()])).join('\n'),
    contentType: registry.contentType
  })

  function observe ({ method, route, status }: Exchange, seconds: number) {
    const name = `${method} ${route} ${status}`
    const observer = observers.get(name) ?? requests.labels(method, route, status)
    observers.set(name, observer)
    observer.observe(seconds)
  }

  async function time<T> (name: DurationName, work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now()
    let outcome: typeof durationOutcomes[number] = 'failure'
    try {
      const result = await work()
      outcome = 'success'
      return result
    } finally {
      durationsByName.get(name)?.observe({ outcome }, (performance.now() - startedAt) / 1000)
    }
  }
}, { name: 'metrics' })

let ofProcess: Registry | undefined

/**
 * What prom-client shows of a process. Its observers of the event loop and of garbage collection end only with the
 * process, so all servers of a process share one registry. Another one would go on observing after its server has been
 * closed, and keep that in memory.
 */
function figuresOfProcess (): Registry {
  if (ofProcess === undefined) {
    ofProcess = new Registry()
    collectDefaultMetrics({ register: ofProcess })
  }
  return ofProcess
}

/** Each combination of the labels' values; none if the values of a label are not known here. */
function combinationsOf (labels: Record<string, readonly string[]>): Record<string, string>[] {
  let combinations: Record<string, string>[] = [{}]
  for (const [label, values] of Object.entries(labels)) {
    combinations = combinations.flatMap(others => values.map(value => ({ ...others, [label]: value })))
  }
  return combinations
}

/** A gauge that shows what `read` returns, and nothing while it throws. */
function gaugeOf (name: string, help: string, read: () => number) {
  return new Gauge({
    name,
    help,
    registers: [],
    collect () {
      try {
        this.set(read())
      } catch {
        this.remove()
      }
    }
  })
}

/** A gauge with a label, that shows the values which `read` lists, and nothing while it throws. */
function gaugesOf (name: string, help: string, label: string, read: () => Figures) {
  return new Gauge({
    name,
    help,
    labelNames: [label],
    registers: [],
    collect () {
      this.reset()
      for (const [value, figure] of figuresOf(read)) this.set({ [label]: value }, figure)
    }
  })
}

function figuresOf (read: () => Figures): Figures {
  try {
    return read()
  } catch {
    return []
  }
}

/** A counter whose count is kept elsewhere. */
function totalOf (name: string, help: string, read: () => number) {
  return new Counter({
    name,
    help,
    registers: [],
    collect () {
      this.reset()
      this.inc(read())
    }
  })
}
