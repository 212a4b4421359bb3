import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import { createClock } from '../../../lib/clock.ts'
import { createEncryption } from '../../../lib/crypto/encryption.ts'
import { publicationLeadMs, retirementMs } from '../../../lib/keys/rotation.ts'
import { createKeyAuthenticity } from '../../../lib/keys/authenticity.ts'
import { createKeyring } from '../../../lib/keys/keyring.ts'
import { createSecrets } from '../../../lib/crypto/secrets.ts'
import { createChangeStore } from '../../../lib/changes/change-store.ts'
import type { Change } from '../../../lib/changes/change.ts'
import type { Database } from '../../../lib/stores/database.ts'
import { createUnitsOfWork } from '../../../lib/changes/unit-of-work.ts'
import { createDeploymentStore } from '../../../lib/changes/deployment-store.ts'
import { createSigningKeyStore } from '../../../lib/keys/signing-key-store.ts'
import { connect, openDatabase } from '../../support/database.ts'
import { startStopwatch } from '../../support/stopwatch.ts'
import { createFlows } from '../../../lib/stores/flows.ts'

const day = 86_400_000
const signingKeyTtl = 30 * day

t.test('a new deployment can sign at once and has announced the next key', async t => {
  const { node } = await deployment(t)
  const { current } = await node()

  t.ok(current.signing)
  t.equal(current.jwks.keys.length, 2)
  t.strictSame([...current.verifying.keys()], current.jwks.keys.map(({ kid }) => kid))
})

t.test('nodes that start at the same time share one ring', async t => {
  const { node, database } = await deployment(t)
  const nodes = await Promise.all(Array.from({ length: 8 }, () => node()))
  for (const keyring of nodes) await keyring.reload()

  t.equal(new Set(nodes.map(({ current }) => current.signing?.kid)).size, 1)
  t.equal(new Set(nodes.map(({ current }) => current.etag)).size, 1)
  t.strictSame(await statuses(database), ['active', 'next'])
})

t.test('only public members are published, each key with its use', async t => {
  const { node } = await deployment(t)

  for (const key of (await node()).current.jwks.keys) {
    t.strictSame(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
    t.match(key, { alg: 'ES256', use: 'sig', kty: 'EC', crv: 'P-256' })
  }
})

t.test('a private key lies in the database encrypted, and only in its own row', async t => {
  const { node, database, secrets } = await deployment(t)
  await node()
  const rows = await database<{ id: string, privateKey: Buffer }>`select id, private_key from signing_keys order by status`
  const [one, two] = rows
  const { decrypt } = createEncryption(createSecrets(secrets).derive('signing keys'))

  if (!one || !two) return t.fail('two keys are missing')
  t.equal(decrypt(one.privateKey, one.id)[0], 0x30, 'PKCS #8 inside')
  t.notOk(one.privateKey.includes(decrypt(one.privateKey, one.id).subarray(0, 16)))
  t.throws(() => decrypt(one.privateKey, two.id))
})

t.test('two nodes that are due at the same time rotate once; a third follows by reading', async t => {
  const { node, clock, database } = await deployment(t)
  const [one, two, third] = await Promise.all([node(), node(), node()])
  await third.reload()
  const before = third.current
  clock.advance(signingKeyTtl)
  await Promise.all([one.maintain(), two.maintain(), one.maintain(), two.maintain()])

  t.strictSame(await statuses(database), ['active', 'next', 'retired'])
  t.equal(third.current, before, 'the third has not heard of it yet')
  await third.reload()
  t.equal(third.current.signing?.kid, one.current.signing?.kid)
  t.equal(one.current.signing?.kid, two.current.signing?.kid)
  t.not(third.current.signing?.kid, before.signing?.kid)
  t.ok(before.verifying.has(third.current.signing?.kid ?? ''), 'the new key was known before it signed')
  t.ok(third.current.verifying.has(before.signing?.kid ?? ''), 'the old one is known after it signed')
})

t.test('a look at a ring that needs no step queries no store and writes no change', async t => {
  const { node, database, clock, count } = await deployment(t)
  const keyring = await node()
  const [before, reads] = [await changes(database), count.reads]
  clock.advance(signingKeyTtl - 1000)
  await keyring.maintain()

  t.strictSame(await changes(database), before)
  t.equal(count.reads, reads)
})

t.test('a retired key is removed when its last token has expired', async t => {
  const { node, clock, database } = await deployment(t)
  const keyring = await node()
  const first = keyring.current.signing?.kid ?? ''
  clock.advance(signingKeyTtl)
  await keyring.maintain()
  clock.advance(retirementMs - 5000)
  await keyring.maintain()
  t.ok(keyring.current.verifying.has(first))

  clock.advance(5000)
  await keyring.maintain()
  t.notOk(keyring.current.verifying.has(first))
  t.strictSame(await statuses(database), ['active', 'next'])
})

t.test('every change of the ring is announced in its transaction', async t => {
  const { node, clock, database } = await deployment(t)
  const keyring = await node()
  t.strictSame(await changes(database), ['keys_changed'])
  clock.advance(signingKeyTtl)
  await keyring.maintain()
  t.strictSame(await changes(database), ['keys_changed', 'keys_changed'])
})

t.test('an operator rotates at once when verifiers know the next key', async t => {
  const { node, clock } = await deployment(t)
  const keyring = await node()
  const { current } = keyring
  clock.advance(publicationLeadMs)
  const { outcome, kid } = await keyring.rotate()

  t.equal(outcome, 'rotated')
  t.equal(keyring.current.signing?.kid, kid)
  t.ok(current.verifying.has(kid))
  t.ok(keyring.current.verifying.has(current.signing?.kid ?? ''))
})

t.test('a rotation that comes too early is kept and is finished later by any node', async t => {
  const { node, clock } = await deployment(t)
  const [command, server] = await Promise.all([node(), node()])
  await server.reload()
  const first = server.current.signing?.kid
  const wish = await command.rotate()
  const again = await command.rotate()

  t.equal(wish.outcome, 'scheduled')
  t.ok(wish.at > clock.now() + publicationLeadMs - 30_000)
  t.strictSame(again, wish, 'asking twice is asking once')
  t.equal(command.current.signing?.kid, first)

  await server.reload()
  await server.maintain()
  t.equal(server.current.signing?.kid, first, 'not yet')
  clock.advance(publicationLeadMs)
  await server.maintain()
  t.equal(server.current.signing?.kid, wish.kid)
  await command.reload()
  t.equal(command.current.signing?.kid, wish.kid)
})

t.test('after a compromise no old key is left and all sessions have ended, in one transaction', async t => {
  const { node, database, clock, published } = await deployment(t)
  const keyring = await node()
  clock.advance(signingKeyTtl)
  await keyring.maintain()
  const old = [...keyring.current.verifying.keys()]
  published.length = 0
  const kid = await keyring.replace()

  t.equal(keyring.current.signing?.kid, kid)
  t.strictSame(old.filter(kid => keyring.current.verifying.has(kid)), [])
  t.strictSame(await statuses(database), ['active', 'next'])
  t.match(published, [{ kind: 'everyone', number: 1, reason: 'everyone_signed_out' }, { kind: 'keys_changed' }])
  t.match(await database`select session_epoch from deployment`, [{ sessionEpoch: 1 }])
  const rows = await database<{ kind: string, xid: string }>`select kind, xid::text from changes order by seq desc limit 2`
  t.strictSame(rows.map(({ kind }) => kind).sort(), ['everyone', 'keys_changed'])
  t.equal(rows[0]?.xid, rows[1]?.xid)
})

t.test('the encryption key is changed without losing the ring, and the old one can be removed', async t => {
  const { node, database } = await deployment(t)
  const [old, fresh] = [randomBytes(32), randomBytes(32)]
  const first = await node([old])
  await node([old, fresh])
  t.ok((await node([old])).current.signing, 'the old key still seals')

  await node([fresh, old])
  const last = await node([fresh])
  t.equal(last.problem, null)
  t.equal(last.current.signing?.kid, first.current.signing?.kid)
  t.strictSame(await statuses(database), ['active', 'next'])
})

t.test('a node that cannot judge the ring reports it, trusts no key of it, and leaves it alone', async t => {
  const { node, database, clock } = await deployment(t)
  const sound = await node()
  clock.advance(signingKeyTtl)
  const blind = await node([randomBytes(32)])

  t.match(blind.problem, /ENCRYPTION_KEY does not decrypt the signing keys/)
  t.equal(blind.current.signing, null)
  t.equal(blind.current.verifying.size, 0)
  t.ok(blind.current.isPartial, 'so that a token of such a key is not called invalid')
  t.notOk(sound.current.isPartial)
  t.strictSame(await statuses(database), ['active', 'next'])
  await t.rejects(blind.rotate(), /ENCRYPTION_KEY does not decrypt/)

  await sound.maintain()
  t.strictSame(await statuses(database), ['active', 'next', 'retired'])
  t.equal(sound.problem, null)
})

t.test('a ring whose encryption key is lost can be replaced', async t => {
  const { node } = await deployment(t)
  await node()
  const blind = await node([randomBytes(32)])
  await blind.replace()

  t.equal(blind.problem, null)
  t.ok(blind.current.signing)
})

t.test('however many requests name an unknown key, the ring is read at most once a second', async t => {
  const { node, count } = await deployment(t)
  const keyring = await node()
  const before = count.reads
  const rings = await Promise.all(Array.from({ length: 100 }, () => keyring.lookUp()))
  await keyring.lookUp()

  t.equal(count.reads, before + 1)
  t.equal(new Set(rings).size, 1)
  count.monotonic += 1000
  await keyring.lookUp()
  t.equal(count.reads, before + 2)
  t.equal(keyring.current, rings[0], 'and what it had stays, with all that was derived from it')
})

t.test('a read that a later one has overtaken does not bring the old ring back', async t => {
  const { node, clock, hold } = await deployment(t)
  const keyring = await node()
  clock.advance(signingKeyTtl)
  const release = hold()
  const slow = keyring.reload()
  const other = await node()
  await keyring.reload()
  release()
  await slow

  t.equal(keyring.current.signing?.kid, other.current.signing?.kid)
})

t.test('a node that knows of a change and cannot read it stops trusting its copy, and recovers by itself', async t => {
  const { node, count } = await deployment(t)
  const [one, two] = [await node(), await node()]
  await one.replace()
  count.fails = true
  await t.rejects(two.reload(), /away/)
  t.ok(two.current, 'for a moment')
  count.monotonic += 3000
  t.throws(() => two.current, { code: 'unavailable' })

  count.fails = false
  for (const passed = startStopwatch(); passed() < 5000 && count.reads < 100;) {
    try {
      t.strictSame(two.current.jwks, one.current.jwks)
      return two.stop()
    } catch {
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
  t.fail('it did not recover')
})

t.test('an unknown key that cannot be looked up does not disturb the known keys', async t => {
  const { node, count } = await deployment(t)
  const keyring = await node()
  count.fails = true
  await t.rejects(keyring.lookUp(), /away/)
  count.monotonic += 60_000

  t.ok(keyring.current.signing)
})

t.test('a key that was written past the nodes does not count, and is removed', async t => {
  const { node, database, warnings } = await deployment(t)
  const keyring = await node()
  const { jwks, signing } = keyring.current
  const [sound] = await database<{ mac: Buffer }>`select mac from signing_keys where status = 'active'`
  const keyId = sound?.mac.subarray(0, 4) ?? Buffer.alloc(0)
  const forged = [Buffer.concat([keyId, randomBytes(32)]), keyId, Buffer.concat([sound?.mac ?? keyId, keyId])]
  const macs = [null, Buffer.alloc(0), randomBytes(36), sound?.mac, ...forged]
  const kids = await Promise.all(macs.map(mac => plant(database, { mac })))
  await keyring.reload()

  t.strictSame(keyring.current.jwks, jwks)
  t.notOk(kids.some(kid => keyring.current.verifying.has(kid)))
  await keyring.maintain()
  t.equal(keyring.current.signing?.kid, signing?.kid)
  t.match(warnings, [/Rows of signing_keys that no node has written were removed/])
  t.strictSame((await statuses(database)).filter(status => status !== 'retired'), ['active', 'next'])
  t.match(await node(), { current: { jwks } }, 'nor is it counted by a node that starts')
})

t.test('a row that was changed past the nodes does not count, and the ring becomes whole again', async t => {
  const { database, node } = await deployment(t)
  const changes = [
    `public_key = '${JSON.stringify(jwkOf())}'`,
    "published_at = published_at - interval '1 hour'",
    "activated_at = activated_at + interval '30 days'",
    "retired_at = now() + interval '1 year'",
    "status = 'retired', retired_at = now(), expires_at = now() + interval '1 year'",
    'mac = null'
  ]

  for (const change of changes) {
    const keyring = await node()
    const kid = keyring.current.signing?.kid ?? ''
    await database.unsafe(`update signing_keys set ${change} where id = '${kid}'`)
    await keyring.reload()
    t.notOk(keyring.current.verifying.has(kid), change)

    await keyring.maintain()
    t.ok(keyring.current.signing, `${change}: another key signs`)
    t.strictSame(await statuses(database), ['active', 'next'])
  }
})

t.test('a key never goes back: not from retired to active, and not from removed to anything', async t => {
  const { database, node, clock } = await deployment(t)
  const keyring = await node()
  const [kept] = await database<Row>`select id, public_key, private_key, published_at, activated_at, mac from signing_keys where status = 'active'`
  if (!kept) return t.fail('no active key')
  clock.advance(signingKeyTtl)
  await keyring.maintain()
  await database`delete from signing_keys where status = 'active'`
  await t.rejects(database`update signing_keys set status = 'active', retired_at = null, expires_at = null, mac = ${kept.mac} where id = ${kept.id}`, /does not go back/)
  await t.rejects(database`update signing_keys set id = gen_random_uuid() where id = ${kept.id}`, /does not change/)

  await keyring.reload()
  await keyring.replace()
  await t.rejects(restore(database, kept), /does not go back/)
  t.notOk(keyring.current.verifying.has(kept.id))
})

t.test('a key does not come back in a transaction that began before its removal', async t => {
  const { database, node, directUrl } = await deployment(t)
  const keyring = await node()
  const [kept] = await database<Row>`select id, public_key, private_key, published_at, activated_at, mac from signing_keys where status = 'active'`
  if (!kept) return t.fail('no active key')
  const sql = connect(t, directUrl)

  for (const isolation of ['repeatable read', 'serializable']) {
    await t.rejects(sql.begin(`isolation level ${isolation}`, async tx => {
      await tx`select 1 from users`
      if (keyring.current.verifying.has(kept.id)) await keyring.replace()
      await tx`delete from signing_keys`
      await tx`
        insert into signing_keys (id, algorithm, public_key, private_key, status, published_at, activated_at, mac)
        values (${kept.id}, 'ES256', ${JSON.stringify(kept.publicKey)}::text::jsonb, ${kept.privateKey}, 'active', ${kept.publishedAt}, ${kept.activatedAt}, ${kept.mac})`
    }), /could not serialize|does not go back/, isolation)
  }
})

t.test('rows from before the MACs survive the upgrade, and get theirs once', async t => {
  const { database, node, directUrl } = await deployment(t)
  const before = (await node()).current
  const owner = connect(t, directUrl)
  await asBeforeMacs(owner)
  const forged = await plant(database, { mac: null })
  await inherit(owner)
  const after = await node()

  t.equal(after.current.signing?.kid, before.signing?.kid)
  t.strictSame(after.current.jwks, before.jwks)
  t.notOk(after.current.verifying.has(forged), 'nobody without ENCRYPTION_KEY has encrypted its private half')
  await after.reload()
  await after.maintain()
  t.strictSame(await statuses(database), ['active', 'next'], 'it is gone')
  t.match(await database`select count(*)::int as n from signing_keys where mac is null`, [{ n: 0 }])
  t.match(await database`select count(*)::int as n from signing_keys_inherited`, [{ n: 0 }])

  await database`update signing_keys set mac = null`
  await after.reload()
  t.equal(after.current.verifying.size, 0, 'from then on none counts without')
})

t.test('an inherited row counts only as the owner found it', async t => {
  const { database, node, directUrl } = await deployment(t)
  const kid = (await node()).current.signing?.kid ?? ''
  await asBeforeMacs(connect(t, directUrl))
  await database`update signing_keys set activated_at = activated_at + interval '30 days' where id = ${kid}`

  t.notOk((await node()).current.verifying.has(kid))
})

t.test('a node with another ENCRYPTION_KEY leaves rows from before the MACs alone', async t => {
  const { database, node, directUrl } = await deployment(t)
  const kid = (await node()).current.signing?.kid
  await asBeforeMacs(connect(t, directUrl))
  const blind = await node([randomBytes(32)])

  t.match(blind.problem, /ENCRYPTION_KEY does not decrypt the signing keys/)
  t.equal(blind.current.verifying.size, 0)
  t.equal((await node()).current.signing?.kid, kid)
  t.strictSame(await statuses(database), ['active', 'next'])
})

t.test('the server’s role writes neither to what was inherited nor to the stages', async t => {
  const { database } = await deployment(t)
  for (const statement of [
    'insert into signing_keys_inherited select id, public_key, status, published_at, activated_at, retired_at, expires_at from signing_keys',
    'update signing_keys_inherited set expires_at = null',
    'delete from signing_key_stages',
    'update signing_key_stages set stage = 1',
    'alter table signing_keys disable trigger signing_keys_stage',
    'truncate signing_keys',
    'create temporary table planted (id uuid, status text); ' +
      'create trigger planted before insert on planted for each row execute function advance_signing_key()'
  ]) await t.rejects(database.unsafe(statement), /permission denied|must be owner/, statement)
})

/** A row of the ring that somebody keeps in order to put it back. */
interface Row { id: string, publicKey: object, privateKey: Buffer, publishedAt: Date, activatedAt: Date, mac: Buffer }

async function restore (database: Database, { id, publicKey, privateKey, publishedAt, activatedAt, mac }: Row) {
  await database`delete from signing_keys`
  await database`
    insert into signing_keys (id, algorithm, public_key, private_key, status, published_at, activated_at, mac)
    values (${id}, 'ES256', ${JSON.stringify(publicKey)}::text::jsonb, ${privateKey}, 'active', ${publishedAt}, ${activatedAt}, ${mac})`
}

/** Writes a retired key of a stranger, as somebody can who may only write to the database. Returns its id. */
async function plant (database: Database, { mac }: { mac: Buffer | null | undefined }) {
  const id = randomUUID()
  await database`
    insert into signing_keys (id, algorithm, public_key, private_key, status, published_at, activated_at, retired_at, expires_at, mac)
    values (${id}, 'ES256', ${JSON.stringify(jwkOf())}::text::jsonb, ${randomBytes(64)}, 'retired', now(), now(), now(), now() + interval '1 hour', ${mac ?? null})`
  return id
}

function jwkOf () {
  const { kty, crv, x, y } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
  return { kty, crv, x, y }
}

/** The ring as the migration finds it. */
async function asBeforeMacs (owner: ReturnType<typeof connect>) {
  await owner`update signing_keys set mac = null`
  await owner`delete from signing_keys_inherited`
  await inherit(owner)
}

async function inherit (owner: ReturnType<typeof connect>) {
  await owner`
    insert into signing_keys_inherited
    select id, public_key, status, published_at, activated_at, retired_at, expires_at
    from signing_keys
    on conflict do nothing`
}

/**
 * A database, a clock and nodes on them; `count.reads` counts the nodes' reads of the ring, `published` holds the
 * changes that they have published.
 */
async function deployment (t: Test) {
  const { database, directUrl } = await openDatabase(t)
  const clock = createClock()
  const secrets = [randomBytes(32)]
  const count = { reads: 0, monotonic: 1e6, fails: false }
  const published: Change[] = []
  const warnings: string[] = []
  let gate: Promise<void> | null = null

  return { node, database, directUrl, clock, secrets, count, published, warnings, hold }

  async function node (encryptionKeys = secrets) {
    const changes = createChangeStore(database)
    const publish = (changes: typeof published) => { published.push(...changes) }
    const store = createSigningKeyStore(
      database,
      createUnitsOfWork({ database, changes, publish, flows: createFlows() })
    )
    const derived = createSecrets(encryptionKeys).derive('signing keys')
    const keyring = createKeyring({
      store: { ...store, all },
      encryption: createEncryption(derived),
      newest: createEncryption(derived.slice(0, 1)),
      authenticity: createKeyAuthenticity(createSecrets(encryptionKeys).derive('rows of signing keys')),
      warn: error => { warnings.push(String(error)) },
      clock: { ...clock, now: clock.now, get offset () { return clock.offset }, monotonic: () => count.monotonic },
      signingKeyTtl,
      endEverything: createDeploymentStore().endEverything
    })

    await keyring.maintain()
    return keyring

    async function all () {
      count.reads++
      if (count.fails) throw new Error('away')
      const held = gate
      gate = null
      const keys = await store.all()
      await held
      return keys
    }
  }

  // The next read answers only when what this returns has been called.
  function hold () {
    let release = () => {}
    gate = new Promise(resolve => { release = resolve })
    return () => release()
  }
}

async function statuses (database: Database) {
  const rows = await database<{ status: string }>`select status from signing_keys order by status`
  return rows.map(({ status }) => status)
}

async function changes (database: Database) {
  const rows = await database<{ kind: string }>`select kind from changes order by seq`
  return rows.map(({ kind }) => kind)
}
