import t from 'tap'
import * as reference from 'argon2'
import { createReferenceHasher, createThreadHasher, firstThatWorks } from '../../../lib/passwords/hashers.ts'
import type { Hasher } from '../../../lib/passwords/passwords.ts'
import { startHashThreads } from '../../support/hash-threads.ts'

t.test('the reference binding reads the hasher’s argon2id, and the hasher reads the binding’s', async t => {
  const { hasher } = createThreadHasher(startHashThreads(t))

  const parameters = { memoryKib: 256, passes: 2, parallelism: 1 }
  const password = Buffer.from('pässword')
  const ours = await hasher.hash(password, parameters)
  const theirs = await reference.hash(password, {
    type: reference.argon2id,
    memoryCost: 256,
    timeCost: 2,
    parallelism: 1
  })

  t.match(ours, /^\$argon2id\$v=19\$m=256,t=2,p=1\$/)
  t.ok(await reference.verify(ours, password))
  t.ok(await hasher.verify(theirs, password))
  t.notOk(await hasher.verify(theirs, Buffer.from('password')))
  await t.rejects(hasher.verify('nonsense', password))
})

t.test('the first binding that loads and computes correctly is used', async t => {
  const threads = startHashThreads(t)
  const fast = async () => createThreadHasher(threads)
  const slow = async () => createReferenceHasher(reference)
  t.equal((await firstThatWorks([fast, slow])).name, '@node-rs/argon2')
  t.equal((await firstThatWorks([slow, fast])).name, 'argon2')

  const broken: Partial<Hasher>[] = [
    { verify: async () => true },
    { verify: async () => false },
    { verify: async () => { throw new Error('another processor') } }
  ]
  for (const hasher of broken) {
    const wrong = async () => ({ name: 'broken', hasher: { ...(await slow()).hasher, ...hasher } })
    t.equal((await firstThatWorks([wrong, slow])).name, 'argon2')
    await t.rejects(firstThatWorks([wrong]), { message: /works on this machine/ })
  }
  t.equal((await firstThatWorks([async () => { throw new Error('not for this platform') }, slow])).name, 'argon2')
})
