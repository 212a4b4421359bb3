import type { State } from './state.ts'

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/**
 * Sends requests with the credentials that are there. The use of new tokens takes away the right of those before them,
 * so a storage that still holds those is asked first to take the new ones.
 *
 * @param credentials whether cookies are sent and kept
 */
export function createRequest (state: State, fetch: Fetch, credentials: 'include' | 'omit'): Fetch {
  return async (input, init) => {
    await state.store()
    const headers = new Headers(init?.headers ?? Object(input).headers)
    // A sign-out that comes first must not end a session that was opened meanwhile.
    if (state.access.token && !state.signOut) headers.set('authorization', `Bearer ${state.access.token}`)
    // The body of a Request can be read once, and the request may have to be sent once more.
    return fetch(input instanceof Request ? input.clone() : input, { ...init, headers, credentials })
  }
}

/**
 * A request with a JSON body; without fields it has no body. No redirect is followed: it could lead a password or a
 * token to another server.
 */
export function json (method: string, fields: object): RequestInit {
  const body = JSON.stringify(fields)
  return {
    method,
    redirect: 'error',
    ...(body !== '{}' && { headers: { 'content-type': 'application/json' }, body })
  }
}
