/**
 * The texts and integers that a Lua script answers, as texts.
 * @throws TypeError for an answer that is not a list
 */
export function readTexts (answer: unknown): string[] {
  if (!Array.isArray(answer)) throw new TypeError('a script answers a list')
  return answer.map(String)
}

/**
 * One of the words that a script may answer.
 * @throws TypeError for any other text
 */
export function readWord<const Word extends string> (text: string | undefined, words: readonly Word[]): Word {
  const found = words.find(word => word === text)
  if (found === undefined) throw new TypeError(`a script answers one of ${words.join(', ')}, not ${text}`)
  return found
}
