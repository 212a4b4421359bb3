import { randomBytes, randomUUID } from 'node:crypto'
import t from 'tap'
import { createDeviceTokens } from '../../../lib/tokens/device-tokens.ts'
import { createRefreshTokens } from '../../../lib/sessions/refresh-tokens.ts'

const key = randomBytes(32)
const { issue, read, recognise } = createDeviceTokens([key])

t.test('a device token names its device, always with the same bytes', async t => {
  const id = randomUUID()
  t.equal(read(issue(id)), id)
  t.equal(issue(id), issue(id))
  t.equal(recognise(issue(id)), id)
})

t.test('an id that a client invents is never adopted: it gets a new one', async t => {
  const id = randomUUID()
  const foreign = createDeviceTokens([randomBytes(32)]).issue(id)
  for (const token of [undefined, '', id, foreign, `${issue(id)}A`, issue(id).slice(1), 'x'.repeat(72)]) {
    if (token !== undefined) t.equal(read(token), null)
    t.match(recognise(token), /^[0-9a-f]{8}-[0-9a-f]{4}-4/)
    t.not(recognise(token), id)
    t.not(recognise(token), recognise(token))
  }
})

t.test('a refresh token is no device token, not even under the same key', async t => {
  const refresh = createRefreshTokens([key])
  t.equal(read(refresh.issue({ sessionId: randomUUID(), transport: 'bearer', generation: 1, issuedAt: 1 })), null)
  t.equal(refresh.read(issue(randomUUID())), null)
})
