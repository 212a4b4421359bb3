/**
 * Parses JSON (RFC 8259) and refuses what two parsers could understand differently, or what no request needs: duplicate
 * members at any depth, `__proto__` and `constructor` however they are escaped, NUL, lone surrogates, and nesting
 * deeper than any schema of ours. Takes linear time and does not recurse.
 * @throws SyntaxError
 */
export function parseStrictJson (text: string): unknown {
  const value: unknown = JSON.parse(text)
  checkTokens(text)
  return value
}

/** The deepest nesting that is accepted. */
const depthMax = 32

/**
 * Checks the strings and the nesting of a text that JSON.parse has accepted. It goes from character to character,
 * because to match each token takes more than twice as long.
 */
function checkTokens (text: string) {
  const open: (Set<string> | undefined)[] = []
  // The name of a member comes first in its object or after a comma. Any other string is a value.
  let isNameNext = false

  checkCharacters(text)
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '"': {
        const end = endOfString(text, at)
        const string = readString(text.slice(at, end))
        const members = open.at(-1)
        if (isNameNext && members !== undefined) addMember(members, string)
        isNameNext = false
        at = end - 1
        break
      }
      case '{':
      case '[':
        open.push(text[at] === '{' ? new Set() : undefined)
        if (open.length > depthMax) throw new SyntaxError('Nested too deeply')
        isNameNext = true
        break
      case '}':
      case ']':
        open.pop()
        break
      case ',':
        isNameNext = true
    }
  }
}

/** The place after the quote that ends a string. */
function endOfString (text: string, start: number): number {
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

/** What a string with its quotes says. Only an escape can hide something that the text itself does not have. */
function readString (quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1)
  const string: string = JSON.parse(quoted)
  checkCharacters(string)
  return string
}

function checkCharacters (text: string) {
  if (/\0|\p{Surrogate}/u.test(text)) throw new SyntaxError('A string holds NUL or half a character')
}

function addMember (members: Set<string>, name: string) {
  if (name === '__proto__' || name === 'constructor') throw new SyntaxError(`A member is named ${name}`)
  if (members.has(name)) throw new SyntaxError('Two members have one name')
  members.add(name)
}
