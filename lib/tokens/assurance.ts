/**
 * How strongly a user was authenticated, weakest first: by one factor, by two, by a method that resists phishing
 * (`phr`, registered by OpenID EAP ACR Values 1.0). Each value includes those before it.
 */
export const acrValues = ['urn:latchkey:acr:1fa', 'urn:latchkey:acr:2fa', 'phr'] as const

export type Acr = typeof acrValues[number]

/** The methods (`amr`, RFC 8176) of a proof by the password alone, and by the password and a second factor. */
export const byPassword = ['pwd']
export const byPasswordAndCode = ['pwd', 'otp', 'mfa']
/**
 * A passkey proves possession of a key (`pop`, OpenID EAP ACR Values 1.0) and that its user was there (`user`). With
 * its user verified it is both factors; a key that does not verify its user is a second one.
 */
export const byPasskey = ['pop', 'user', 'mfa']
export const byPasswordAndKey = ['pwd', ...byPasskey]

/** The method that says that a kind of second factor was proved. */
const secondMethods = ['otp', 'pop']

/** The methods that a session has proved, with another one of the second factor. */
export function withSecond (amr: readonly string[], method: 'otp' | 'pop'): string[] {
  return [...new Set([...amr.filter(known => known !== 'mfa'), method, 'mfa'])]
}

/** The methods that a session has proved, without those of a factor that is gone. */
export function withoutSecond (amr: readonly string[], method: 'otp' | 'pop'): string[] {
  const left = amr.filter(known => known !== method && known !== 'mfa')
  return left.some(known => secondMethods.includes(known)) ? [...left, 'mfa'] : left
}

/**
 * What is left of the methods of a session once its second factor was proved too long ago: the password, or the passkey
 * as one factor. Without `mfa` that has the strength of one factor.
 */
export function withoutMfa (amr: readonly string[]): string[] {
  return amr.includes('pwd') ? byPassword : amr.filter(method => method !== 'mfa')
}

/**
 * The strength of a proof. This is the only place where methods (`amr`, RFC 8176) become a strength (`acr`): `mfa` says
 * that two factors were proved, `pop` that one of them was a key whose signature names the origin.
 */
export function acrOf (amr: readonly string[]): Acr {
  if (!amr.includes('mfa')) return 'urn:latchkey:acr:1fa'
  return amr.includes('pop') ? 'phr' : 'urn:latchkey:acr:2fa'
}

/**
 * Whether a strength is at least the wanted one. A value that this version does not know satisfies the weakest only.
 */
export function satisfies (acr: string, wanted: Acr): boolean {
  return Math.max(0, acrValues.findIndex(value => value === acr)) >= acrValues.indexOf(wanted)
}

/** The values that satisfy a wanted strength, as `acr_values` lists them (RFC 9470, section 3). */
export function acrValuesFrom (wanted: Acr): string {
  return acrValues.slice(acrValues.indexOf(wanted)).join(' ')
}
