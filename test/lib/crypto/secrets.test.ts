import { hkdfSync, randomBytes } from 'node:crypto'
import t from 'tap'
import { createSecrets } from '../../../lib/crypto/secrets.ts'

const [first, second] = [randomBytes(32), randomBytes(48)]

t.test('one key of 32 bytes for each encryption key, in their order, always the same', async t => {
  const keys = createSecrets([first, second]).derive('a purpose')
  t.same(keys.map(key => key.length), [32, 32])
  t.same(createSecrets([first, second]).derive('a purpose'), keys)
  t.same(createSecrets([second, first]).derive('a purpose'), [...keys].reverse())
  t.same(keys[0], Buffer.from(hkdfSync('sha256', first, 'latchkey', 'a purpose', 32)), 'HKDF-SHA-256, so that others can make it too')
})

t.test('purposes share no key, and none is the encryption key', async t => {
  const { derive } = createSecrets([first.subarray(0, 32)])
  const keys = ['refresh tokens of http://a.example', 'refresh tokens of http://b.example', 'device tokens of http://a.example', ''].map(purpose => derive(purpose)[0]?.toString('hex'))
  t.equal(new Set([...keys, first.toString('hex')]).size, 5)
})
