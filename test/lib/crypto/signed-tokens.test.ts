import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { createTokenSigner } from '../../../lib/crypto/signed-tokens.ts'

const [key, another] = [randomBytes(32), randomBytes(32)]
const payload = randomBytes(29)

t.test('a signed token verifies, and the same bytes make the same token', async t => {
  const { sign, verify } = createTokenSigner([key], 29)
  fc.assert(fc.property(fc.uint8Array({ minLength: 29, maxLength: 29 }), bytes => {
    const token = sign(Buffer.from(bytes))
    return sign(Buffer.from(bytes)) === token && verify(token)?.equals(bytes) === true
  }))
  t.match(sign(payload), /^[A-Za-z0-9_-]{88}$/)
})

t.test('a token with one changed bit does not verify', async t => {
  const { sign, verify } = createTokenSigner([key], 29)
  const bytes = Buffer.from(sign(payload), 'base64url')
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes)
    flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    if (verify(flipped.toString('base64url')) !== null) t.fail(`bit ${bit}`)
  }
  t.pass()
})

t.test('a token has exactly one spelling', async t => {
  const { sign, verify } = createTokenSigner([key], 29)
  const { sign: other } = createTokenSigner([key], 32)
  const token = Array.from({ length: 200 }, () => sign(randomBytes(29))).find(token => /[-_]/.test(token)) ?? ''
  for (const spelling of [
    '', ' ', `${token} `, ` ${token}`, `${token}\n`, `${token}=`, `${token}==`, `${token}A`, `${token}AAAA`, token.slice(1), token.slice(0, -1), token.slice(0, -4), token.toLowerCase(), token.toUpperCase(),
    token.replaceAll('-', '+').replaceAll('_', '/'), Buffer.from(token, 'base64url').toString('hex'), `${token.slice(0, 40)} ${token.slice(40)}`, `${token.slice(0, 40)}\0${token.slice(41)}`, `${token}${token}`, other(randomBytes(32)), 'x'.repeat(1_000_000)
  ]) t.equal(verify(spelling), null, JSON.stringify(spelling.slice(0, 100)))
  t.not(verify(token), null)
})

t.test('random text of the right form never verifies', async t => {
  const { verify } = createTokenSigner([key], 29)
  fc.assert(fc.property(fc.uint8Array({ minLength: 66, maxLength: 66 }), bytes => verify(Buffer.from(bytes).toString('base64url')) === null))
  t.pass()
})

t.test('the first key signs, every listed key verifies, in any order, and a retired key does not', async t => {
  const before = createTokenSigner([key], 29).sign(payload)
  const after = createTokenSigner([another, key], 29).sign(payload)

  for (const keys of [[key, another], [another, key]]) {
    t.ok(createTokenSigner(keys, 29).verify(before)?.equals(payload))
    t.ok(createTokenSigner(keys, 29).verify(after)?.equals(payload))
  }
  t.equal(createTokenSigner([another], 29).verify(before), null)
  t.equal(createTokenSigner([key], 29).verify(after), null)
})

t.test('a token with the id of one key and the HMAC of another does not verify', async t => {
  const ours = Buffer.from(createTokenSigner([key], 29).sign(payload), 'base64url')
  const theirs = Buffer.from(createTokenSigner([another], 29).sign(payload), 'base64url')
  ours.copy(theirs, 1, 1, 5)
  t.equal(createTokenSigner([key, another], 29).verify(theirs.toString('base64url')), null)
})

t.test('a signer without a key, or with a length that needs padding, is refused', async t => {
  t.throws(() => createTokenSigner([], 29))
  for (const length of [27, 28, 30]) t.throws(() => createTokenSigner([key], length))
})
