// What the estimate of a password's strength and the blocklist know, made once when this module is loaded.
import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common'
import { dictionary as english, translations } from '@zxcvbn-ts/language-en'

export { translations }

/** Passwords from breaches in lower case, one in each line, the commonest first. */
export const commonPasswords = common['passwords-common'].join('\n')

/** English words and names in lower case, one in each line, the commonest first. */
export const commonWords = interleave([
  english['commonWords-en'],
  english['firstnames-en'],
  english['lastnames-en'].slice(0, 20_000)
]).join('\n')

/** Words that people decorate, in lower case. */
export const stemWords = [
  ...common['passwords-common'].slice(0, 2000),
  ...english['seasons-en'],
  ...english['months-en'],
  ...english['daysOfWeek-en']
].map(word => word.toLowerCase())

/** Which key is beside which. */
export const keyboard = adjacencyGraphs.qwerty

/** Merges lists whose words are in the order of how common they are. */
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
