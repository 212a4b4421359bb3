import { randomBytes } from 'node:crypto'
import t from 'tap'
import { createEncryption } from '../../../lib/crypto/encryption.ts'

const [key, another] = [randomBytes(32), randomBytes(32)]
const plain = Buffer.from('what is personal: Zoë 🦔')

t.test('a ciphertext decrypts in its own context only, and differs each time', async t => {
  const { encrypt, decrypt } = createEncryption([key])
  const box = encrypt(plain, 'row 1')
  t.ok(decrypt(box, 'row 1').equals(plain))
  t.notOk(box.equals(encrypt(plain, 'row 1')))
  t.notOk(box.includes('personal'))
  for (const context of ['row 2', '', 'row 1 ', 'ROW 1']) t.throws(() => decrypt(box, context), context)
  t.ok(decrypt(encrypt(Buffer.alloc(0), ''), '').equals(Buffer.alloc(0)), 'nothing is something too')
})

t.test('a ciphertext that was changed in any byte, truncated or extended does not decrypt', async t => {
  const { encrypt, decrypt } = createEncryption([key])
  const box = encrypt(plain, 'row')
  for (let place = 0; place < box.length; place++) {
    const changed = Buffer.from(box)
    changed.writeUInt8(changed.readUInt8(place) ^ 1, place)
    t.throws(() => decrypt(changed, 'row'), `byte ${place}`)
  }
  for (let length = 0; length < box.length; length++) t.throws(() => decrypt(box.subarray(0, length), 'row'), `${length} bytes`)
  t.throws(() => decrypt(Buffer.concat([box, Buffer.alloc(1)]), 'row'))
})

t.test('the first key encrypts, every listed key decrypts, a retired key does not', async t => {
  const old = createEncryption([key]).encrypt(plain, 'row')
  const rotating = createEncryption([another, key])
  t.ok(rotating.decrypt(old, 'row').equals(plain))
  t.ok(createEncryption([another]).decrypt(rotating.encrypt(plain, 'row'), 'row').equals(plain))
  t.throws(() => createEncryption([another]).decrypt(old, 'row'), /not listed/)
  t.throws(() => createEncryption([]))
})
