const [sequence, integer] = [0x30, 0x02]

/**
 * Whether bytes are a signature by ECDSA with P-256, encoded as WebAuthn Level 3 section 6.5.5 wants it: in DER, a
 * sequence of two integers and nothing else. The vendor library reads other tags alike, and so one signature in many
 * forms.
 */
export function isEcdsaSignature (bytes: Buffer): boolean {
  const [tag, length, ...content] = bytes
  if (tag !== sequence || length !== content.length) return false

  const [firstTag, firstLength = 0] = content
  const [secondTag, secondLength, ...second] = content.slice(2 + firstLength)
  return firstTag === integer && secondTag === integer && secondLength === second.length
}
