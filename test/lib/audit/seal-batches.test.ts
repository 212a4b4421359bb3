import { randomBytes } from 'node:crypto'
import t from 'tap'
import { genesis, hashSeal } from '../../../lib/audit/chain.ts'
import type { StoredSeal } from '../../../lib/audit/chain.ts'
import { createSealBatches } from '../../../lib/audit/seal-batches.ts'
import { createSealSigner } from '../../../lib/audit/signatures.ts'

const [ours, theirs] = [createSealSigner([randomBytes(32)]), createSealSigner([randomBytes(32)])]

t.test('seals of others at the end are looked through once, until there is another end', async t => {
  const chain = [sealBy(ours, 1), sealBy(theirs, 2), sealBy(theirs, 3)]
  const { end, walks } = chainOf(chain)
  for (let look = 0; look < 3; look++) t.match(await end(), { last: { number: 3 }, ours: { number: 1 } })
  t.equal(walks(), 1)

  chain.push(sealBy(theirs, 4))
  t.match(await end(), { last: { number: 4 }, ours: { number: 1 } })
  t.equal(walks(), 2)
})

t.test('where no seal is ours, the chain is looked through once, and does not end until there is another seal', async t => {
  const chain = [sealBy(theirs, 1), sealBy(theirs, 2)]
  const { end, walks } = chainOf(chain)
  for (let look = 0; look < 3; look++) await t.rejects(end(), /ENCRYPTION_KEY that is listed/)
  t.equal(walks(), 1)

  chain.push(sealBy(ours, 3))
  t.match(await end(), { last: { number: 3 }, ours: { number: 3 } })
  t.equal(walks(), 1)
})

function chainOf (chain: StoredSeal[]) {
  let walks = 0
  const before = (number: number) => chain.filter(seal => seal.number < number).reverse()
  const never = async () => { throw new Error('nothing is sealed here') }
  const { end } = createSealBatches({
    store: {
      lock: never,
      waitForLock: never,
      transaction: never,
      insert: never,
      lastBefore: async number => before(number)[0] ?? null,
      links: async (number, limit) => {
        walks++
        return before(number).slice(0, limit)
      }
    },
    unsealed: { moment: never, unsealed: never, leftOver: never, hasBegunAnew: never, firstSince: never },
    signer: ours,
    isShutOut: async () => false,
    count: never,
    batchSize: 1
  })
  return { end: () => end(), walks: () => walks }
}

function sealBy (signer: typeof ours, number: number): StoredSeal {
  const content = {
    number,
    events: 0,
    total: 0,
    lastId: 0,
    xid: '3',
    snapshot: '3:3:',
    through: null,
    floor: 0,
    keptFrom: null,
    sealedAt: 0,
    leaves: Buffer.alloc(0),
    previous: genesis
  }
  const hash = hashSeal(content)
  return { ...content, hash, ...signer.sign(hash) }
}
