import { randomBytes, randomUUID } from 'node:crypto'
import t from 'tap'
import { createEncryption } from '../../../lib/crypto/encryption.ts'
import { judgeTotpSecrets } from '../../../lib/doctor/totp-secrets.ts'
import { createTotpKeeping } from '../../../lib/factors/totp-keeping.ts'
import { createTotpSecretStore } from '../../../lib/factors/totp-secret-store.ts'
import { openDatabase } from '../../support/database.ts'

const { database } = await openDatabase(t)
const store = createTotpSecretStore(database)
const [oldKey, newKey] = [randomBytes(32), randomBytes(32)]
const before = createTotpKeeping({ encryption: createEncryption([oldKey]), store })
const between = createTotpKeeping({ encryption: createEncryption([newKey, oldKey]), store })
const after = createTotpKeeping({ encryption: createEncryption([newKey]), store })

t.test('a clean-up encrypts every secret under the newest key, so that the old one may go', async t => {
  const secrets = await Promise.all(Array.from({ length: 3 }, insert))
  t.throws(() => after.decrypt({ id: secrets[0]?.id ?? '', secret: secrets[0]?.box ?? Buffer.alloc(0) }), { code: 'unavailable' })

  t.strictSame(await found([newKey, oldKey]), ['totp_secrets_outdated'], 'until then the doctor says so')
  t.strictSame(await found([newKey]), ['totp_secrets_unreadable'])
  t.equal(await between.encryptAgain(), 3)
  t.strictSame(await found([newKey]), [])
  t.equal(await between.encryptAgain(), 0, 'there is nothing left to do')
  for (const { id, userId, secret } of secrets) {
    const row = await store.findConfirmed(userId)
    t.strictSame(row && after.decrypt(row), secret)
    t.equal(row?.id, id)
  }
})

t.test('a secret that does not decrypt stays as it is and holds up no other', async t => {
  await insert()
  await database`update totp_secrets set secret = decode('ffffffff', 'hex') || substring(secret from 5) where substring(secret from 1 for 4) = ${createEncryption([oldKey]).keyId}`
  await insert()
  t.equal(await between.encryptAgain(), 1)
  t.equal(await between.encryptAgain(), 0)
})

t.test('a clean-up that is told to end ends after some hundred secrets, and the next one goes on', async t => {
  await database`delete from totp_secrets`
  await insertMany(501, before)
  t.equal(await between.encryptAgain(AbortSignal.abort()), 500)
  t.equal(await between.encryptAgain(), 1)
})

t.test('a clean-up ends also where hundreds of secrets do not decrypt', async t => {
  await database`delete from totp_secrets`
  const lost = createTotpKeeping({ encryption: createEncryption([randomBytes(32)]), store })
  await insertMany(500, lost)
  const signal = AbortSignal.timeout(5000)
  t.equal(await between.encryptAgain(signal), 0)
  t.notOk(signal.aborted, 'by itself')
})

t.test('a ciphertext that was moved to another row does not decrypt', async t => {
  const box = before.encrypt(randomUUID(), randomBytes(20))
  t.throws(() => before.decrypt({ id: randomUUID(), secret: box }), { code: 'unavailable' })
})

t.test('a ciphertext takes the place of the one that was read, and of no other', async t => {
  const { id, userId, secret, box } = await insert()
  await store.replaceCiphertext(id, between.encrypt(id, secret), between.encrypt(id, randomBytes(20)))
  t.strictSame((await store.findConfirmed(userId))?.secret, box, 'somebody else has written meanwhile')

  const again = between.encrypt(id, secret)
  await store.replaceCiphertext(id, box, again)
  t.strictSame((await store.findConfirmed(userId))?.secret, again)
})

/** What the doctor finds while these keys are listed. */
async function found (keys: Buffer[]) {
  const { keyId, keyIds } = createEncryption(keys)
  return judgeTotpSecrets(await store.countEncryptedOtherwise(keyId), keyIds).map(({ code }) => code)
}

/** A confirmed secret, encrypted under the old key. */
async function insert () {
  const [id, userId, secret] = [randomUUID(), randomUUID(), randomBytes(20)]
  const box = before.encrypt(id, secret)
  await database`insert into users (id, email, email_canonical, full_name, role) values (${userId}, ${userId}, ${userId}, 'Ada', 'user')`
  await database`insert into totp_secrets (id, user_id, secret, created_at, confirmed_at) values (${id}, ${userId}, ${box}, now(), now())`
  return { id, userId, secret, box }
}

/** Confirmed secrets, each of an account of its own. */
async function insertMany (count: number, { encrypt }: Pick<typeof before, 'encrypt'>) {
  const ids = Array.from({ length: count }, () => randomUUID())
  const boxes = ids.map(id => encrypt(id, randomBytes(20)))
  await database`
    insert into users (id, email, email_canonical, full_name, role)
    select id, id, id, 'Ada', 'user' from unnest(${ids}::uuid[]) as made (id)`
  await database`
    insert into totp_secrets (id, user_id, secret, created_at, confirmed_at)
    select id, id, box, now(), now() from unnest(${ids}::uuid[], ${boxes}::bytea[]) as made (id, box)`
}
