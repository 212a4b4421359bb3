import { createHash } from 'node:crypto'
import t from 'tap'
import { createRateLimitStatuses } from '../../../lib/http/rate-limit-status.ts'
import type { Audit } from '../../../lib/audit/audit.ts'
import { Refusal, unavailable } from '../../../lib/errors.ts'
import { createServices } from '../../../lib/oauth/services.ts'
import type { Database } from '../../../lib/stores/database.ts'
import type { ServiceStore } from '../../../lib/oauth/service-store.ts'

const right = { id: '3f0c6f5e-1a2b-4c3d-8e4f-5a6b7c8d9e0f', secret: 'right' }
const service = { id: right.id, name: 'billing', mayRevoke: false }
const caller = { ip: '198.51.100.7', userAgent: null, requestId: 'a-test' }

t.test('while the store does not answer, no service is let in and nothing is counted; afterwards it is asked again', async t => {
  const it = build()
  it.state.isAway = true
  await t.rejects(it.services.authenticate(right, caller), { code: 'unavailable' })
  await t.rejects(it.services.authenticate({ ...right, secret: 'wrong' }, caller), { code: 'unavailable' })
  t.same(it.state.counted, [])

  it.state.isAway = false
  it.state.time += 1000
  t.same(await it.services.authenticate(right, caller), service)
  it.state.isAway = true
  await t.rejects(it.services.authenticate(right, caller), { code: 'unavailable' }, 'memory alone lets nobody in')
})

t.test('the store is asked every time for a right secret, and at most once a second for a wrong one', async t => {
  const it = build()
  for (let n = 0; n < 5; n++) await it.services.authenticate(right, caller)
  t.same(it.state.asked, { find: 5, hashes: 1 })

  for (let n = 0; n < 5; n++) await t.rejects(it.services.authenticate({ ...right, secret: 'wrong' }, caller), { code: 'invalid_credentials' })
  t.same(it.state.asked, { find: 5, hashes: 1 })
  it.state.time += 1000
  for (let n = 0; n < 5; n++) await t.rejects(it.services.authenticate({ ...right, secret: 'wrong' }, caller), { code: 'invalid_credentials' })
  t.same(it.state.asked, { find: 5, hashes: 2 })
})

t.test('a deleted credential is refused, even while it is still in memory', async t => {
  const it = build()
  await it.services.authenticate(right, caller)
  it.state.isGone = true
  await t.rejects(it.services.authenticate(right, caller), { code: 'invalid_credentials' })
})

t.test('failures are counted by network, and too many failures leave no further audit rows', async t => {
  const it = build()
  it.state.isWithin = false
  await t.rejects(it.services.authenticate({ ...right, secret: 'wrong' }, { ...caller, ip: '2001:db8:1:2:3::4' }), new Refusal('rate_limited'))
  t.same(it.state.counted, ['2001:db8:1:2::/64'])
  t.same(it.state.events, [])
  t.same(await it.services.authenticate(right, caller), service, 'and the right one passes')
})

function build () {
  const state = {
    isAway: false,
    isGone: false,
    isWithin: true,
    time: 0,
    asked: { find: 0, hashes: 0 },
    counted: [] as string[],
    events: [] as string[]
  }
  const answer = <T>(value: T) => state.isAway ? Promise.reject(unavailable()) : Promise.resolve(value)

  const services = createServices({
    database: {} as Database,
    store: {
      find: () => { state.asked.find++; return answer(state.isGone ? null : service) },
      hashes: () => { state.asked.hashes++; return answer([{ id: right.id, secretHash: createHash('sha256').update('right').digest() }]) }
    } as unknown as ServiceStore,
    audit: {
      record: async (_query: unknown, { event }: { event: string }) => { state.events.push(event) }
    } as unknown as Audit,
    statuses: createRateLimitStatuses(),
    failures: { take: subject => { state.counted.push(subject); return { policy: 'default', counts: [], isWithin: state.isWithin } } },
    clock: { now: () => 0, monotonic: () => state.time }
  })
  return { state, services }
}
