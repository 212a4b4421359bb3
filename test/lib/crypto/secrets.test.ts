import { hkdfSync, randomBytes } from 'node:crypto'
import t from 'tap'
import { purposes } from '../../../lib/crypto/purposes.ts'
import { createSecrets } from '../../../lib/crypto/secrets.ts'

const [first, second] = [randomBytes(32), randomBytes(48)]

t.test('each encryption key gives one key of 32 bytes, in the same order and always the same', async t => {
  const keys = createSecrets([first, second]).derive('signing keys')
  t.same(keys.map(key => key.length), [32, 32])
  t.same(createSecrets([first, second]).derive('signing keys'), keys)
  t.same(createSecrets([second, first]).derive('signing keys'), [...keys].reverse())
  t.same(keys[0], Buffer.from(hkdfSync('sha256', first, 'latchkey', 'signing keys', 32)), 'HKDF-SHA-256, so that others can make it too')
})

t.test('no two purposes share a key, and none is the encryption key', async t => {
  const { derive } = createSecrets([first.subarray(0, 32)])
  const { refreshTokens, deviceTokens, signingKeys } = purposes
  const keys = [refreshTokens('http://a.example'), refreshTokens('http://b.example'), deviceTokens('http://a.example'), signingKeys]
    .map(purpose => derive(purpose)[0]?.toString('hex'))
  t.equal(new Set([...keys, first.toString('hex')]).size, 5)
  // @ts-expect-error a purpose that is not in the table
  t.equal(derive('refresh token')[0]?.length, 32)
})
