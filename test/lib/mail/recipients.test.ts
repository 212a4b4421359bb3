import { randomBytes } from 'node:crypto'
import t from 'tap'
import { createEncryption } from '../../../lib/crypto/encryption.ts'
import { createEncryptedRecipients } from '../../../lib/mail/recipients.ts'

const ada = { email: 'Ada@example.com', fullName: 'Ada “王” King', locale: 'de-CH' }

t.test('a recipient is decrypted unchanged, and the ciphertext reveals nothing', async t => {
  const { encrypt, decrypt } = createEncryptedRecipients([randomBytes(32)])
  const box = encrypt(ada)

  t.match(box, /^[A-Za-z0-9+/]+=*$/)
  t.notMatch(Buffer.from(box, 'base64').toString('latin1'), /ada|example|King|de-CH/i)
  t.not(encrypt(ada), box, 'two boxes of one person are not seen to be')
  t.same(decrypt(box), ada)
})

t.test('only the recipient’s own fields are encrypted, whatever else an account carries', async t => {
  const { encrypt, decrypt } = createEncryptedRecipients([randomBytes(32)])
  t.same(decrypt(encrypt({ ...ada, ...{ passwordHash: 'x' } })), ada)
})

t.test('a key that has become the second still decrypts; without it nothing does', async t => {
  const [old, fresh] = [randomBytes(32), randomBytes(32)]
  const box = createEncryptedRecipients([old]).encrypt(ada)

  t.same(createEncryptedRecipients([fresh, old]).decrypt(box), ada)
  t.equal(createEncryptedRecipients([fresh]).decrypt(box), null)
})

t.test('a changed ciphertext, or one of another purpose, does not decrypt', async t => {
  const key = randomBytes(32)
  const { encrypt, decrypt } = createEncryptedRecipients([key])
  const box = encrypt(ada)

  for (const text of ['', 'no box', box.slice(0, -8), `${box.slice(0, 40)}${box[40] === 'A' ? 'B' : 'A'}${box.slice(41)}`]) t.equal(decrypt(text), null)
  const other = createEncryption([key])
  t.equal(decrypt(other.encrypt(Buffer.from(JSON.stringify(ada)), 'something else').toString('base64')), null)
  t.equal(decrypt(other.encrypt(Buffer.from('{"email":"a@example.com"}'), 'recipient').toString('base64')), null)
})
