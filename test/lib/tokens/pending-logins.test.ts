import { randomBytes, randomUUID } from 'node:crypto'
import t from 'tap'
import { createDeviceTokens } from '../../../lib/tokens/device-tokens.ts'
import { createPendingLogins, pendingSeconds } from '../../../lib/tokens/pending-logins.ts'
import type { PendingLogin } from '../../../lib/tokens/pending-logins.ts'

const keys = [randomBytes(32), randomBytes(32)]
let now = 1_795_771_800_000
const clock = { now: () => now }
const logins = createPendingLogins(keys, clock)
const pending: PendingLogin = { purpose: 'login', transport: 'bearer', userId: randomUUID(), holderId: randomUUID(), userEpoch: 7, globalEpoch: 2 ** 40, proved: 'password' }

t.test('a token opens to what was put into it, for its own purpose and transport only', async t => {
  const token = logins.issue(pending)
  t.strictSame(logins.read(token, { purpose: 'login', transport: 'bearer' }), pending)
  for (const wanted of [{ purpose: 'reauthentication', transport: 'bearer' }, { purpose: 'login', transport: 'cookie' }] as const) t.equal(logins.read(token, wanted), null)

  const other = { ...pending, purpose: 'reauthentication', transport: 'cookie' } as const
  t.strictSame(logins.read(logins.issue(other), { purpose: 'reauthentication', transport: 'cookie' }), other)
})

t.test('a token is over after five minutes, and one from the future is not accepted', async t => {
  const token = logins.issue(pending)
  now += pendingSeconds * 1000 - 1
  t.ok(logins.read(token, pending))
  now += 1
  t.equal(logins.read(token, pending), null)
  now -= pendingSeconds * 1000 + 30_000
  t.ok(logins.read(token, pending), 'another node’s clock may be a little ahead')
  now -= 1
  t.equal(logins.read(token, pending), null)
})

t.test('every key that is listed opens it; a changed, foreign or respelt one is none', async t => {
  const token = createPendingLogins([keys[1] ?? Buffer.alloc(0)], clock).issue(pending)
  t.ok(logins.read(token, pending))
  t.equal(createPendingLogins([randomBytes(32)], clock).read(token, pending), null)

  for (let place = 0; place < token.length; place++) {
    const changed = token.slice(0, place) + (token[place] === 'A' ? 'B' : 'A') + token.slice(place + 1)
    t.equal(logins.read(changed, pending), null, String(place))
  }
  for (const text of ['', `${token}=`, ` ${token}`, token.slice(1), createDeviceTokens(keys).issue(randomUUID())]) t.equal(logins.read(text, pending), null)
})
