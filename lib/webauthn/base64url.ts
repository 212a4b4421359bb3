/**
 * The bytes of a text in base64url without padding. Null for a text that spells its bytes in another way, for an empty
 * one, and for more than `bytesMax` bytes.
 */
export function bytesOf (text: string, bytesMax: number): Buffer | null {
  if (text.length === 0 || text.length > Math.ceil(bytesMax * 4 / 3)) return null
  const bytes = Buffer.from(text, 'base64url')
  return bytes.length <= bytesMax && bytes.toString('base64url') === text ? bytes : null
}
