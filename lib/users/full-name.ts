import { isOneLine } from '../formats/one-line.ts'

/** Code points, as JSON Schema counts them. */
export const fullNameLengthMax = 200

/** Whether a text can be the name of a person: one line of 1 to 200 characters, one of them visible. */
export function isFullName (text: string): boolean {
  return isOneLine(text) && Array.from(text).length <= fullNameLengthMax
}
