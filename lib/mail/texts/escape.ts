import { oneLine } from './plain-text.ts'

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** A text for HTML, between tags or in a quoted attribute, on one line. */
export function escape (text: string): string {
  return oneLine(text).replace(/[&<>"']/g, character => entities[character] ?? '')
}
