import { endReasons, refusalCodes } from '../errors.ts'

/**
 * Every counter: its meaning and its labels. It is shown as `latchkey_<name>_total`. The values of labels are a few
 * fixed words, never what a client sends. Where all values are listed here, each combination is shown from the start
 * with 0, because `increase()` of Prometheus does not see a series that begins with its first event. Where the list is
 * empty, the code that counts calls `increment` with 0 at its start.
 */
export const counters = {
  refused: { help: 'Requests refused, by code.', labels: { code: refusalCodes } },
  forwarded_unreadable: {
    help: 'Requests whose address, as a trusted proxy forwarded it, cannot be read: the proxy counts as the caller.',
    labels: {}
  },
  authz_denied: { help: 'Acts refused for want of a permission or of rank, by permission asked for (none: by rank).', labels: { reason: [] } },
  sign_ups: { help: 'Sign-ups, by outcome: requested, created, invited.', labels: { outcome: ['requested', 'created', 'invited'] } },
  sign_ins: {
    help: 'Logins, by outcome: success, or the code of the refusal.',
    labels: {
      outcome: [
        'success', 'mfa_required', 'invalid_credentials', 'passkey_unknown', 'too_many_attempts', 'account_disabled', 'approval_pending',
        'approval_rejected', 'vendor_suspended', 'wrong_user_type'
      ]
    }
  },
  tokens_checked: {
    help: 'Access tokens checked, by outcome: valid, expired, invalid, unavailable (the signing keys cannot be read). ' +
      'Whether the session has ended is checked afterwards.',
    labels: { outcome: ['valid', 'expired', 'invalid', 'unavailable'] }
  },
  tokens_issued: { help: 'Tokens issued, by kind: access, refresh, device.', labels: { kind: ['access', 'refresh', 'device'] } },
  refreshes: {
    help: 'Refreshes, by outcome: rotated, replayed, resumed, limited, or the reason of the end.',
    labels: { outcome: ['rotated', 'replayed', 'resumed', 'limited', ...endReasons] }
  },
  confirmations: {
    help: 'Answers with new tokens that were seen to have arrived, by outcome: told, dropped.',
    labels: { outcome: ['told', 'dropped'] }
  },
  sessions_ended: { help: 'Sessions ended, by reason.', labels: { reason: endReasons } },
  breach_checks: {
    help: 'Passwords looked up among stolen ones, by outcome: clean, breached, failed, skipped.',
    labels: { outcome: ['clean', 'breached', 'failed', 'skipped'] }
  },
  mails: {
    help: 'Attempts to send a mail, by kind and outcome: sent, failed (and tried again), refused (for good), bounced.',
    labels: { kind: [], outcome: [] }
  },
  jobs: { help: 'Jobs, by name and outcome: done, failed.', labels: { name: [], outcome: [] } },
  audit_sealed_events: { help: 'Events of the audit trail that this node has sealed.', labels: {} },
  audit_chain_breaks: { help: 'Looks that found the chain of the audit trail cut off or rewritten.', labels: {} },
  trace_spans: {
    help: 'Spans of traces, by outcome: begun (sampled or not), sent, failed. What was sampled and is neither was dropped.',
    labels: { outcome: ['begun', 'sent', 'failed'] }
  },
  error_reports: {
    help: 'Unexpected errors for Sentry, by outcome: sent, failed, dropped (too many at once). None without SENTRY_DSN.',
    labels: { outcome: ['sent', 'failed', 'dropped'] }
  },
  cleaned_up: { help: 'Rows that the clean-up has removed, by kind.', labels: { kind: [] } }
} as const satisfies Record<string, { help: string, labels: Record<string, readonly string[]> }>

/**
 * Every duration that is measured, beside those of requests: its meaning. It is a histogram, shown as
 * `latchkey_<name>_duration_seconds` with the label `outcome`: success, or failure if the work throws.
 */
export const durations = {
  sign_in: 'Logins with a password, with all that they wait for, by outcome: success, failure.'
} as const satisfies Record<string, string>

export const durationOutcomes = ['success', 'failure'] as const

/** The values of a gauge with a label: the label's value, and the figure for it. */
export type Figures = Iterable<readonly [string, number]>

export type DurationName = keyof typeof durations
export type CounterName = keyof typeof counters
type Labels<N extends CounterName> = Record<keyof typeof counters[N]['labels'], string>

/** What the code may measure. plugins/monitoring/metrics.ts keeps the figures. */
export interface Metrics {
  /** Adds `count`, or 1, to a counter. */
  increment<N extends CounterName> (name: N, labels: Labels<N>, count?: number): void
  /** Shows what `read` returns whenever the metrics are read; nothing while it throws. */
  gauge (name: string, help: string, read: () => number): void
  /** Like `gauge`, with a label of one name, and a value for each of its values that `read` lists. */
  gauges (name: string, help: string, label: string, read: () => Figures): void
  /** Does the work, and records how long it took and whether it threw. */
  time<T> (name: DurationName, work: () => Promise<T>): Promise<T>
  /** Shows what `read` has counted since the start of the process, as a counter. */
  total (name: string, help: string, read: () => number): void
}

/** Measures nothing: for tests of lib, and for benchmarks. */
export const noMetrics: Metrics = {
  increment () {},
  gauge () {},
  gauges () {},
  time: (_name, work) => work(),
  total () {}
}
