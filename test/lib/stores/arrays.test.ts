import t from 'tap'
import { readArray, writeArray } from '../../../lib/stores/arrays.ts'
import { build } from '../../helper.ts'

t.test('what is written is read again by Postgres and by us', async t => {
  for (const values of [[], ['pwd'], ['a', 'b c', 'd,e', '{f}', 'NULL', '', 'say "hi"', 'back\\slash', 'naïve\n'], ['a', null]]) {
    t.same(readArray(writeArray(values).replaceAll('null', 'NULL')), values)
  }
})

t.test('arrays of each kind that statements use arrive', async t => {
  const { database } = await build(t)
  const [row] = await database<{ texts: string[], uuids: string[], numbers: string[] }>`
    select ${['pwd', 'o"t\\p']}::text[] as texts, ${['6a0c7f0e-3f5b-4c0e-9b0a-1d2e3f405162']}::uuid[] as uuids, ${[1, 2]}::bigint[] as numbers`

  t.same(row?.texts, ['pwd', 'o"t\\p'])
  t.same(row?.uuids, ['6a0c7f0e-3f5b-4c0e-9b0a-1d2e3f405162'])
  t.same(row?.numbers.map(Number), [1, 2])
})
