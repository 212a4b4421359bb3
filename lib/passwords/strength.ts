import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common'
import { dictionary as english, translations } from '@zxcvbn-ts/language-en'

export interface Strength {
  /** 0 to 4; 3 stands for 10^8 guesses or more. */
  score: number
  /** What would help, in sentences for a person. */
  advice: string
}

/**
 * zxcvbn's cost grows much faster than its input: 100 characters of l33t hold the event loop for
 * nearly a second, whatever limits it offers. So it sees at most this many characters at a time.
 */
const windowLength = 24

/** Every dictionary costs as much again, so there are two; long entries cost most and are in the blocklist. */
const dictionary = {
  passwords: common['passwords-common'].filter(isShort),
  words: interleave([english['commonWords-en'], english['firstnames-en'], english['lastnames-en'].slice(0, 20_000)]).filter(isShort)
}

/** Ranking the dictionaries is what takes long, and it is the same for everybody. */
const estimator = new ZxcvbnFactory({
  dictionary,
  graphs: { qwerty: adjacencyGraphs.qwerty },
  translations,
  l33tMaxSubstitutions: 4,
  maxLength: windowLength
})

/**
 * An estimate of how many guesses a password takes, by zxcvbn (Wheeler, USENIX Security 2016). Takes
 * below 5 ms whatever it is given.
 * @param enough the score from which on nobody asks further
 */
export function createEstimator (enough: number) {
  return estimate

  /**
   * The start of a long password counts, or its end if that is stronger: who has to guess a part
   * has to guess at least that much for the whole.
   * @param personal words that are tried first on this person
   */
  function estimate (password: string, personal: string[]): Strength {
    if (isDecorated(password.toLowerCase())) return { score: 1, advice: 'A common word with a year or a sign is tried early.' }

    const once = withoutRepeats(password)
    const start = assess(once.slice(0, windowLength), personal)
    if (start.score >= enough || once.length <= windowLength) return start

    const end = assess(once.slice(-windowLength), personal)
    return end.score > start.score ? end : start
  }

  function assess (part: string, personal: string[]): Strength {
    const { guesses, feedback } = estimator.check(part, personal.filter(word => word.length <= windowLength))

    return { score: scores.filter(least => guesses >= least).length, advice: [feedback.warning, ...feedback.suggestions].filter(Boolean).join(' ') }
  }
}

/**
 * Words that are tried first with a year and a sign behind them, as in `Summer2026!`: the estimator
 * takes three parts for strong however common each is.
 */
const stems = new Set([
  ...common['passwords-common'].slice(0, 2000), ...english['seasons-en'], ...english['months-en'], ...english['daysOfWeek-en']
].map(word => word.toLowerCase()))

function isDecorated (folded: string) {
  const [start = '', stem = '', end = ''] = folded.split(/(\p{L}+)/u, 3)

  return stems.has(stem) && start.length + stem.length + end.length === folded.length && start.length + end.length <= 6
}

/**
 * What a text repeats if it does nothing else (`abcabcab` is `abc`), for a window may cut through it.
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

/** The guesses that make a score of 1, 2, 3 and 4: zxcvbn's, without the slack that refuses 8 random characters. */
const scores = [1e3, 1e6, 1e8, 1e10]

function isShort (word: string) {
  return word.length <= 14
}

/** One list of several, each in the order of how common its words are. */
function interleave (lists: string[][]) {
  const merged = new Set<string>()
  const depth = Math.max(...lists.map(list => list.length))

  for (let rank = 0; rank < depth; rank++) {
    for (const list of lists) {
      const word = list[rank]
      if (word !== undefined) merged.add(word)
    }
  }
  return Array.from(merged)
}
