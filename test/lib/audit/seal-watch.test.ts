import t from 'tap'
import { createSealWatch } from '../../../lib/audit/seal-watch.ts'
import { noMetrics } from '../../../lib/operations/metrics.ts'

const now = 1_800_000_000_000

t.test('an event is sealed after two seconds, and after twenty where there have been ten seals in 200 seconds', async t => {
  t.equal(await isDue({ waitsMs: 0, tenthSealMs: null }), false)
  t.equal(await isDue({ waitsMs: 1999, tenthSealMs: null }), false)
  t.equal(await isDue({ waitsMs: 2000, tenthSealMs: null }), true, 'fewer than ten seals')
  t.equal(await isDue({ waitsMs: 2000, tenthSealMs: 200_000 }), true, 'ten seals in a long time')
  t.equal(await isDue({ waitsMs: 2000, tenthSealMs: 199_999 }), false)
  t.equal(await isDue({ waitsMs: 19_999, tenthSealMs: 20_000 }), false)
  t.equal(await isDue({ waitsMs: 20_000, tenthSealMs: 20_000 }), true)
})

t.test('where something happens every second there are at most 4,400 seals a day', async t => {
  const seals: number[] = []
  let unsealedSince: number | null = null
  for (let second = 0; second < 86_400; second++) {
    unsealedSince ??= second
    const tenth = seals.at(-10)
    const due = await isDue({
      waitsMs: (second - unsealedSince) * 1000,
      tenthSealMs: tenth === undefined ? null : (second - tenth) * 1000
    })
    if (!due) continue
    seals.push(second)
    unsealedSince = null
  }
  t.ok(seals.length < 4400, String(seals.length))
})

t.test('the seal that records a restore does not wait', async t => {
  t.equal(await isDue({ waitsMs: 0, tenthSealMs: 10, isRestored: true }), true)
})

t.test('the measured wait grows while the chain cannot be continued, and is that of the oldest event again afterwards', async t => {
  let [time, isBroken] = [0, true]
  const gauges = new Map<string, () => number>()
  const watch = createSealWatch({
    store: { readState: async () => ({ now, head: null, known: null, earlier: null }) },
    unsealed: { unsealedSince: async () => null, firstSince: async () => null, hasBegunAnew: async () => false },
    batches: {
      end: async () => {
        if (isBroken) throw new Error('no seal is ours')
        return { last: null, ours: null }
      }
    },
    log: { info: () => {}, warn: () => {}, error: () => {} },
    metrics: { ...noMetrics, gauge: (name, _help, read) => { gauges.set(name, read) } },
    clock: { monotonic: () => time }
  })
  const lag = () => gauges.get('latchkey_audit_seal_lag_seconds')?.()

  t.equal(lag(), 0, 'before the first look nothing is known')
  for (time of [1000, 20_000, 41_000]) await t.rejects(watch.observe())
  t.equal(lag(), 40)
  isBroken = false
  await watch.observe()
  t.equal(lag(), 0)
})

/** Whether a seal is due, by how long the oldest event waits and how long ago the tenth last seal was made. */
async function isDue (
  { waitsMs, tenthSealMs, isRestored = false }: { waitsMs: number, tenthSealMs: number | null, isRestored?: boolean }
) {
  const since = async () => waitsMs === 0 ? null : new Date(now - waitsMs)
  const watch = createSealWatch({
    store: {
      readState: async () => ({
        now,
        head: null,
        known: null,
        earlier: tenthSealMs === null ? null : now - tenthSealMs
      })
    },
    unsealed: { unsealedSince: since, firstSince: since, hasBegunAnew: async () => isRestored },
    batches: { end: async () => ({ last: null, ours: null }) },
    log: { info: () => {}, warn: () => {}, error: () => {} },
    metrics: noMetrics,
    clock: { monotonic: () => 0 }
  })
  return (await watch.observe()).isDue
}
