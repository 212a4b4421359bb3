import { createHash, randomBytes } from 'node:crypto'
import t from 'tap'
import { cutSnapshot, decodeLeaves, encodeLeaves, genesis, hashEvent, hashSeal, isSeen, readSnapshot } from '../../../lib/audit/chain.ts'
import type { SealContent } from '../../../lib/audit/chain.ts'
import type { EventContent } from '../../../lib/audit/event.ts'
import { createSealSigner, createSealVerifier } from '../../../lib/audit/signatures.ts'

const event: EventContent = {
  xid: '731',
  at: 1_795_171_437_123_456,
  event: 'authn_login_fail',
  outcome: 'failure',
  reason: 'invalid_credentials',
  actorId: null,
  subjectId: '018f4e1c-7a5b-7c3d-9e2f-1a2b3c4d5e6f',
  sessionId: null,
  requestId: 'r-1',
  addressHmac: null,
  personal: '00ff'
}
const seal: SealContent = {
  number: 2,
  events: 1,
  total: 3,
  lastId: 7,
  xid: '740',
  snapshot: '731:740:735,737',
  through: null,
  floor: 0,
  keptFrom: null,
  sealedAt: 1_795_171_440_000_000,
  leaves: Buffer.alloc(48, 1),
  previous: genesis
}

t.test('an event is hashed as the documentation says, so anybody can repeat it', async t => {
  const text = '22:latchkey audit event 1,3:731,16:1795171437123456,16:authn_login_fail,7:failure,19:invalid_credentials,-36:018f4e1c-7a5b-7c3d-9e2f-1a2b3c4d5e6f,-3:r-1,-4:00ff,'
  t.equal(hashEvent(event).toString('hex'), createHash('sha256').update(text).digest('hex'))
  const seals = '21:latchkey audit seal 1,1:2,1:1,1:3,1:7,3:740,15:731:740:735,737,-1:0,-16:1795171440000000,64:' +
    `${createHash('sha256').update(seal.leaves).digest('hex')},64:${'0'.repeat(64)},`
  t.equal(hashSeal(seal).toString('hex'), createHash('sha256').update(seals).digest('hex'))
})

t.test('no two events have the same hash, however their fields are divided', async t => {
  const variants: Partial<EventContent>[] = [
    {}, { reason: null }, { reason: '' }, { reason: '-' }, { requestId: '-' }, { requestId: null }, { event: 'authn_login_fail7:failure,' }, { reason: 'invalid_credentials,' },
    { sessionId: event.subjectId, subjectId: null }, { actorId: event.subjectId, subjectId: null }, { addressHmac: '00ff', personal: null }, { reason: '\u00e9' }, { reason: 'e\u0301' }, { reason: '\u0000' },
    { at: event.at + 1 }, { xid: '7311', at: 795_171_437_123_456 }
  ]
  t.equal(new Set(variants.map(variant => hashEvent({ ...event, ...variant }).toString('hex'))).size, variants.length)
})

t.test('every field of a seal changes its hash', async t => {
  const variants: Partial<SealContent>[] = [
    {}, { number: 3 }, { events: 2 }, { total: 4 }, { lastId: 8 }, { xid: '741' }, { snapshot: '731:740:735' }, { through: 0 }, { floor: 1 }, { keptFrom: 0 }, { sealedAt: seal.sealedAt + 1 },
    { leaves: Buffer.alloc(48, 2) }, { leaves: Buffer.alloc(0) }, { previous: Buffer.alloc(32, 1) }
  ]
  t.equal(new Set(variants.map(variant => hashSeal({ ...seal, ...variant }).toString('hex'))).size, variants.length)
})

t.test('packed leaves are unpacked unchanged', async t => {
  const leaves = [
    { id: 1, at: 0, hash: randomBytes(32) },
    { id: Number.MAX_SAFE_INTEGER, at: event.at, hash: randomBytes(32) },
    { id: -1, at: -5, hash: randomBytes(32) }
  ]
  t.strictSame(decodeLeaves(encodeLeaves(leaves)), leaves)
  t.strictSame(decodeLeaves(Buffer.alloc(0)), [])
  t.equal(decodeLeaves(Buffer.alloc(95)).length, 1)
})

t.test('a snapshot can be asked what it contains, and a truncated one contains less', async t => {
  const sees = (text: string) => Array.from({ length: 14 }, (_, n) => n + 3)
    .filter(xid => isSeen(readSnapshot(text), BigInt(xid)))
  t.strictSame(sees('10:10:'), [3, 4, 5, 6, 7, 8, 9])
  t.strictSame(sees('5:12:5,7,11'), [3, 4, 6, 8, 9, 10])
  t.equal(cutSnapshot('5:12:5,7,11', '8'), '5:8:5,7')
  t.strictSame(sees(cutSnapshot('5:12:5,7,11', '8')), [3, 4, 6])
  t.equal(cutSnapshot('5:12:5,7,11', '4'), '4:4:')
  t.equal(cutSnapshot('10:10:', '9'), '9:9:')
})

t.test('a signature is valid for its own hash and key only', async t => {
  const [old, next] = [randomBytes(32), randomBytes(32)]
  const signer = createSealSigner([next, old])
  const hash = hashSeal(seal)
  const { keyId, signature } = signer.sign(hash)

  t.equal(signer.verify(hash, signature, keyId), true)
  t.equal(signer.verify(randomBytes(32), signature, keyId), false)
  t.equal(signer.verify(hash, randomBytes(64), keyId), false)
  t.equal(signer.verify(hash, Buffer.alloc(0), keyId), false)
  t.equal(signer.verify(hash, signature, randomBytes(8)), null, 'a key that is not known')
  t.strictSame(createSealSigner([next]).sign(hash), { keyId, signature }, 'the first seed signs')
  t.equal(createSealSigner([old]).verify(hash, signature, keyId), null)

  const before = createSealSigner([old]).sign(hash)
  t.equal(signer.verify(hash, before.signature, before.keyId), true, 'the others are known')
  t.equal(createSealVerifier(signer.publicKeys).verify(hash, signature, keyId), true, 'who holds what is public can tell')
})
