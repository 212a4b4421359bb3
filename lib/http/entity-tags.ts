import { sha256 } from '../crypto/sha256.ts'
import { Refusal } from '../errors.ts'

/** The tags that a request accepts as the current one (`If-Match`, RFC 9110 §13.1.1): any, or those of a list. */
export type IfMatch = '*' | readonly string[]

// RFC 9110 §5.6.1.2 and §8.8.3: tags between commas, blanks and empty elements. A tag may contain commas.
const tagList = /^(?:[ \t,]|(?:W\/)?"[!#-~\x80-\xff]*"(?=[ \t]*(?:,|$)))*$/
const tags = /(?:W\/)?"[!#-~\x80-\xff]*"/g

/** The strong tag of a representation (RFC 9110 §8.8.3): another one for each change that an answer would show. */
export function entityTag (representation: object): string {
  return `"${sha256(JSON.stringify(representation)).toString('base64url')}"`
}

/**
 * Reads `If-Match`; null without it.
 * @throws Refusal `malformed_request`
 */
export function readIfMatch (header: string | undefined): IfMatch | null {
  if (header === undefined) return null
  if (header.trim() === '*') return '*'
  if (!tagList.test(header)) throw new Refusal('malformed_request')
  return header.match(tags) ?? []
}

/**
 * Call it under the lock of the write. A weak tag never matches (RFC 9110 §8.8.3.2).
 * @param representation the current one; null if there is none
 * @throws Refusal `stale`
 */
export function assertMatch (ifMatch: IfMatch | null, representation: object | null) {
  if (ifMatch === null) return
  const isMatch = representation !== null && (ifMatch === '*' || ifMatch.includes(entityTag(representation)))
  if (!isMatch) throw new Refusal('stale')
}
