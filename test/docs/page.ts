import { readFileSync } from 'node:fs'

/** What a page tells a reader to run: blocks of `sh` and `sql`, and the lines of `console` that begin with `#`. */
export function readPage (path: string) {
  const pieces = [...readFileSync(path, 'utf8').matchAll(/```(sh|sql|console)\n([^]*?)```/g)].flatMap(([, language = '', text = '']) => (
    language === 'console' ? rootLinesOf(text).map(line => ({ language, text: line })) : [{ language, text }]
  ))
  const touched = new Set<object>()
  return { block, leaveOut, untouched }

  /** The piece in a language that contains a text; it counts as run. */
  function block (language: 'sh' | 'sql' | 'console', text: string) {
    const [found, ...more] = pieces.filter(piece => piece.language === language && piece.text.includes(text))
    if (found === undefined || more.length > 0) throw new Error(`${path} has not one block of ${language} with "${text}"`)
    touched.add(found)
    return found.text
  }

  /** Marks the pieces that a test cannot run, such as those that need root. */
  function leaveOut (...texts: string[]) {
    for (const text of texts) {
      const found = pieces.find(piece => piece.text.includes(text))
      if (found === undefined) throw new Error(`${path} has no block with "${text}"`)
      touched.add(found)
    }
  }

  /** The pieces that were neither run nor left out on purpose. */
  function untouched () {
    return pieces.filter(piece => !touched.has(piece)).map(({ text }) => text)
  }
}

function rootLinesOf (text: string) {
  return text.split('\n').filter(line => line.startsWith('# ')).map(line => line.slice(2))
}
