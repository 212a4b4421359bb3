import { canonicalLine, isOneLine } from '../formats/one-line.ts'

/** Code points, as JSON Schema counts them. */
const fullNameLengthMax = 200

/** The name of a person in NFC; null for a text that is not one line of 1 to 200 characters, one of them visible. */
export function parseFullName (text: string): string | null {
  const name = canonicalLine(text)
  return isOneLine(name) && Array.from(name).length <= fullNameLengthMax ? name : null
}
