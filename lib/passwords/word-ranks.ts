/** Tells how common a word is: its place in the list, from 1; undefined for a word that is not there. */
export type RankOf = (word: string) => number | undefined

/** 32-bit FNV-1a, over UTF-16 code units. */
const fnv = { basis: 0x811c9dc5, prime: 0x01000193 }

const lineFeed = 10

/**
 * Looks words up in a text that has one in each line, the commonest first. In an object, a Map or a Set each word would
 * be a string of its own: 120,000 of them take three times as long to make, and V8's collector looks at all of them.
 */
export function createRanks (text: string): RankOf {
  const count = countLines(text)
  const starts = new Uint32Array(count + 1)
  const ends = new Uint32Array(count + 1)
  // Open addressing. At most half of the slots hold a rank, so a search ends after a few.
  const slots = new Uint32Array(2 ** Math.ceil(Math.log2(2 * count + 2)))
  fill()
  return rankOf

  function rankOf (word: string) {
    for (let slot = slotOf(hashOf(word)); ; slot = next(slot)) {
      const rank = slots[slot] ?? 0
      if (rank === 0) return undefined
      if (isAt(rank, word)) return rank
    }
  }

  function isAt (rank: number, word: string) {
    const [start, end] = [starts[rank] ?? 0, ends[rank] ?? 0]
    return end - start === word.length && text.startsWith(word, start)
  }

  // One pass over the text, because it is a part of every start.
  function fill () {
    for (let rank = 0, start = 0, hash = fnv.basis, at = 0; at <= text.length; at++) {
      const unit = at < text.length ? text.charCodeAt(at) : lineFeed
      if (unit !== lineFeed) {
        hash = withUnit(hash, unit)
        continue
      }
      place(++rank, hash)
      starts[rank] = start
      ends[rank] = at
      start = at + 1
      hash = fnv.basis
    }
  }

  function place (rank: number, hash: number) {
    let slot = slotOf(hash)
    while (slots[slot] !== 0) slot = next(slot)
    slots[slot] = rank
  }

  function slotOf (hash: number) {
    return (hash ^ (hash >>> 15)) & (slots.length - 1)
  }

  function next (slot: number) {
    return (slot + 1) & (slots.length - 1)
  }
}

function hashOf (word: string) {
  let hash = fnv.basis
  for (let at = 0; at < word.length; at++) hash = withUnit(hash, word.charCodeAt(at))
  return hash
}

function withUnit (hash: number, unit: number) {
  return Math.imul(hash ^ unit, fnv.prime)
}

function countLines (text: string) {
  let count = 1
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++
  return count
}
