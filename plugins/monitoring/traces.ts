import { randomUUID } from 'node:crypto'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { setTimeout } from 'node:timers/promises'
import fp from 'fastify-plugin'
import type { Sampler, SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Config } from '../../lib/config/config.ts'
import { createTracing, noTracing } from '../../lib/context/tracing.ts'
import type { Recorder, SpanStart, Tracing } from '../../lib/context/tracing.ts'
import { createOutageLog } from '../../lib/operations/outage-log.ts'
import { createRateCap } from '../../lib/operations/rate-cap.ts'

declare module 'fastify' {
  interface FastifyInstance { readonly tracing: Tracing }
}

export type TracesOptions = Config['traces'] & Pick<Config['process'], 'version'>

/** How many traces begin in a second at most, whatever the sampler and other programs say. */
const tracesPerSecondMax = 100
/** How many spans wait to be sent at most; further ones are dropped. A request has ten to twenty. */
const waitingSpansMax = 2048
/** A batch is made into JSON at once, and requests wait meanwhile: for about 2 ms. */
const batchSpansMax = 256
const batchIntervalMs = 2000
/** How long (ms) the collector may take for a batch, with all attempts. */
const sendTimeoutMs = 5000
/** How long (ms) a node that stops tries to send what is left. */
const flushTimeoutMs = 1500

/**
 * `app.tracing`. Without OTEL_EXPORTER_OTLP_ENDPOINT nothing is recorded, and the libraries are not loaded. They patch
 * no modules: our own code says what is recorded.
 */
export default fp<TracesOptions>(async function recordTraces (app, options) {
  const { endpoint } = options
  if (endpoint === null) {
    app.decorate('tracing', noTracing)
    return
  }

  const { SpanKind, ROOT_CONTEXT, trace } = await import('@opentelemetry/api')
  const sdk = await import('@opentelemetry/sdk-trace')
  const { resourceFromAttributes } = await import('@opentelemetry/resources')
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http')
  const agent = endpoint.startsWith('https:')
    ? new HttpsAgent({ keepAlive: true, ...(options.authority !== null && { ca: options.authority }) })
    : new HttpAgent({ keepAlive: true })
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({
      ...options.resource,
      'service.name': options.serviceName,
      'service.version': options.version,
      'service.instance.id': randomUUID()
    }),
    sampler: capped(chosenSampler()),
    spanProcessors: [new sdk.BatchSpanProcessor({
      exporter: counted(new OTLPTraceExporter({
        url: `${endpoint}/v1/traces`,
        headers: options.headers,
        timeoutMillis: sendTimeoutMs,
        concurrencyLimit: waitingSpansMax / batchSpansMax,
        httpAgentOptions: () => agent
      })),
      maxQueueSize: waitingSpansMax,
      maxExportBatchSize: batchSpansMax,
      scheduledDelayMillis: batchIntervalMs,
      exportTimeoutMillis: sendTimeoutMs
    })]
  })
  const tracer = provider.getTracer('latchkey', options.version)
  const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL }

  app.decorate('tracing', createTracing({ start }))
  app.addHook('onClose', async () => {
    await flushed(provider)
    // What hangs by now would keep the process alive.
    agent.destroy()
  })

  function start ({ name, role, attributes, parent }: SpanStart): ReturnType<Recorder['start']> {
    app.metrics.increment('trace_spans', { outcome: 'begun' })
    return tracer.startSpan(name, { kind: kinds[role], attributes }, contextOf(parent))
  }

  function contextOf (parent: SpanStart['parent']) {
    if (parent === null) return ROOT_CONTEXT
    if ('spanContext' in parent) return trace.setSpan(ROOT_CONTEXT, parent)
    const { traceId, spanId, isSampled } = parent
    return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: Number(isSampled), isRemote: true })
  }

  function chosenSampler (): Sampler {
    const [, isParentBased, kind] = /^(parentbased_)?(.*)$/.exec(options.sampler) ?? []
    const root = kind === 'always_on'
      ? new sdk.AlwaysOnSampler()
      : kind === 'always_off' ? new sdk.AlwaysOffSampler() : new sdk.TraceIdRatioBasedSampler(options.share)
    return isParentBased === undefined ? root : new sdk.ParentBasedSampler({ root })
  }

  /** A part of a trace that is sampled here is sampled. Traces begin at a limited rate. */
  function capped (sampler: Sampler): Sampler {
    const take = createRateCap(tracesPerSecondMax)
    const { NOT_RECORD, RECORD_AND_SAMPLED } = sdk.SamplingDecision

    return {
      shouldSample (context, ...rest) {
        const parent = trace.getSpanContext(context)
        if (parent !== undefined && parent.isRemote !== true) return { decision: RECORD_AND_SAMPLED }
        const result = sampler.shouldSample(context, ...rest)
        return result.decision !== RECORD_AND_SAMPLED || take() ? result : { decision: NOT_RECORD }
      },
      toString: () => `${sampler.toString()}, ${tracesPerSecondMax}/s`
    }
  }

  function counted (exporter: SpanExporter): SpanExporter {
    const outages = createOutageLog(app.log, 'traces')

    return {
      export (spans, done) {
        exporter.export(spans, result => {
          app.metrics.increment('trace_spans', { outcome: result.code === 0 ? 'sent' : 'failed' }, spans.length)
          outages.note(result.code === 0 ? null : result.error)
          done(result)
        })
      },
      shutdown: () => exporter.shutdown()
    }
  }
}, { name: 'traces', decorators: { fastify: ['metrics'] } })

/** Sends what is left, in limited time. */
async function flushed (provider: TracerProvider) {
  const giveUp = new AbortController()
  const timeout = setTimeout(flushTimeoutMs, undefined, { signal: giveUp.signal }).catch(() => {})
  await Promise.race([provider.shutdown().catch(() => {}), timeout])
  giveUp.abort()
}
