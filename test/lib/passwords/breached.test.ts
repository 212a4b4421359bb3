import t from 'tap'
import { createClock } from '../../../lib/clock.ts'
import { createBreachedPasswords } from '../../../lib/passwords/breached.ts'
import type { RangeAnswer } from '../../../lib/passwords/breached.ts'
import { createCircuitBreaker } from '../../../lib/passwords/circuit-breaker.ts'
import type { Database } from '../../../lib/stores/database.ts'
import { digestOf } from '../../support/outside/range-server.ts'

const password = 'plum orbit kestrel vane'
const digest = digestOf(password)
const own = digest.slice(5)
const other = own.replaceAll(/[0-9A-F]/g, digit => digit === '0' ? '1' : '0')

t.test('five characters of the digest are sent, and a row with a count decides', async t => {
  for (const [rows, isBreached] of [
    [`${other}:7\r\n${own}:3\r\n`, true], [`${own.toLowerCase()}:1`, true], [`${own}:0\n${own}:2\n`, true], [`${own}:123456789012\n`, true],
    [`${other}:7\r\n`, false], [`${own}:0\r\n${other}:4`, false], [`${own}:000`, false]
  ] as const) {
    const { breached, asked, outcomes, noted } = make(async () => answer(rows))
    t.equal(await breached.isBreached(password), isBreached, rows)
    t.strictSame(asked, [digest.slice(0, 5)])
    t.strictSame(outcomes, [isBreached ? 'breached' : 'clean'])
    t.strictSame(noted(), { warnings: [], events: [] })
  }
})

t.test('an answer that is not a range refuses no password, even if it contains the very row', async t => {
  const bad: [string, () => Promise<RangeAnswer>][] = [
    ['unreadable', async () => answer('')], ['unreadable', async () => answer('\r\n')], ['unreadable', async () => answer(`<p>${own}:3</p>`)],
    ['unreadable', async () => answer(`${own}:3\r\n${other}`)], ['unreadable', async () => answer(`${own}:3\r\n\r\n${other}:1`)],
    ['unreadable', async () => answer(`${own}:-3`)], ['unreadable', async () => answer(`${own}:3.5`)], ['unreadable', async () => answer(`${own}:1e3`)], ['unreadable', async () => answer(`${digest}:3`)],
    ['unreadable', async () => answer(Buffer.from(`${own}:3`, 'utf16le'))],
    ['refused', async () => ({ status: 200, body: null })], ['refused', async () => answer(`${own}:3`, 404)], ['refused', async () => answer(`${own}:3`, 206)], ['refused', async () => answer(`${own}:3`, 304)],
    ['too_large', async () => answer(`${own}:3\r\n`.repeat(30_000))],
    ['unreachable', async () => { throw new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code: 'ENOTFOUND' }) }) }],
    ['unreachable', async () => { throw 'nothing that is an error' }], // eslint-disable-line no-throw-literal
    ['unreachable', async () => ({ status: 200, body: (async function * () { yield Buffer.from(`${own}:3\r\n`); throw new TypeError('terminated') })() })]
  ]

  for (const [reason, ask] of bad) {
    const { breached, outcomes, noted } = make(ask)
    t.equal(await breached.isBreached(password), false, reason)
    t.strictSame(outcomes, ['failed'])
    t.match(noted(), { warnings: [{ reason, unchecked: 1 }], events: [{ event: 'breach_check_failed', outcome: 'failure', reason, subject: null, personal: { unchecked: 1 } }] })
    t.notMatch(JSON.stringify(noted()), new RegExp(`${digest.slice(0, 5)}|${own.slice(0, 5)}|plum|kestrel`, 'i'), 'and nothing tells which password it was')
  }
})

t.test('an answer that never ends is abandoned as soon as it is too large', async t => {
  let taken = 0
  const { breached, noted } = make(async () => ({ status: 200, body: (async function * () { for (;;) { taken += 65_536; yield Buffer.alloc(65_536, 'A') } })() }))

  t.equal(await breached.isBreached(password), false)
  t.match(noted().events, [{ reason: 'too_large' }])
  t.ok(taken <= 1024 * 1024 + 65_536, `${taken} bytes`)
})

t.test('the deadline holds whatever the other side does, even if it ignores the abort', async t => {
  const never = new Promise<never>(() => {})
  const stuck: ((signal: AbortSignal) => Promise<RangeAnswer>)[] = [
    () => never,
    async () => ({ status: 200, body: (async function * () { yield Buffer.from(`${own}:3\r\n`); await never })() }),
    async signal => ({ status: 200, body: (async function * () { while (!signal.aborted) { await new Promise(resolve => setTimeout(resolve, 1)); yield Buffer.from(`${other}:3\r\n`) } })() })
  ]

  for (const ask of stuck) {
    let heard: AbortSignal | undefined
    const { breached, outcomes, noted } = make(async (_, signal) => {
      heard = signal
      return await ask(signal)
    }, { deadlineMs: 20 })
    t.equal(await breached.isBreached(password), false)
    t.strictSame(outcomes, ['failed'])
    t.match(noted().events, [{ reason: 'timeout' }])
    t.equal(heard?.aborted, true, 'the question is taken back')
  }
})

t.test('sixteen lookups run at once; further ones are skipped instead of waiting', async t => {
  let release = () => {}
  const held = new Promise<void>(resolve => { release = resolve })
  const { breached, asked, outcomes, noted } = make(async () => { await held; return answer(`${own}:3`) }, { deadlineMs: 10_000 })
  const first = Array.from({ length: 16 }, () => breached.isBreached(password))

  t.strictSame(
    await Promise.all(Array.from({ length: 20 }, () => breached.isBreached(password))),
    Array(20).fill(false)
  )
  t.equal(asked.length, 16)
  t.strictSame(outcomes, Array(20).fill('skipped'))
  t.match(noted(), { warnings: [{ reason: 'busy' }], events: { length: 1 } })

  release()
  t.strictSame(await Promise.all(first), Array(16).fill(true))
  t.equal(await breached.isBreached(password), true, 'there is room again')
  t.equal(asked.length, 17)
})

t.test('after five failures in a row nothing is looked up for 30 s, then one lookup tries for all', async t => {
  let isAway = true
  const { breached, asked, outcomes, clock } = make(async () => {
    if (isAway) throw new Error('away')
    return answer(`${own}:3`)
  })
  const ask = async (times: number) => { for (let time = 0; time < times; time++) await breached.isBreached(password) }

  await ask(4)
  isAway = false
  t.equal(await breached.isBreached(password), true, 'four are not five')
  isAway = true
  await ask(5)
  t.equal(asked.length, 10)

  await ask(10)
  t.equal(asked.length, 10)
  t.strictSame(outcomes.slice(-10), Array(10).fill('skipped'))
  // Less than the pause by so much that a busy machine does not make up the difference.
  clock.advance(20_000)
  await ask(1)
  t.equal(asked.length, 10)

  clock.advance(10_000)
  await Promise.all([ask(1), ask(1), ask(1)])
  t.equal(asked.length, 11, 'one of three')
  await ask(3)
  t.equal(asked.length, 11, 'which failed, so the pause begins anew')

  isAway = false
  clock.advance(30_000)
  t.strictSame((await Promise.all([1, 2, 3].map(() => breached.isBreached(password)))).sort(), [false, false, true])
  t.strictSame(await Promise.all([1, 2, 3].map(() => breached.isBreached(password))), [true, true, true], 'and everybody is asked about again')
})

t.test('a clock that is set back does not prolong the 30 s', async t => {
  const { breached, asked, clock } = make(async () => { throw new Error('away') })
  for (let time = 0; time < 6; time++) await breached.isBreached(password)
  t.equal(asked.length, 5)

  clock.advance(-3_600_000)
  await breached.isBreached(password)
  t.equal(asked.length, 6)
})

t.test('an outage leaves one event and one log line a minute, with the number of passwords it let through', async t => {
  const { breached, clock, noted } = make(async () => { throw new Error('away') })
  const ask = async (times: number) => { for (let time = 0; time < times; time++) await breached.isBreached(password) }

  await ask(40)
  t.match(noted(), { warnings: { length: 1 }, events: { length: 1 } })
  // Less than the minute by so much that a busy machine does not make up the difference.
  clock.advance(40_000)
  await ask(10)
  t.equal(noted().events.length, 1)
  clock.advance(20_000)
  await ask(10)
  t.match(noted().events, [{ reason: 'unreachable', personal: { unchecked: 1 } }, { personal: { unchecked: 50 } }])
  t.equal(noted().events.length, 2)
})

t.test('an audit trail that cannot be written delays nobody', async t => {
  const { breached, noted } = make(async () => { throw new Error('away') }, { record: async () => { throw new Error('no trail') } })

  t.equal(await breached.isBreached(password), false)
  t.match(noted().warnings, [{ reason: 'unreachable' }, { err: Error }])
})

function make (
  ask: (prefix: string, signal: AbortSignal) => Promise<RangeAnswer>,
  { deadlineMs = 1000, record }: { deadlineMs?: number, record?: () => Promise<number> } = {}
) {
  const clock = createClock()
  const asked: string[] = []
  const outcomes: string[] = []
  const warnings: object[] = []
  const events: object[] = []

  const breached = createBreachedPasswords({
    ask: async (prefix, signal) => { asked.push(prefix); return await ask(prefix, signal) },
    deadlineMs,
    breaker: createCircuitBreaker({ threshold: 5, pauseMs: 30_000, clock }),
    database: {} as Database,
    audit: { record: record ?? (async (_, event) => events.push(event)) },
    metrics: { increment: (name, labels) => { if (name === 'breach_checks' && 'outcome' in labels) outcomes.push(String(labels.outcome)) } },
    clock,
    warn: details => warnings.push(details)
  })
  return { breached, asked, outcomes, clock, noted: () => ({ warnings, events }) }
}

function answer (rows: string | Buffer, status = 200): RangeAnswer {
  return { status, body: (async function * () { yield Buffer.from(rows) })() }
}
