import t from 'tap'
import { commonPasswords, commonWords } from '../../../lib/passwords/word-lists.ts'
import { createRanks } from '../../../lib/passwords/word-ranks.ts'

t.test('a word has the rank of its place in the list', async t => {
  const rankOf = createRanks('password\nmünchen\n123456')

  t.same(['password', 'münchen', '123456'].map(rankOf), [1, 2, 3])
  t.equal(createRanks('alone')('alone'), 1)
})

t.test('what is not in the list has no rank, however like a word of it', async t => {
  const rankOf = createRanks('password\nmünchen\n123456')

  for (const word of ['', 'passwor', 'password1', 'assword', 'Password', 'munchen', 'password\nmünchen', '\n', '456']) {
    t.equal(rankOf(word), undefined, JSON.stringify(word))
  }
})

t.test('the beginning of a word is not the word, wherever it is looked for', async t => {
  const word = 'pneumonoultramicroscopicsilicovolcanoconiosis'
  const rankOf = createRanks(word)

  t.same(Array.from(word, (_, length) => rankOf(word.slice(0, length))).filter(rank => rank !== undefined), [])
  t.equal(rankOf(word), 1)
})

t.test('a word that is the name of a property of every object is nothing but a word', async t => {
  t.same(['constructor', '__proto__', 'toString'].map(createRanks('constructor\nother')), [1, undefined, undefined])
})

t.test('a word that stands there twice has the better rank, and an empty list has no word', async t => {
  t.same(['twice', 'once'].map(createRanks('twice\nonce\ntwice')), [1, 2])
  t.equal(createRanks('')('password'), undefined)
})

t.test('every word of the real lists has its rank', async t => {
  for (const text of [commonPasswords, commonWords]) {
    const words = text.split('\n')
    const rankOf = createRanks(text)

    t.ok(words.length > 40_000)
    t.same(words.filter((word, place) => rankOf(word) !== place + 1), [])
    t.same(words.filter(word => rankOf(`${word}\u0000`) !== undefined), [])
  }
})
