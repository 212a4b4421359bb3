import { stepUpOf } from './answers.ts'
import type { Calls } from './calls.ts'
import type { Fetch } from './request.ts'
import type { Sender } from './sender.ts'

/**
 * `fetch` with the session's credentials, for the deployment and the listed origins only; requests to others, and those
 * that bring their own `Authorization`, pass unchanged. A refused access token is refreshed and the request repeated.
 * So it is when the answer asks for a recent sign-in and the user gives proof; if they do not want to, that answer is
 * passed on. A stream as the body in `init` can be sent only once.
 *
 * @param origins where credentials may go
 * @param stepUp lets the user prove who they are
 */
export function createFetch (origins: string[], fetch: Fetch, { send }: Sender, stepUp: Calls['stepUp']): Fetch {
  return async (input, init = {}) => {
    const { url = input, headers } = Object(input)
    const { href } = new URL(url, Object(globalThis).location?.href)
    const isOurs = origins.some(origin => href.startsWith(origin.replace(/\/*$/, '/')))
    if (!isOurs || new Headers(init.headers ?? headers).has('authorization')) return await fetch(input, init)

    const isRepeatable = !('getReader' in Object(init.body))
    const answer = await send(input, init, { isRepeatable })
    const due = isRepeatable && await stepUpOf(answer)
    return due && await stepUp(due) ? await send(input, init, {}) : answer
  }
}
