import { hostname } from 'node:os'
import fp from 'fastify-plugin'
import type { Config } from '../../lib/config/config.ts'
import { errorEvent } from '../../lib/operations/error-event.ts'
import type { ErrorPlace } from '../../lib/operations/error-event.ts'
import { createOutageLog } from '../../lib/operations/outage-log.ts'
import { createRateCap } from '../../lib/operations/rate-cap.ts'

export interface ErrorReports {
  /** Reports an error that nobody has expected. It never throws, and nothing waits for it. */
  report (error: unknown, place: ErrorPlace): void
  /** Whether reports leave this process. */
  readonly isOn: boolean
}

declare module 'fastify' {
  interface FastifyInstance { readonly errorReports: ErrorReports }
}

export type ErrorReportsOptions = Config['errorReports'] & Pick<Config['process'], 'version'>

/** One error may come with each request: the first ones say what there is to say. */
const reportsPerMinuteMax = 30
/** How many reports are on their way at most. */
const sendingMax = 10
/** How long (ms) one may take. */
const sendTimeoutMs = 5000
/** How long (ms) a node that stops tries to send what is left. */
const flushTimeoutMs = 1500

/**
 * `app.errorReports`. Without SENTRY_DSN nothing leaves, and the library is not loaded. Of Sentry only the protocol is
 * used: no integrations, no hooks into other modules, no breadcrumbs. An event contains what `errorEvent` puts into it.
 */
export default fp<ErrorReportsOptions>(async function reportErrors (app, { dsn: address, environment, version }) {
  if (address === null) {
    app.decorate('errorReports', { report () {}, isOn: false })
    return
  }

  const sentry = await import('@sentry/core')
  const dsn = sentry.dsnFromString(address)
  if (dsn === undefined) throw new Error('SENTRY_DSN cannot be read')

  const sdk = { name: 'latchkey', version, settings: { infer_ip: 'never' as const } }
  const take = createRateCap(reportsPerMinuteMax / 60, { burst: reportsPerMinuteMax })
  const outages = createOutageLog(app.log, 'error reports')
  const stopping = new AbortController()
  const url = sentry.getEnvelopeEndpointWithUrlEncodedAuth(dsn, undefined, sdk)
  const transport = sentry.createTransport({ bufferSize: sendingMax, recordDroppedEvent }, send)
  const readStack = sentry.createStackParser(sentry.nodeStackLineParser())

  app.decorate('errorReports', { report, isOn: true })
  app.addHook('onClose', async () => {
    await transport.flush(flushTimeoutMs)
    stopping.abort()
  })

  function report (error: unknown, place: ErrorPlace) {
    if (!take()) return count('dropped')
    const event = {
      ...errorEvent(error, place, readStack),
      event_id: crypto.randomUUID().replaceAll('-', ''),
      timestamp: Date.now() / 1000,
      release: `latchkey@${version}`,
      environment,
      server_name: hostname(),
      sdk
    }
    transport.send(sentry.createEventEnvelope(event, dsn, { sdk })).then(() => {}, () => {})
  }

  async function send ({ body }: { body: string | Uint8Array }) {
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(sendTimeoutMs)])
    const headers = { 'content-type': 'application/x-sentry-envelope' }
    try {
      const response = await fetch(url, { method: 'POST', body, headers, redirect: 'error', signal })
      await response.body?.cancel()
      count(response.ok ? 'sent' : 'failed')
      outages.note(response.ok ? null : new Error(`Sentry answers ${response.status}`))
      return answerOf(response)
    } catch (error) {
      outages.note(error)
      throw error
    }
  }

  /** The library calls it for each event that it could not send, or has not tried to. */
  function recordDroppedEvent (reason: string) {
    if (reason !== 'send_error') count(reason === 'network_error' ? 'failed' : 'dropped')
  }

  function count (outcome: 'sent' | 'failed' | 'dropped') {
    app.metrics.increment('error_reports', { outcome })
  }
}, { name: 'error-reports', decorators: { fastify: ['metrics'] } })

/** What the library needs to know of an answer: for how long nothing is wanted (HTTP 429). */
function answerOf ({ status, headers }: Response) {
  return {
    statusCode: status,
    headers: {
      'x-sentry-rate-limits': headers.get('x-sentry-rate-limits'),
      'retry-after': headers.get('retry-after')
    }
  }
}
