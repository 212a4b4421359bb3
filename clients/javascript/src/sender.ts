import { problemOf } from './answers.ts'
import { stopwatch } from './clock.ts'
import type { Clock } from './clock.ts'
import type { Renewal } from './renewal.ts'
import type { State } from './state.ts'

export type Sender = ReturnType<typeof createSender>

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/** An access token counts as due this many milliseconds before it expires, so that it lasts for the request. */
const marginMs = 10_000

/** How long a refresh that did not help is not repeated, in milliseconds. */
const futileMs = 60_000

const stale: unknown[] = ['unauthenticated', 'invalid_token', 'session_ended']

interface Setup {
  state: State
  renewal: Renewal
  fetch: Fetch
  clock: Clock
  isBearer: boolean
}

/** Sends requests with the session's credentials, and refreshes the session when that is due or asked for. */
export function createSender ({ state, renewal, fetch, clock, isBearer }: Setup) {
  let isFutile = () => false

  return { send, once, freshen, isDue }

  /**
   * Sends a request, after a refresh if one is due. If the answer is Latchkey's 401, it refreshes, and sends it once
   * more. If the refresh is refused, that refusal is the answer.
   *
   * @param nature `isRepeatable` is false for a body that can be read only once; `isRotating` is true for a call whose
   *   answer brings new tokens; `needsSession` is false for a sign-in, which no refused refresh may stop
   * @throws Unreachable, Unintelligible when a refresh that is needed gets no answer, and the error of `fetch`
   */
  async function send (
    url: string | URL | Request,
    init: RequestInit = {},
    { isRepeatable = true, isRotating = false, needsSession = true } = {}
  ): Promise<Response> {
    const refused = await (needsSession ? freshen() : renewal.flight?.catch(() => {}))
    if (refused && needsSession) return refused

    const { grant } = state.kept
    const answer = await deliver()
    if (!isRepeatable || !needsSession || !isSignedIn() || isFutile() || !await isStale(answer)) return answer

    const refusedToo = state.kept.grant === grant ? await renewal.renew() : undefined
    if (refusedToo) return refusedToo.clone()

    const again = await deliver()
    if (await isStale(again)) giveUp()
    return again

    async function deliver () {
      const answer = once(url, init)
      if (isRotating) renewal.waitFor(answer)
      return await answer
    }
  }

  /** Sends a request with the credentials that are there. */
  async function once (url: string | URL | Request, init: RequestInit) {
    const headers = new Headers(init.headers ?? (url instanceof Request ? url.headers : undefined))
    if (state.accessToken !== undefined) headers.set('authorization', `Bearer ${state.accessToken}`)
    return await fetch(url, { ...init, headers, credentials: isBearer ? 'omit' : 'include' })
  }

  /**
   * Refreshes if that is due, and waits for a refresh that is under way. While the access token still works, a refresh
   * that fails stops nobody.
   *
   * @returns the refusal, if there can be no access token
   */
  async function freshen (): Promise<Response | undefined> {
    if (!renewal.flight && !isDue()) return
    const wasSignedIn = isSignedIn()
    const hasLeft = () => (state.msLeft() ?? 0) > 0
    try {
      const refused = await renewal.renew()
      if (refused && wasSignedIn && (refused.status === 401 || !hasLeft())) return refused.clone()
    } catch (error) {
      if (!hasLeft()) throw error
    }
  }

  function isDue () {
    const left = state.msLeft()
    return isSignedIn() && (left === undefined ? isBearer : left < marginMs)
  }

  function isSignedIn () {
    return state.session.status === 'signed_in'
  }

  /** A refresh has not helped: for some time, no other is tried with the same tokens. */
  function giveUp () {
    const { grant } = state.kept
    const age = stopwatch(clock)
    isFutile = () => state.kept.grant === grant && age() < futileMs
  }
}

async function isStale (answer: Response) {
  return answer.status === 401 && stale.includes((await problemOf(answer))?.code)
}
