import t from 'tap'
import { createSightings } from '../../../lib/sessions/sightings.ts'
import type { Sighting } from '../../../lib/sessions/sighting-store.ts'

const minute = 60_000

t.test('a session is written at most every fifteen minutes', async t => {
  const { sightings, written } = open()
  sightings.note(seen('a', 0), 3, 15 * minute - 1)
  t.equal(sightings.size, 0)
  sightings.note(seen('a', 0), 3, 15 * minute)
  await sightings.flush()
  t.same(written, [[{ sessionId: 'a', floor: 3, seenAt: new Date(15 * minute) }]])
  t.equal(sightings.size, 0)
})

t.test('the newest time counts, and a floor is only ever raised', async t => {
  const { sightings, written } = open()
  sightings.note(seen('a', 0), 5, 20 * minute)
  sightings.note(seen('a', 0), 2, 21 * minute)
  await sightings.flush()
  t.same(written, [[{ sessionId: 'a', floor: 5, seenAt: new Date(21 * minute) }]])
})

t.test('many sightings are written in batches, each session once', async t => {
  const { sightings, written } = open()
  for (let n = 0; n < 1200; n++) sightings.note(seen(String(n), 0), 1, 15 * minute)
  await sightings.flush()
  t.same(written.map(({ length }) => length), [500, 500, 200])
  t.equal(new Set(written.flat().map(({ sessionId }) => sessionId)).size, 1200)
})

t.test('a batch that fails is tried again, and what is noted meanwhile is not lost', async t => {
  const { sightings, written, store } = open()
  sightings.note(seen('a', 0), 1, 15 * minute)
  store.answer = async () => { throw new Error('away') }
  await t.rejects(sightings.flush(), /away/)
  t.equal(sightings.size, 1)

  store.answer = async () => {
    store.answer = async () => {}
    sightings.note(seen('a', 0), 2, 16 * minute)
  }
  await sightings.flush()
  t.same(written.at(-1), [{ sessionId: 'a', floor: 2, seenAt: new Date(16 * minute) }])
  t.equal(sightings.size, 0)
})

t.test('the backlog does not grow without bound while Postgres is away', async t => {
  const { sightings, written } = open()
  for (let n = 0; n < 10_050; n++) sightings.note(seen(String(n), 0), 1, 15 * minute)
  t.equal(sightings.size, 10_000)
  sightings.note(seen('7', 0), 9, 16 * minute)
  t.equal(sightings.size, 10_000)
  await sightings.flush()
  t.same(written.flat().filter(({ sessionId }) => sessionId === '7'), [{ sessionId: '7', floor: 9, seenAt: new Date(16 * minute) }], 'what waits already is raised all the same')
})

function open () {
  const written: Sighting[][] = []
  const store = { answer: async () => {} }
  const sightings = createSightings(async batch => {
    await store.answer()
    written.push(batch)
  })
  return { sightings, written, store }
}

function seen (sessionId: string, at: number) {
  return { sessionId, lastSeenAt: new Date(at) }
}
