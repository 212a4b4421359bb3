import { clockSkewMaxMs } from '../clock.ts'
import type { Finding } from '../config/warnings.ts'

/** Milliseconds since 1970: the time of a store and, when it had answered, of this machine; and how long that took. */
export interface ClockReading { time: number, now: number, took: number }

/** Time synchronisation keeps clocks much closer than this. */
const skewNoticedMs = 2000

/** Compares the clock of a store with that of this machine. The store's was read halfway to the answer. */
export function judgeClock (store: 'Postgres' | 'Redis', { time, now, took }: ClockReading): Finding[] {
  const skewMs = now - took / 2 - time
  const offMs = Math.abs(skewMs) - took / 2
  if (offMs <= skewNoticedMs) return []

  const difference = `The clock of this machine is ${Math.round(Math.abs(skewMs) / 1000)} s ` +
    `${skewMs > 0 ? 'ahead of' : 'behind'} that of ${store}`
  const code = store === 'Postgres' ? 'clock_off_database' : 'clock_off_redis'
  const advice = 'Let every machine follow the same time servers (chrony, systemd-timesyncd).'

  return offMs > clockSkewMaxMs
    ? [{ code, severity: 'unsafe', message: `${difference}: a node here refuses every signed-in request.`, advice }]
    : [{ code, severity: 'warning', message: `${difference}. From ${clockSkewMaxMs / 1000} s on a node refuses requests.`, advice }]
}
