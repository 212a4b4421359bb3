/**
 * Every counter: its meaning and its labels. It is shown as `latchkey_<name>_total`. The values of labels are a few
 * fixed words, never what a client sends.
 */
export const counters = {
  refused: { help: 'Requests refused, by code.', labels: ['code'] },
  forwarded_unreadable: { help: 'Requests whose address, as a trusted proxy forwarded it, cannot be read: the proxy counts as the caller.', labels: [] },
  authz_denied: { help: 'Acts refused for want of a permission or of rank, by permission asked for (none: by rank).', labels: ['reason'] },
  sign_ups: { help: 'Sign-ups, by outcome: requested, created, …', labels: ['outcome'] },
  sign_ins: { help: 'Logins, by outcome: success, or the code of the refusal.', labels: ['outcome'] },
  tokens_issued: { help: 'Tokens issued, by kind: access, refresh, device.', labels: ['kind'] },
  refreshes: { help: 'Refreshes, by outcome: rotated, replayed, limited, or the reason of the end.', labels: ['outcome'] },
  sessions_ended: { help: 'Sessions ended, by reason.', labels: ['reason'] },
  breach_checks: { help: 'Passwords looked up among stolen ones, by outcome: clean, breached, failed, skipped.', labels: ['outcome'] },
  mails: { help: 'Mails, by kind and outcome: sent, failed.', labels: ['kind', 'outcome'] },
  jobs: { help: 'Jobs, by name and outcome: done, failed.', labels: ['name', 'outcome'] },
  audit_sealed_events: { help: 'Events of the audit trail that this node has sealed.', labels: [] },
  audit_chain_breaks: { help: 'Looks that found the chain of the audit trail cut off or rewritten.', labels: [] },
  cleaned_up: { help: 'Rows that the clean-up has removed, by kind.', labels: ['kind'] }
} as const

export type CounterName = keyof typeof counters
type Labels<N extends CounterName> = Record<typeof counters[N]['labels'][number], string>

/** What the code may measure. plugins/monitoring/metrics.ts keeps the figures. */
export interface Metrics {
  /** Adds `count`, or 1, to a counter. */
  increment<N extends CounterName> (name: N, labels: Labels<N>, count?: number): void
  /** Shows what `read` returns whenever the metrics are read; nothing while it throws. */
  gauge (name: string, help: string, read: () => number): void
}

/** Measures nothing: for tests of lib, and for benchmarks. */
export const noMetrics: Metrics = { increment () {}, gauge () {} }
