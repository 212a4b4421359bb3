import { randomBytes, randomUUID } from 'node:crypto'
import t from 'tap'
import { createEncryption } from '../../../lib/crypto/encryption.ts'
import { createCursors } from '../../../lib/http/cursors.ts'

const cursors = createCursors(createEncryption([randomBytes(32)]))
const list = { sort: 'email', role: 'user' }
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

t.test('a cursor gives back its position, to its own list', async t => {
  const position = { key: 'ada@example.com', id: randomUUID() }
  const cursor = cursors.encrypt(list, position)

  t.strictSame(cursors.decrypt(list, cursor), position)
  t.throws(() => cursors.decrypt({ ...list, role: 'admin' }, cursor), { code: 'invalid_request' })
  t.equal(cursors.decrypt(list, undefined), null)
})

t.test('a position has one cursor: the same bytes in another spelling are none', async t => {
  for (const key of ['', 'a', 'ab']) {
    const cursor = cursors.encrypt(list, { key, id: randomUUID() })
    const begun = cursor.slice(0, -1)
    const spellings = [...[...alphabet].map(last => begun + last), `${cursor}A`, `${cursor}=`, `${cursor} `, `${cursor}.`]

    for (const other of spellings.filter(spelling => spelling !== cursor)) {
      t.throws(() => cursors.decrypt(list, other), { code: 'invalid_request' }, other.slice(-4))
    }
    t.match(cursors.decrypt(list, cursor), { key })
  }
})
