import type { TraceParent } from '../context/tracing.ts'

/** `version-traceid-parentid-flags`; later versions may add fields (W3C Trace Context §3.2.2 and §4). */
const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const sampledFlag = 1

/** Reads the header `traceparent`; null if there is none, several, or an invalid one. */
export function readTraceparent (header: string | string[] | undefined): TraceParent | null {
  const [, version, traceId = '', spanId = '', flags = '', rest] = form.exec(String(header)) ?? []
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return null
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null
  return { traceId, spanId, isSampled: (parseInt(flags, 16) & sampledFlag) === sampledFlag }
}
