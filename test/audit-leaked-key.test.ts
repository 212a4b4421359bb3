import { randomBytes } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import { hashSeal } from '../lib/audit/chain.ts'
import type { StoredSeal } from '../lib/audit/chain.ts'
import { createAuditSealStore } from '../lib/audit/seal-store.ts'
import { createSealSigner } from '../lib/audit/signatures.ts'
import { createAuditVerification } from '../lib/audit/verification/verification.ts'
import { purposes } from '../lib/crypto/purposes.ts'
import { createSecrets } from '../lib/crypto/secrets.ts'
import { run } from './support/command.ts'
import { connect, openStore } from './support/database.ts'
import { deploy, signIn, start } from './support/helper.ts'
import type { Deployment } from './support/helper.ts'
import { macsOf, sealsOf } from './support/trail/audit-seals.ts'

/** A list without entries, as a pattern. An empty list would match every list. */
const none = { length: 0 }

// ENCRYPTION_KEY has leaked, and the operator has set a new one alone.

t.test('after rotate-keys --compromised the trail is sealed on under the new key, and verifies', async t => {
  const { deployment, renewed, old, sql, verify } = await leaked(t)
  const next = await start(t, renewed, { workers: false })
  await signIn(old)
  await t.rejects(sealsOf(next).seal(), /run `rotate-keys --compromised`/, 'a node does not do it by itself')
  await t.rejects(sealsOf(next).seal())
  t.equal((await verify(renewed)).seals, 2, 'and adds nothing to the chain')

  const head = (await verify(deployment)).head?.hash.toString('hex')
  const { code, stdout } = await run(renewed, ['rotate-keys', '--compromised'])
  t.equal(code, 0)
  t.match(stdout, `seal 3, which continues seal 2, ${head}`)
  await signIn(next)
  t.ok(await sealsOf(next).seal() > 0)

  const verdict = await verify(renewed, head)
  t.match(verdict, { isSound: true, hasHead: true, seals: 4, unsealed: 0, brokenSeals: none })
  t.match(verdict.foreignSeals, [{ first: 1, last: 2, vouchedBy: 3 }], 'it says from where on the new key vouches')
  t.match(await run(renewed, ['audit-verify']), { code: 0, stdout: /seals 1 to 2 were made under an ENCRYPTION_KEY that is not listed.*Seal 3/ })
  const both = `${renewed.ENCRYPTION_KEY},${deployment.ENCRYPTION_KEY}`
  t.match(await verify({ ENCRYPTION_KEY: both }), { isSound: true, unchecked: 0, foreignSeals: none }, 'who has the old key checks the old seals too')
  t.match(await sql`select sum(events)::int as counted from daily_counts`, [{ counted: verdict.events }], 'each event was counted once')
})

t.test('a node with the old key, which is not restarted yet, adds nothing behind the new seal', async t => {
  const { renewed, old, verify } = await leaked(t)
  await run(renewed, ['rotate-keys', '--compromised'])
  const next = await start(t, renewed, { workers: false })
  await signIn(next)
  await t.rejects(sealsOf(old).seal(), /signing keys are under an ENCRYPTION_KEY that is not listed/)
  await sealsOf(next).seal()
  t.match(await verify(renewed), { isSound: true, seals: 4, unsealed: 0, brokenSeals: none })
  t.ok((await old.metrics.render()).includes('latchkey_audit_chain_breaks_total 0\n'), 'nobody has broken the chain')
})

t.test('rotate-keys --compromised under the key of before adds no seal', async t => {
  const { deployment, verify } = await leaked(t)
  t.match(JSON.parse((await run(deployment, ['rotate-keys', '--compromised', '--json'])).stdout), { outcome: 'replaced', seal: null })
  t.match(await verify(deployment), { isSound: true, seals: 2, foreignSeals: none })
})

t.test('of the old seals one is continued that is whole, and that covers no more events than there are', async t => {
  const { deployment, renewed, plant, verify } = await leaked(t)
  const hashed = (seal: StoredSeal) => ({ ...seal, hash: hashSeal(seal) })
  await plant(seal => ({ ...seal, hash: randomBytes(32) }))
  await plant(seal => hashed({ ...seal, lastId: 900_000_000_000 }))
  await plant(seal => hashed({ ...seal, floor: 900_000_000_000 }))
  await run(renewed, ['rotate-keys', '--compromised'])
  const next = await start(t, renewed, { workers: false })
  await signIn(next)
  t.ok(await sealsOf(next).seal() > 0, 'what others claimed keeps nothing from being sealed')

  const verdict = await verify(renewed)
  t.match(verdict, { isSound: false, unsealed: 0, foreignSeals: [{ first: 1, last: 2, vouchedBy: 6 }] })
  t.strictSame(verdict.brokenSeals.map(({ seal }) => seal), [3, 4, 5], 'those of others are named')
  t.match(await verify(deployment), { isSound: false })
})

t.test('a thousand seals of others do not end the chain for good', async t => {
  const { deployment, old, sql, verify } = await leaked(t)
  await sql`
    insert into audit_seals
    select number + n, 0, total, last_id, xid, snapshot, through, floor, kept_from, sealed_at, '', hash, sha256(hash || n::text::bytea), '\\x00', '\\x00'
    from audit_seals, generate_series(1, 1001) n
    where number = 2`
  await signIn(old)
  await t.rejects(sealsOf(old).seal(), /none of the last 1000 seals/)
  await run(deployment, ['rotate-keys', '--compromised'])
  t.ok((await verify(deployment)).brokenSeals.every(({ seal }) => seal > 2 && seal <= 1003), 'the last one of ours is continued, and none of theirs')
  await signIn(await start(t, deployment, { workers: false }))
  t.ok(await sealsOf(old).seal() > 0)
})

/** A deployment with two seals, a node with its key, and its settings after the key was exchanged. */
async function leaked (t: Test) {
  const deployment = await deploy(t)
  const renewed: Deployment = { ...deployment, ENCRYPTION_KEY: randomBytes(32).toString('base64') }
  const old = await start(t, deployment, { workers: false })
  for (let seal = 0; seal < 2; seal++) {
    await signIn(old)
    await sealsOf(old).seal()
  }
  const database = openStore(t, deployment.DATABASE_DIRECT_URL)
  const store = createAuditSealStore(database)
  return { deployment, renewed, old, sql: connect(t, deployment.DATABASE_DIRECT_URL), plant, verify }

  /** Adds an empty seal of somebody who has the database and none of the keys. */
  async function plant (change: (seal: StoredSeal) => StoredSeal) {
    const stranger = createSealSigner([randomBytes(32)])
    const last = await store.lastBefore(Number.MAX_SAFE_INTEGER)
    if (!last) throw new Error('there is no seal')
    const seal = change({ ...last, number: last.number + 1, events: 0, leaves: Buffer.alloc(0), previous: last.hash })
    await database.begin(tx => store.insert(tx, { ...seal, ...stranger.sign(seal.hash) }))
  }

  async function verify ({ ENCRYPTION_KEY }: { ENCRYPTION_KEY: string }, head?: string) {
    const secrets = createSecrets(ENCRYPTION_KEY.split(',').map(key => Buffer.from(key, 'base64')))
    const signer = createSealSigner(secrets.derive(purposes.auditSeals))
    return await createAuditVerification(store, signer, macsOf({ ENCRYPTION_KEY })).verify({ head })
  }
}
