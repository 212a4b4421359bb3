/** Every counter there is: what it counts and by what; shown as `latchkey_<name>_total`. Labels take a few fixed words, never what a client sends. */
export const counters = {
  refused: { help: 'Requests refused, by code.', labels: ['code'] },
  sign_ups: { help: 'Sign-ups, by outcome: requested, created, …', labels: ['outcome'] },
  sign_ins: { help: 'Logins, by outcome: success, or the code of the refusal.', labels: ['outcome'] },
  tokens_issued: { help: 'Tokens issued, by kind: access, refresh, device.', labels: ['kind'] },
  refreshes: { help: 'Refreshes, by outcome: rotated, replayed, limited, or the reason of the end.', labels: ['outcome'] },
  sessions_ended: { help: 'Sessions ended, by reason.', labels: ['reason'] },
  mails: { help: 'Mails, by kind and outcome: sent, failed.', labels: ['kind', 'outcome'] },
  jobs: { help: 'Jobs, by name and outcome: done, failed.', labels: ['name', 'outcome'] }
} as const

export type CounterName = keyof typeof counters
type Labels<N extends CounterName> = Record<typeof counters[N]['labels'][number], string>

/** What the code may measure; plugins/metrics keeps the figures. */
export interface Metrics {
  /** Counts one more. */
  increment<N extends CounterName> (name: N, labels: Labels<N>): void
  /** Shows what `read` answers whenever somebody looks; a read that throws shows nothing. */
  gauge (name: string, help: string, read: () => number): void
}

/** For where nobody looks, such as tests of lib. */
export const noMetrics: Metrics = { increment () {}, gauge () {} }
