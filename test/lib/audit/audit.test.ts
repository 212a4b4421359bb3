import { randomBytes, randomUUID } from 'node:crypto'
import t from 'tap'
import { createEventMacs } from '../../../lib/audit/macs.ts'
import { createAudit } from '../../../lib/audit/audit.ts'
import type { Subject } from '../../../lib/audit/audit.ts'
import { createEncryption } from '../../../lib/crypto/encryption.ts'
import { createAuditEventStore } from '../../../lib/audit/event-store.ts'
import type { NewEvent } from '../../../lib/audit/event.ts'
import { openDatabase } from '../../support/database.ts'

const caller = { ip: '192.0.2.7', userAgent: 'Quill/7.1', requestId: 'request-1' }
const query = Object.assign(async () => [], { fragment: () => { throw new Error('none') }, unsafe: async () => [] }) as never

t.test('personal data can be read only with the subject’s key', async t => {
  const { audit, rows, subject } = await open()
  await audit.record(query, { event: 'user_updated', outcome: 'success', actorId: subject.id, subject, caller, personal: { before: { email: 'ada@example.com' } } })
  const [row] = rows

  t.match(row, { event: 'user_updated', outcome: 'success', reason: null, actorId: subject.id, subjectId: subject.id, sessionId: null, requestId: 'request-1', addressHmac: null })
  const personal = row?.personal ?? Buffer.alloc(0)
  for (const secret of ['192.0.2.7', 'Quill', 'ada@example.com']) t.notOk(personal.includes(secret))
  t.same(audit.read('user_updated', subject, personal), { ip: '192.0.2.7', user_agent: 'Quill/7.1', before: { email: 'ada@example.com' } })

  t.equal(audit.read('user_updated', { ...subject, wrappedKey: null }, personal), null, 'an erased key')
  t.throws(() => audit.read('user_deleted', subject, personal), 'moved to another event')
  const other = await audit.createSubject(query, randomUUID())
  t.throws(() => audit.read('user_updated', other, personal), 'moved to another subject')
  t.throws(() => audit.read('user_updated', { id: subject.id, wrappedKey: other.wrappedKey }, personal) ?? fail(), 'another’s key')
})

t.test('the events of a page are read each with the key of its own subject', async t => {
  const { audit, rows, subject } = await open()
  const others: (Subject | null)[] = [await audit.createSubject(query, randomUUID()), null]
  const subjects = [subject, ...others, subject, ...others]
  for (const [n, subject] of subjects.entries()) await audit.record(query, { event: 'user_updated', outcome: 'success', subject, caller, personal: { n } })

  const read = audit.createReader()
  const written = rows.map(({ event, subjectId, personal }, n) => {
    return { event, subjectId, personal, wrappedKey: subjects[n]?.wrappedKey ?? null }
  })
  for (const [n, row] of written.entries()) t.match(read(row), { n })
  const [first, second] = written
  if (!first || !second) return t.fail('nothing was written')
  t.throws(() => read({ ...first, event: 'user_deleted' }), 'moved to another event')
  t.throws(() => read({ ...first, subjectId: second.subjectId }), 'moved to another subject')
  t.equal(read({ ...first, personal: null }), null, 'without personal data')
  const erased = audit.createReader()
  for (let n = 0; n < 2; n++) t.equal(erased({ ...first, wrappedKey: null }), null, 'an erased key')
})

t.test('no personal data is written about an erased subject, and nothing fails', async t => {
  const { audit, rows, subject } = await open()
  for (const wrappedKey of [
    null, randomBytes(60), createEncryption([randomBytes(32)]).encrypt(randomBytes(32), subject.id)
  ]) {
    await audit.record(query, { event: 'authn_login_fail', outcome: 'failure', reason: 'invalid_credentials', subject: { id: subject.id, wrappedKey }, caller })
    t.match(rows.at(-1), { personal: null, subjectId: subject.id })
  }
})

t.test('an address without an account leaves one HMAC, which is of no use without the key', async t => {
  const { audit, rows } = await open()
  for (const address of ['ada@example.com', 'ada@example.com', 'eve@example.com']) await audit.record(query, { event: 'authn_login_fail', outcome: 'failure', subject: null, caller, address })
  const [first, second, third] = rows.map(({ addressHmac }) => addressHmac?.toString('hex'))
  t.equal(first, second)
  t.not(first, third)
  const elsewhere = await open()
  await elsewhere.audit.record(query, { event: 'authn_login_fail', outcome: 'failure', subject: null, caller, address: 'ada@example.com' })
  t.not(elsewhere.rows[0]?.addressHmac?.toString('hex'), first)
  t.same(audit.read('authn_login_fail', null, rows[0]?.personal ?? Buffer.alloc(0)), { ip: '192.0.2.7', user_agent: 'Quill/7.1' })
})

t.test('each subject has a key of its own, wrapped', async t => {
  const { audit, keys } = await open()
  const [ada, bob] = [await audit.createSubject(query, randomUUID()), await audit.createSubject(query, randomUUID())]
  t.notOk(ada.wrappedKey?.equals(bob.wrappedKey ?? Buffer.alloc(0)))
  t.same(keys.slice(-2), [[ada.id, ada.wrappedKey], [bob.id, bob.wrappedKey]])
})

t.test('the table is append-only for the runtime role and for its owner', async t => {
  const { database } = await openDatabase(t)
  const store = createAuditEventStore()
  await store.insert(database, { event: 'test', outcome: 'success', reason: null, actorId: null, subjectId: null, sessionId: null, requestId: 'x', addressHmac: null, personal: null, mac: randomBytes(56) })
  await t.rejects(database`update audit_events set event = 'other'`)
  await t.rejects(database`delete from audit_events`)
  await t.rejects(database`truncate audit_events`)
  t.equal((await database`select 1 from audit_events`).length, 1)
})

async function open () {
  const rows: NewEvent[] = []
  const keys: Array<[string, Buffer]> = []
  const audit = createAudit({
    insert: async (_query, row) => rows.push(row),
    insertAll: async (_query, written) => { rows.push(...written) },
    insertKeys: async (_query, subjects) => {
      keys.push(...subjects.map(({ id, wrappedKey }): [string, Buffer] => [id, wrappedKey]))
    }
  }, {
    wrapping: createEncryption([randomBytes(32)]),
    anonymous: createEncryption([randomBytes(32)]),
    addressKeys: [randomBytes(32)],
    macs: createEventMacs([randomBytes(32)])
  })
  const subject: Subject = await audit.createSubject(query, randomUUID())
  return { audit, rows, keys, subject }
}

// Reading with a key that does not decrypt the wrapped key reveals nothing: null counts as refused too.
function fail (): never { throw new Error('nothing was read') }
