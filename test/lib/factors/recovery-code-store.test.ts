import { randomUUID } from 'node:crypto'
import t from 'tap'
import { hashRecoveryCodes, makeRecoveryCodes } from '../../../lib/factors/recovery-code.ts'
import { createRecoveryCodeStore } from '../../../lib/factors/recovery-code-store.ts'
import { openDatabase } from '../../support/database.ts'

const { database } = await openDatabase(t)
const store = createRecoveryCodeStore(database)
const made = new Date('2026-01-02T03:04:05Z')

t.test('a code is its owner’s alone: for another account it is none, and stays unused', async t => {
  const [ada, bob] = [await insert(), await insert()]
  const [hash = Buffer.alloc(0)] = ada.hashes

  t.equal(await store.has(ada.id, hash), true)
  t.equal(await store.has(bob.id, hash), false)
  t.equal(await database.begin(tx => store.spend(tx, bob.id, hash)), null)
  t.equal(await database.begin(tx => store.spend(tx, ada.id, hash)), 9)
  t.equal(await store.has(ada.id, hash), false, 'it is used up')
  t.match(await store.summarise(bob.id), { left: 10 })
})

t.test('codes of before a time stay, those of that time and after go, and nobody else’s', async t => {
  const [ada, bob] = [await insert(), await insert()]
  await database.begin(tx => store.removeSince(tx, ada.id, new Date(made.getTime() + 1)))
  t.strictSame(await store.summarise(ada.id), { left: 10, createdAt: made })

  await database.begin(tx => store.removeSince(tx, ada.id, made))
  t.equal(await store.summarise(ada.id), null)
  t.strictSame(await store.summarise(bob.id), { left: 10, createdAt: made })
})

/** An account with ten codes. */
async function insert () {
  const [id, hashes] = [randomUUID(), hashRecoveryCodes(makeRecoveryCodes())]
  await database`insert into users (id, email, email_canonical, full_name, role) values (${id}, ${id}, ${id}, 'Ada', 'user')`
  await database.begin(tx => store.replace(tx, id, hashes, made))
  return { id, hashes }
}
