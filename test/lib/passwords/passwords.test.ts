import t from 'tap'
import { hash, verify } from '@node-rs/argon2'
import { createClock } from '../../../lib/clock.ts'
import { createHashScheduler } from '../../../lib/passwords/hash-scheduler.ts'
import { createForeignVerifier } from '../../../lib/passwords/foreign-verifier.ts'
import { createThreadHasher } from '../../../lib/passwords/hashers.ts'
import { createHashThreads } from '../../../lib/passwords/hash-threads.ts'
import { createPasswords } from '../../../lib/passwords/passwords.ts'
import type { Hasher, HashParameters } from '../../../lib/passwords/passwords.ts'
import { knownTurn, strangerTurn } from '../../support/hashers.ts'

const cheap: HashParameters = { memoryKib: 64, passes: 1, parallelism: 1 }

t.test('a password matches its own hash and no other does', async t => {
  const { passwords } = await start()
  const stored = await passwords.hash('plum orbit', knownTurn)

  t.match(stored, /^\$argon2id\$v=19\$m=64,t=1,p=1\$[A-Za-z0-9+/]{22}\$/, 'a salt of 16 bytes')
  t.not(stored, await passwords.hash('plum orbit', knownTurn), 'and a fresh one each time')
  t.equal(await passwords.verify(stored, 'plum orbit', strangerTurn), true)
  for (const other of ['plum orbit ', ' plum orbit', 'Plum orbit', 'plum orbi', 'plum orbit\u0000', 'plum orbit\u0000x', '']) {
    t.equal(await passwords.verify(stored, other, strangerTurn), false, JSON.stringify(other))
  }
})

t.test('the whole password counts, also after 72 bytes and after a NUL', async t => {
  const { passwords } = await start()
  const long = await passwords.hash(`${'x'.repeat(127)}a`, knownTurn)
  const nul = await passwords.hash('plum\u0000orbit', knownTurn)

  t.equal(await passwords.verify(long, `${'x'.repeat(127)}b`, knownTurn), false)
  t.equal(await passwords.verify(nul, 'plum\u0000kestrel', knownTurn), false)
  t.equal(await passwords.verify(nul, 'plum\u0000orbit', knownTurn), true)
})

t.test('composed and decomposed letters are the same password, compatible ones are not', async t => {
  const { passwords } = await start()

  t.equal(await passwords.verify(await passwords.hash('caf\u00e9 orbit', knownTurn), 'cafe\u0301 orbit', knownTurn), true)
  t.equal(await passwords.verify(await passwords.hash('cafe\u0301 orbit', knownTurn), 'caf\u00e9 orbit', knownTurn), true)
  t.equal(await passwords.verify(await passwords.hash('\ufb01g orbit', knownTurn), 'fig orbit', knownTurn), false)
})

t.test('half a surrogate pair does not stand for the replacement character', async t => {
  const { passwords } = await start()
  t.equal(await passwords.verify(await passwords.hash('orbit \ufffd', knownTurn), 'orbit \ud800', knownTurn), false)
})

t.test('without a hash, or with a broken one, the answer is no after the same work', async t => {
  const { passwords, work } = await start()
  const stored = await passwords.hash('plum orbit', knownTurn)

  for (const hash of [
    stored, null, '', 'x', '$argon2id$', '$2b$12$abcdefghijklmnopqrstuv', stored.slice(0, -30), stored.replace('argon2id', 'argon2i'),
    stored.replace('m=64', 'm=9999999'), stored.replace('t=1', 't=999'), `${stored}\n`, `${stored}${'A'.repeat(100)}`
  ]) {
    work.length = 0
    t.equal(await passwords.verify(hash, 'another', strangerTurn), false)
    t.same(work, ['verify m=64,t=1,p=1'], JSON.stringify(hash))
  }
  t.equal(await passwords.verify(null, 'decoy', strangerTurn), false, 'whatever the decoy was made of')
})

t.test('a hash that its binding cannot read counts as wrong', async t => {
  const { passwords } = await start({
    verify: async (stored, password) => {
      if (stored.includes('c29tZXNhbHQ')) throw new Error('bad hash')
      return verify(stored, password)
    }
  })
  t.equal(await passwords.verify('$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4', 'password', knownTurn), false)
})

t.test('a right password is not wrong because a thread has ended: it is not judged, and nothing else is', async t => {
  const { call, close } = createHashThreads({ modules: { argon2: '@node-rs/argon2', bcrypt: 'bcryptjs', crypto: 'node:crypto' }, count: 1 })
  await close()
  const { passwords, work } = await start({ verify: createThreadHasher({ call }).hasher.verify })
  const stored = await passwords.hash('plum orbit', knownTurn)
  work.length = 0

  await t.rejects(passwords.verify(stored, 'plum orbit', knownTurn), { code: 'unavailable', status: 503 })
  t.same(work, [])
})

t.test('a hash with other parameters still matches and asks to be rehashed', async t => {
  const { passwords } = await start()
  const { passwords: stronger } = await start({}, { ...cheap, passes: 2 })
  const stored = await passwords.hash('plum orbit', knownTurn)

  t.equal(passwords.needsRehash(stored), false)
  t.equal(stronger.needsRehash(stored), true)
  t.equal(await stronger.verify(stored, 'plum orbit', knownTurn), true)
  t.equal(stronger.needsRehash('$2b$12$imported'), true)
})

t.test('every hash waits with the priority of its caller', async t => {
  const { passwords } = await start({}, cheap, { concurrency: 1, queueMax: 2 })
  const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => passwords.verify(null, 'x', strangerTurn)))

  t.equal(outcomes.filter(({ status }) => status === 'rejected').length, 3, 'one at work, one may wait')
  t.match(outcomes.find(({ status }) => status === 'rejected'), { reason: { code: 'overloaded' } })
  t.match(passwords.stats(), { running: 0, refused: 3 })
})

async function start (changed: Partial<Hasher> = {}, parameters = cheap, size = { concurrency: 2, queueMax: 64 }) {
  const work: string[] = []
  const hasher: Hasher = {
    hash: (password, { memoryKib, passes, parallelism }) => hash(password, {
      memoryCost: memoryKib,
      timeCost: passes,
      parallelism
    }),
    verify: (stored, password) => {
      work.push(`verify ${stored.split('$')[3]}`)
      return verify(stored, password)
    },
    ...changed
  }
  const scheduler = createHashScheduler({ ...size, deadlineMs: 5000, clock: createClock() })

  const verifyForeign = createForeignVerifier({
    verifyArgon2: hasher.verify,
    call: async (_module, name) => { work.push(name) }
  })

  return { passwords: await createPasswords(hasher, scheduler, parameters, verifyForeign), work }
}
