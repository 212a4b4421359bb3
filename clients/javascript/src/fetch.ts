import type { Fetch, Sender } from './sender.ts'

interface Setup {
  /** Where credentials may go. */
  origins: string[]
  fetch: Fetch
  sender: Sender
  ready: () => Promise<void>
}

/**
 * `fetch` with the session's credentials, for the deployment and the listed origins only; requests to others, and those
 * that bring their own `Authorization`, pass unchanged. A refused access token is refreshed and the request repeated,
 * unless its body is a stream, which can be sent only once.
 */
export function createFetch ({ origins, fetch, sender, ready }: Setup): Fetch {
  return async (input, init = {}) => {
    const request = typeof input === 'object' && 'headers' in input ? input : undefined
    const isOurs = origins.some(origin => absolute(request?.url ?? String(input)).startsWith(`${origin}/`))
    if (!isOurs || new Headers(init.headers ?? request?.headers).has('authorization')) return await fetch(input, init)

    await ready()
    return await sender.send(input, init, { isRepeatable: !isStream(init.body) && !request?.body })
  }
}

/** The URL in full; in a page it may be relative. */
function absolute (url: string) {
  const { location }: { location?: { href: string } } = Object(globalThis)
  return location === undefined || /^[a-z][a-z\d+.-]*:/i.test(url) ? url : new URL(url, location.href).href
}

const isStream = (body: unknown) => typeof body === 'object' && body !== null && 'getReader' in body
