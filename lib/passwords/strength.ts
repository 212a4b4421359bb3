import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { passwordRank, wordRank } from './common-words.ts'
import { keyboard, stemWords, translations } from './word-lists.ts'
import type { RankOf } from './word-ranks.ts'

export interface Strength {
  /** 0 to 4. 3 means 10^8 guesses or more. */
  score: number
  /** Advice, in sentences for a person. */
  advice: string
}

/**
 * The most characters that zxcvbn gets at a time. Its cost grows much faster than its input: 100 characters of l33t
 * block the event loop for nearly a second, and its own limits do not help.
 */
const windowLength = 24

/** Longer words are found only where they are the whole password: what zxcvbn does grows with this length. */
const partLength = 14

/**
 * How many words that an attacker would try first on a person count, and how long they may be: a person who registers
 * chooses them, and each place where one of them fits multiplies what zxcvbn does.
 */
const personalMax = { count: 8, length: 16 }
/** Shorter words say nothing. */
const personalLengthMin = 4

const estimator = new ZxcvbnFactory({
  graphs: { qwerty: keyboard },
  translations,
  l33tMaxSubstitutions: 4,
  maxLength: windowLength
})
// In place of the dictionaries that zxcvbn would make of lists, which are objects with a property for each word.
Object.assign(estimator['options'], {
  rankedDictionaries: { passwords: asDictionary(passwordRank), words: asDictionary(wordRank) },
  rankedDictionariesMaxWordSize: { passwords: partLength, words: partLength }
})

/**
 * Estimates how many guesses a password takes, by zxcvbn (Wheeler, USENIX Security 2016). Takes less than 5 ms for any
 * input.
 * @param enough the score that is sufficient, so that the end of a long password need not be looked at
 */
export function createEstimator (enough: number) {
  return estimate

  /**
   * Of a long password the start counts, or the end if that is stronger: guessing the whole takes at least as many
   * guesses as guessing a part.
   * @param personal words that an attacker would try first on this person, the most telling ones first; some of them
   * count
   */
  function estimate (password: string, personal: string[]): Strength {
    const telling = tellingOf(personal)
    if (isDecorated(password.toLowerCase())) {
      return { score: 1, advice: 'A common word with a year or a sign is tried early.' }
    }

    const once = withoutRepeats(password)
    const start = assess(once.slice(0, windowLength), telling)
    if (start.score >= enough || once.length <= windowLength) return start

    const end = assess(once.slice(-windowLength), telling)
    return end.score > start.score ? end : start
  }

  function assess (part: string, personal: string[]): Strength {
    const { guesses, feedback } = estimator.check(part, personal)

    return {
      score: scoreGuesses.filter(minimum => guesses >= minimum).length,
      advice: [feedback.warning, ...feedback.suggestions].filter(Boolean).join(' ')
    }
  }
}

/**
 * Words that are tried early with a year and a sign added, as in `Summer2026!`. The estimator rates three parts as
 * strong, however common each of them is.
 */
const stems = new Set(stemWords)

function isDecorated (folded: string) {
  const [start = '', stem = '', end = ''] = folded.split(/(\p{L}+)/u, 3)

  return stems.has(stem) && start.length + stem.length + end.length === folded.length && start.length + end.length <= 6
}

/** Words that count. One that is a run (`1111`, `ababab`) would fit in many places, and is guessable by itself. */
function tellingOf (personal: string[]): string[] {
  const words = personal
    .filter(word => word.length >= personalLengthMin && word.length <= personalMax.length)
    .filter(word => withoutRepeats(word).length * 3 > word.length)
  return [...new Set(words)].slice(0, personalMax.count)
}

/**
 * The part that a text repeats, if it does nothing else (`abcabcab` gives `abc`), because a window may cut through it.
 * The failure function of Knuth, Morris and Pratt finds the shortest period in linear time.
 */
function withoutRepeats (text: string) {
  const borders = [0]

  for (let index = 1, length = 0; index < text.length; index++) {
    while (length > 0 && text[index] !== text[length]) length = borders[length - 1] ?? 0
    if (text[index] === text[length]) length++
    borders.push(length)
  }
  const period = text.length - (borders.at(-1) ?? 0)
  return period * 2 <= text.length ? text.slice(0, period) : text
}

/**
 * The guesses for a score of 1, 2, 3 and 4: those of zxcvbn without its slack, which would refuse 8 random
 * characters.
 */
const scoreGuesses = [1e3, 1e6, 1e8, 1e10]

function asDictionary (rankOf: RankOf) {
  return new Proxy<Record<string, number>>({}, { get: (_, word) => rankOf(String(word)) })
}
