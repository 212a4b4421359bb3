/** What a browser says about a ceremony, as far as it is judged (WebAuthn Level 3, section 5.8.1). */
export interface ClientData { type: unknown, challenge: string, origin: unknown }

/**
 * What a browser says about a ceremony, or null if that is malformed or comes from a page inside a page of another
 * origin: those could trick a user into a touch. Such pages are refused whatever their `topOrigin`.
 */
export function readClientData (bytes: Buffer): ClientData | null {
  try {
    const said: unknown = JSON.parse(bytes.toString())
    if (typeof said !== 'object' || said === null) return null
    if ('topOrigin' in said || ('crossOrigin' in said && said.crossOrigin !== false)) return null
    if (!('challenge' in said) || typeof said.challenge !== 'string') return null
    return {
      type: 'type' in said ? said.type : undefined,
      challenge: said.challenge,
      origin: 'origin' in said ? said.origin : undefined
    }
  } catch {
    return null
  }
}
