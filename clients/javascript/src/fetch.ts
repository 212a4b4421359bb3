import { stepUpOf } from './answers.ts'
import type { Calls } from './calls.ts'
import type { Fetch } from './request.ts'
import type { Sender } from './sender.ts'
import type { State } from './state.ts'

interface Setup {
  baseUrl: string
  /** Other origins to which credentials may go. */
  origins: string[]
  /** Whether the credentials are cookies, which the browser sends to the host of `baseUrl` only, or to its domain. */
  isByCookie: boolean
  fetch: Fetch
  sender: Sender
  state: State
  /** Lets the user prove who they are. */
  stepUp: Calls['stepUp']
  report: (error: unknown) => void
}

/**
 * `fetch` with the session's credentials, for the deployment and the listed origins only; requests to others, and those
 * that bring their own `Authorization`, pass unchanged. A refused access token is refreshed and the request repeated.
 * So it is when the answer asks for a recent sign-in and the user gives proof; if they do not want to, that answer is
 * passed on. A stream as the body in `init` can be sent only once.
 */
export function createFetch (
  { baseUrl, origins, isByCookie, fetch, sender: { send }, state, stepUp, report }: Setup
): Fetch {
  let isReported = false

  return async (input, init = {}) => {
    const { url = input, headers } = Object(input)
    const { href, hostname, origin } = new URL(url, Object(globalThis).location?.href)
    const isOurs = [baseUrl, ...origins].some(listed => href.startsWith(listed.replace(/\/*$/, '/')))
    if (!isOurs || new Headers(init.headers ?? headers).has('authorization')) return await fetch(input, init)

    const isRepeatable = !('getReader' in Object(init.body))
    const answer = await send(input, init, { isRepeatable, origin })
    const due = await stepUpOf(answer)
    if (due) return isRepeatable && await stepUp(due) ? await send(input, init, { origin }) : answer

    // No script can see whether a cookie was sent, but the refusal of somebody who is signed in says that none was.
    const isDoubtful = isByCookie && answer.status === 401 && state.isSignedIn() && !isReported
    if (isDoubtful && hostname !== new URL(baseUrl).hostname) {
      isReported = true
      report(new Error(`${hostname} got no cookie: they go to baseUrl or below COOKIE_DOMAIN only. Use bearer tokens.`))
    }
    return answer
  }
}
