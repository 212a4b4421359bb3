import t from 'tap'
import { createBoundedMap } from '../../lib/bounded-map.ts'

t.test('the key that was set longest ago is forgotten when there is no room', async t => {
  const map = createBoundedMap<string, number>(2)
  map.set('a', 1)
  map.set('b', 2)
  map.set('c', 3)
  t.same([map.get('a'), map.get('b'), map.get('c'), map.size], [undefined, 2, 3, 2])
})

t.test('setting a key again makes it the newest, reading it does not', async t => {
  const map = createBoundedMap<string, number>(2)
  map.set('a', 1)
  map.set('b', 2)
  map.set('a', 3)
  t.equal(map.size, 2)
  map.get('b')
  map.set('c', 4)
  t.same([map.get('a'), map.get('b'), map.get('c')], [3, undefined, 4])
})

t.test('a deleted key makes room, and undefined is allowed as a key and as a value', async t => {
  const map = createBoundedMap<string | undefined, number | undefined>(2)
  map.set(undefined, undefined)
  map.set('b', 2)
  t.ok(map.delete('b'))
  t.notOk(map.delete('b'))
  map.set('c', 3)
  t.equal(map.size, 2)
  map.set('d', 4)
  t.same([map.size, map.get('c'), map.get('d')], [2, 3, 4], 'undefined was the oldest')
})

t.test('the map never holds more than its limit', async t => {
  const map = createBoundedMap<number, number>(100)
  for (let n = 0; n < 10_000; n++) {
    map.set(n * 7919 % 251, n)
    if (map.size > 100) return t.fail(`${map.size} entries`)
  }
  t.equal(map.size, 100)
})
