import type { Fetch } from './request.ts'
import type { Sender } from './sender.ts'

/**
 * `fetch` with the session's credentials, for the deployment and the listed origins only; requests to others, and those
 * that bring their own `Authorization`, pass unchanged. A refused access token is refreshed and the request repeated,
 * unless the body in `init` is a stream, which can be sent only once.
 *
 * @param origins where credentials may go
 */
export function createFetch (origins: string[], fetch: Fetch, { send }: Sender): Fetch {
  return async (input, init = {}) => {
    const { url = input, headers } = Object(input)
    const { href } = new URL(url, Object(globalThis).location?.href)
    const isOurs = origins.some(origin => href.startsWith(origin.replace(/\/*$/, '/')))
    if (!isOurs || new Headers(init.headers ?? headers).has('authorization')) return await fetch(input, init)

    return await send(input, init, { isRepeatable: !('getReader' in Object(init.body)) })
  }
}
