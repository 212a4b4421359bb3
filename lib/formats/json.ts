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

/** Checks the strings and the nesting of a text that JSON.parse has accepted. */
function checkTokens (text: string) {
  const open: (Set<string> | undefined)[] = []
  let previous = ''

  for (const [token] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/g)) {
    if (token === '{') open.push(new Set())
    else if (token === '[') open.push(undefined)
    else if (token === '}' || token === ']') open.pop()
    else if (token.startsWith('"')) {
      const string: unknown = JSON.parse(token)
      if (typeof string !== 'string' || /\0|\p{Surrogate}/u.test(string)) {
        throw new SyntaxError('A string holds NUL or half a character')
      }
      // The name of a member comes first in its object or after a comma. Any other string is a value.
      const members = open.at(-1)
      if (members !== undefined && (previous === '{' || previous === ',')) addMember(members, string)
    }
    if (open.length > depthMax) throw new SyntaxError('Nested too deeply')
    previous = token
  }
}

function addMember (members: Set<string>, name: string) {
  if (name === '__proto__' || name === 'constructor') throw new SyntaxError(`A member is named ${name}`)
  if (members.has(name)) throw new SyntaxError('Two members have one name')
  members.add(name)
}
