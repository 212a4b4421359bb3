/** What is taken out of error messages: what stands in quotes, and what looks like a secret or an address. */
const patterns: [RegExp, string][] = [
  [/"(?:[^"\\]|\\.)*"|`[^`]*`|“[^”]*”/g, '"…"'],
  // The names of fields and variables in messages of V8 stay: Cannot read properties of undefined (reading 'id').
  [/'(?![A-Za-z_$][\w$]{0,31}')[^']*'/g, "'…'"],
  [/\b[a-z][a-z0-9+.-]*:\/\/\S+/gi, '…://…'],
  [/[^\s@<>()]+@[^\s@<>()]+/g, '…@…'],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g, '….….….…'],
  [/(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])/gi, '…:…'],
  [/[A-Za-z0-9_+/=.~-]{20,}/g, '…'],
  [/\d{5,}/g, '…']
]

/** How many characters of a message are kept. */
const lengthMax = 500
/** Shorter values are parts of ordinary words. */
const valueLengthMin = 4

/**
 * A message without what may be secret or personal in it.
 * @param sent the values that the client has sent: they are taken out wherever they stand
 */
export function scrub (message: string, sent: Iterable<string> = []): string {
  let text = message.slice(0, lengthMax * 4)
  // The longest first: a value may be a part of another one.
  for (const value of [...sent].filter(({ length }) => length >= valueLengthMin).sort((a, b) => b.length - a.length)) {
    text = text.replaceAll(value, '…')
  }
  for (const [pattern, replacement] of patterns) text = text.replace(pattern, replacement)
  return text.slice(0, lengthMax)
}

/** How many values of a body are looked for. */
const valuesMax = 500

/** The texts and numbers in a value that came from a client, at any depth. */
export function textsIn (value: unknown, found = new Set<string>()): Set<string> {
  if (found.size >= valuesMax) return found
  if (typeof value === 'string') found.add(value)
  else if (typeof value === 'number') found.add(String(value))
  else if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) textsIn(part, found)
  }
  return found
}
