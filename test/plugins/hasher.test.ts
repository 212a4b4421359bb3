import t from 'tap'
import Fastify from 'fastify'
import * as reference from 'argon2'
import hashThreads from '../../plugins/passwords/hash-threads.ts'
import hasher from '../../plugins/passwords/hasher.ts'

t.test('the hasher makes argon2id that the reference binding reads, and reads what that makes', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(hashThreads)
  await app.register(hasher)

  const parameters = { memoryKib: 256, passes: 2, parallelism: 1 }
  const password = Buffer.from('pässword')
  const ours = await app.hasher.hash(password, parameters)
  const theirs = await reference.hash(password, { type: reference.argon2id, memoryCost: 256, timeCost: 2, parallelism: 1 })

  t.match(ours, /^\$argon2id\$v=19\$m=256,t=2,p=1\$/)
  t.ok(await reference.verify(ours, password))
  t.ok(await app.hasher.verify(theirs, password))
  t.notOk(await app.hasher.verify(theirs, Buffer.from('password')))
  await t.rejects(app.hasher.verify('nonsense', password))
})
