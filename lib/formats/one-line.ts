/**
 * Whether a text is one line that people can read: it has a visible character, and no control character, line or
 * paragraph separator, half of a surrogate pair, or character that changes the direction of the text around it
 * (Unicode TR36 §2.9). Joiners and marks of direction are part of ordinary names and are accepted.
 */
export function isOneLine (text: string): boolean {
  return !misplaced.test(text) && visible.test(text)
}

/** A text as one line that `isOneLine` accepts: a blank takes the place of what it refuses. Null if nothing is left. */
export function asOneLine (text: string): string | null {
  const line = text.replace(new RegExp(`(?:${misplaced.source})+`, 'gu'), ' ').trim()
  return isOneLine(line) ? line : null
}

const misplaced = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]/u

// The braille pattern without a dot (U+2800) looks like a blank and is none by its properties.
const visible = /[^\s\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/u
