import fp from 'fastify-plugin'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { counters } from '../../lib/operations/metrics.ts'
import type { Metrics } from '../../lib/operations/metrics.ts'

/** What was asked, by the pattern of the route: a URL would make a series of its own of every id. */
export interface Exchange { method: string, route: string, status: string }

export interface MetricsRegistry extends Metrics {
  /** Notes how long (seconds) a request took. */
  observe (exchange: Exchange, seconds: number): void
  /** Everything in the text format of Prometheus, and its media type. */
  render (): Promise<string>
  readonly contentType: string
}

declare module 'fastify' {
  interface FastifyInstance { readonly metrics: MetricsRegistry }
}

/** `app.metrics`: counters, gauges and the figures of the process. */
export default fp(async function keepMetrics (app) {
  const registers = [new Registry()]
  const [registry = new Registry()] = registers
  const byName = new Map(Object.entries(counters).map(([name, { help, labels }]) => [name, new Counter({
    name: `latchkey_${name}_total`,
    help,
    labelNames: [...labels],
    registers
  })]))
  const requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Requests, by method, route and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers
  })

  // As many as there are routes and statuses: putting labels together anew for each request would cost more than counting it.
  const observers = new Map<string, ReturnType<typeof requests.labels>>()

  collectDefaultMetrics({ register: registry })
  app.decorate('metrics', {
    increment: (name, labels, count = 1) => byName.get(name)?.inc(labels, count),
    gauge: (name, help, read) => registry.registerMetric(new Gauge({
      name,
      help,
      registers: [],
      collect () { try { this.set(read()) } catch { this.reset() } }
    })),
    observe,
    render: () => registry.metrics(),
    contentType: registry.contentType
  })

  function observe ({ method, route, status }: Exchange, seconds: number) {
    const name = `${method} ${route} ${status}`
    const observer = observers.get(name) ?? requests.labels(method, route, status)
    observers.set(name, observer)
    observer.observe(seconds)
  }
}, { name: 'metrics' })
