import { randomBytes, randomUUID } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { createRefreshTokens } from '../../../lib/sessions/refresh-tokens.ts'
import { createTokenSigner } from '../../../lib/crypto/signed-tokens.ts'

const key = randomBytes(32)
const { issue, read } = createRefreshTokens([key])

t.test('claims are read back unchanged, from tokens of one length', async t => {
  fc.assert(fc.property(fc.uuid(), fc.constantFrom('bearer' as const, 'cookie' as const), fc.integer({ min: 0, max: 2 ** 48 - 1 }), fc.integer({ min: 0, max: 2 ** 48 - 1 }), (sessionId, transport, generation, issuedAt) => {
    const token = issue({ sessionId, transport, generation, issuedAt })
    const claims = read(token)
    return token.length === 88 && claims?.sessionId === sessionId && claims.transport === transport &&
      claims.generation === generation && claims.issuedAt === issuedAt
  }))
  t.pass()
})

t.test('the same claims make the same bytes; each claim changes the token', async t => {
  const claims = { sessionId: randomUUID(), transport: 'bearer', generation: 7, issuedAt: 1_700_000_000_000 } as const
  const tokens = [claims, { ...claims, generation: 8 }, { ...claims, issuedAt: claims.issuedAt + 1 }, { ...claims, transport: 'cookie' as const }, { ...claims, sessionId: randomUUID() }].map(issue)
  t.equal(issue(claims), tokens[0])
  t.equal(new Set(tokens).size, 5)
})

t.test('a session id in capitals is the same session', async t => {
  const sessionId = randomUUID()
  t.equal(read(issue({ sessionId: sessionId.toUpperCase(), transport: 'bearer', generation: 1, issuedAt: 1 }))?.sessionId, sessionId)
})

t.test('an unknown transport is refused although the signature is ours', async t => {
  const { sign } = createTokenSigner([key], 29)
  for (const transport of [2, 3, 127, 255]) {
    const payload = randomBytes(29)
    payload.writeUInt8(transport)
    t.equal(read(sign(payload)), null, String(transport))
  }
})

t.test('claims that do not fit are never issued', async t => {
  const claims = { sessionId: randomUUID(), transport: 'bearer', generation: 1, issuedAt: 1 } as const
  for (const wrong of [{ generation: -1 }, { generation: 2 ** 48 }, { issuedAt: -1 }, { issuedAt: 2 ** 48 }]) {
    t.throws(() => issue({ ...claims, ...wrong }), JSON.stringify(wrong))
  }
})
