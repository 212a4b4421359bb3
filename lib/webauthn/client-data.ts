/**
 * The challenge in what a browser says about a ceremony (WebAuthn Level 3, section 5.8.1), or null if that is malformed
 * or comes from a page inside a page of another origin: those could trick a user into a touch. Such pages are refused
 * whatever their `topOrigin`.
 */
export function challengeIn (clientData: Buffer): string | null {
  try {
    const said: unknown = JSON.parse(clientData.toString())
    if (typeof said !== 'object' || said === null) return null
    if ('topOrigin' in said || ('crossOrigin' in said && said.crossOrigin !== false)) return null
    return 'challenge' in said && typeof said.challenge === 'string' ? said.challenge : null
  } catch {
    return null
  }
}
