import { problemOf } from './answers.ts'
import type { Latchkey } from './latchkey.ts'
import type { Fetch } from './request.ts'

/** What keeps a client from its deployment. */
export interface Finding {
  readonly fault: 'unreachable' | 'origin_not_allowed' | 'wrong_prefix' | 'not_latchkey' | 'cookies_not_sent'
  /** What it means, and what to do about it. */
  readonly advice: string
}

const advice: Record<Finding['fault'], string> = {
  unreachable: 'Nothing answers at baseUrl: look at the address, the network, the certificate.',
  origin_not_allowed: 'The deployment does not answer this origin: add it to ALLOWED_ORIGINS.',
  wrong_prefix: 'apiPrefix must be the API_PREFIX of the deployment.',
  not_latchkey: 'Something else answers at baseUrl, a proxy for example.',
  cookies_not_sent: 'The cookies are not sent: for an app on another site set COOKIE_SAMESITE=none and COOKIE_PARTITIONED=true, over plain http COOKIE_SECURE=false.'
}

/**
 * Looks for what keeps a client from its deployment, because a browser tells a page about the network, CORS and cookies
 * only that a request has failed. It is for developers, and signs nobody out.
 *
 * @param options those of `createLatchkey`
 * @param latchkey the client, if cookies are to be looked at: a user should have just signed in
 * @returns what is wrong, or null
 */
export async function diagnose (
  { baseUrl, apiPrefix = '/api/v1', fetch = (input, init) => globalThis.fetch(input, init) }: {
    baseUrl: string
    apiPrefix?: string
    fetch?: Fetch
  },
  latchkey?: Pick<Latchkey, 'isSignedIn'>
): Promise<Finding | null> {
  const fault = await findFault()
  return fault && { fault, advice: advice[fault] }

  async function findFault () {
    const origin = baseUrl.replace(/\/+$/, '')
    const answer = await attempt(`${origin}${apiPrefix}/auth/check`, { credentials: 'include' })
    // A page may not read this answer, but it learns whether there is one.
    if (!answer) return await attempt(`${origin}/health/live`, { mode: 'no-cors' }) ? 'origin_not_allowed' : 'unreachable'

    const code = answer.status === 204 ? 'signed_in' : (await problemOf(answer))?.code
    if (code === undefined) return 'not_latchkey'
    if (code === 'not_found') return 'wrong_prefix'
    return code === 'unauthenticated' && latchkey?.isSignedIn() ? 'cookies_not_sent' : null
  }

  function attempt (url: string, init: RequestInit) {
    return fetch(url, init).catch(() => undefined)
  }
}
