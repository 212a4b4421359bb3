import type { Tracing } from '../context/tracing.ts'
import type { HashScheduler } from './hash-scheduler.ts'

/** The same scheduler, whose work is recorded as a part of what is traced: from the call, and from its turn. */
export function traceHashes (scheduler: HashScheduler, tracing: Tracing): HashScheduler {
  if (!tracing.isOn) return scheduler

  return {
    ...scheduler,
    run: (turn, work) => tracing.span('password hash', { attributes: { 'latchkey.priority': turn.priority } }, () => {
      return scheduler.run(turn, () => tracing.span('compute hash', {}, work))
    })
  }
}
