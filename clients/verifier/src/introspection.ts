import { Refusal, unavailable } from '../../../lib/errors.ts'
import { acrOf } from '../../../lib/tokens/assurance.ts'
import { fieldsOf } from './fields.ts'
import type { Principal } from './judge.ts'

export interface IntrospectionParts {
  url: string
  authorization: string
  issuer: string
  audience: string
  fetch: typeof fetch
}

/** How long (ms) an answer may take. */
const deadline = 2000

/**
 * Asks Latchkey about one token (RFC 7662), for the time in which this process does not know what has ended.
 * @throws Refusal `invalid_token`; `unavailable` without an answer
 */
export async function introspect (token: string, parts: IntrospectionParts): Promise<Principal> {
  const answer = fieldsOf(await ask(token, parts))
  const { active, iss, aud, sub, sid, role, vendor_id: vendorId, auth_time: authTime, amr, acr = acrOf([]) } = answer
  if (active !== true || iss !== parts.issuer || aud !== parts.audience) throw new Refusal('invalid_token')

  return {
    userId: String(sub),
    sessionId: String(sid),
    role: String(role),
    vendorId: typeof vendorId === 'string' ? vendorId : null,
    authTime: Number(authTime),
    amr: Array.isArray(amr) ? amr.map(String) : [],
    acr: String(acr)
  }
}

async function ask (token: string, { url, authorization, fetch }: IntrospectionParts): Promise<unknown> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ token }).toString(),
      signal: AbortSignal.timeout(deadline),
      redirect: 'error'
    })
    if (answer.status !== 200) throw new Error(`introspection was answered with ${answer.status}`)
    return await answer.json()
  } catch (error) {
    throw unavailable(error)
  }
}
