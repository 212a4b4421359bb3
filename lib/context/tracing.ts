import type { Span, SpanStatusCode } from '@opentelemetry/api'
import { currentContext, runPart } from './work.ts'

export type Attributes = Record<string, string | number>

/** Which part a span is in a call between two programs. */
export type SpanRole = 'server' | 'client' | 'internal'

export interface SpanStart {
  name: string
  role: SpanRole
  attributes: Attributes
  /** The span that it is a part of, ours or another program's (W3C Trace Context); null begins a trace. */
  parent: Span | TraceParent | null
}

/** What another program says about the trace that a request belongs to. */
export interface TraceParent { traceId: string, spanId: string, isSampled: boolean }

/** What we need of a tracer. A span that is not sampled has ids and records nothing. */
export interface Recorder { start (span: SpanStart): Span }

/** A trace, from its first span here to the end of that. */
export interface Trace {
  /** For the log: `trace_id` and `span_id` (OpenTelemetry, Trace Context in non-OTLP Log Formats). */
  readonly ids: Readonly<Record<string, string>>
  /** The first span; null if the trace is not sampled. */
  readonly span: Span | null
  /** @param failure what the OpenTelemetry conventions call `error.type` */
  end (last: { name?: string, attributes?: Attributes, failure?: string | null }): void
}

/** Records what requests and jobs wait for. Names and attributes are made here and never come from a client. */
export interface Tracing {
  /** Whether anything is recorded in this process. */
  readonly isOn: boolean
  /** Begins a trace; null if nothing is recorded in this process. */
  begin (name: string, start?: Partial<Omit<SpanStart, 'name'>>): Trace | null
  /** Does the work, and records how long it took and whether it threw, if it is a part of a trace that is sampled. */
  span<T> (name: string, start: Partial<Omit<SpanStart, 'name' | 'parent'>>, work: () => Promise<T>): Promise<T>
}

/** Records nothing. */
export const noTracing: Tracing = { isOn: false, begin: () => null, span: (_name, _start, work) => work() }

/** The status of a span that has failed (of the enum, whose module is loaded only where traces are recorded). */
const failed: SpanStatusCode.ERROR = 2

export function createTracing (recorder: Recorder): Tracing {
  return { isOn: true, begin, span }

  function begin (name: string, { role = 'internal', attributes = {}, parent = null }: Partial<SpanStart> = {}): Trace {
    const span = recorder.start({ name, role, attributes, parent })
    const { traceId, spanId } = span.spanContext()

    return {
      ids: { trace_id: traceId, span_id: spanId },
      span: span.isRecording() ? span : null,
      end ({ name, attributes = {}, failure = null }) {
        if (name !== undefined) span.updateName(name)
        span.setAttributes(attributes)
        if (failure !== null) fail(span, failure)
        span.end()
      }
    }
  }

  async function span<T> (
    name: string,
    { role = 'internal', attributes = {} }: Partial<SpanStart>,
    work: () => Promise<T>
  ): Promise<T> {
    const parent = currentContext()?.span ?? null
    if (parent === null) return await work()

    const span = recorder.start({ name, role, attributes, parent })
    try {
      return await runPart({ span }, work)
    } catch (error) {
      fail(span, failureOf(error))
      throw error
    } finally {
      span.end()
    }
  }
}

function fail (span: Span, failure: string) {
  span.setStatus({ code: failed })
  span.setAttribute('error.type', failure)
}

/** The code of an error, or the name of its class. Messages may repeat what a client has sent. */
export function failureOf (error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const code = 'code' in error ? String(error.code) : ''
  return /^\w{1,64}$/.test(code) ? code : error.name
}
