/**
 * Whether a text is one line that people can read: it has a visible character, and no control character, line or
 * paragraph separator, half of a surrogate pair, or character that changes the direction of the text around it
 * (Unicode TR36 §2.9). Joiners and marks of direction are part of ordinary names and are accepted.
 */
export function isOneLine (text: string): boolean {
  return !misplaced.test(text) && visible.test(text)
}

/**
 * A text in NFC (UAX #15): the letters of one text may be typed composed or decomposed, and are compared and searched
 * for in this form alone.
 */
export function canonicalLine (text: string): string {
  return text.length > unitsMax ? text : text.normalize('NFC')
}

/**
 * UTF-16 units: a name of 200 letters has fewer, however it is typed (UAX #15 §9). A longer text is left as it is,
 * because NFC takes the square of the length for a run of combining marks.
 */
const unitsMax = 1024

/** A text as one line that `isOneLine` accepts: a blank takes the place of what it refuses. Null if nothing is left. */
export function asOneLine (text: string): string | null {
  const line = text.replace(new RegExp(`(?:${misplaced.source})+`, 'gu'), ' ').trim()
  return isOneLine(line) ? line : null
}

const misplaced = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]/u

// The braille pattern without a dot (U+2800) looks like a blank and is none by its properties.
const visible = /[^\s\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/u
