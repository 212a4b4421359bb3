import { problemOf } from './answers.ts'
import type { Renewal } from './renewal.ts'
import type { Fetch } from './request.ts'
import type { State } from './state.ts'

export type Sender = ReturnType<typeof createSender>

/** An access token counts as due this many milliseconds before it expires, so that it lasts for the request. */
const marginMs = 10_000

/** The shortest time between refreshes that do not help, in milliseconds. */
const futileMs = 60_000

/** The codes of a 401 after which new tokens may help. */
const stale = /^(unauthenticated|invalid_token|session_ended)$/

interface Nature {
  /** False for a body that can be read only once. */
  isRepeatable?: boolean
  /** False for a sign-in, which no refused refresh may stop. */
  needsSession?: boolean
  /** True for a call whose answer brings new tokens. */
  isRotating?: boolean
  /** Who answers, if that is not the API. */
  origin?: string
}

/** Sends requests with the session's credentials, and refreshes the session when that is due or asked for. */
export function createSender (state: State, renewal: Renewal, request: Fetch) {
  /** The origins for which a refresh has not helped, and the milliseconds until it is tried for them again. */
  const futile = new Map<string, () => number>()

  return { send, freshen, isDue }

  /**
   * Sends a request, after a refresh if one is due. If the answer is Latchkey's 401, it refreshes, and sends it once
   * more. If the refresh is refused, that refusal is the answer.
   *
   * @throws Unreachable, Unintelligible when a refresh that is needed gets no answer, and the error of `fetch`
   */
  async function send (
    url: string | URL | Request,
    init: RequestInit,
    { isRepeatable = true, needsSession = true, isRotating, origin = '' }: Nature
  ): Promise<Response> {
    let grant: number | undefined
    const answer = await deliver()
    const mayRepeat = isRepeatable && needsSession && state.isSignedIn() && !((futile.get(origin)?.() ?? 0) > 0)
    if (!mayRepeat || !await isStale(answer)) return answer

    if (state.kept.grant === grant) state.expire()
    const again = await deliver()
    futile.delete(origin)
    // The more of them there are the longer each waits, so that together they refresh no more often than one.
    if (await isStale(again)) futile.set(origin, state.countdown(futileMs * (futile.size + 1)))
    return again

    async function deliver () {
      await renewal.ready()
      const refused = await (needsSession ? freshen() : renewal.settle())
      if (refused) return refused

      grant = state.kept.grant
      const answer = request(url, init)
      if (isRotating) renewal.waitFor(answer)
      return await answer
    }
  }

  /**
   * Refreshes if that is due, and waits for a refresh that is under way. While the access token still works, a refresh
   * that fails stops nobody.
   *
   * @returns the refusal, if there can be no access token
   */
  async function freshen (): Promise<Response | undefined> {
    if (!renewal.isUnderWay() && !isDue()) return
    const wasSignedIn = state.isSignedIn()
    try {
      const refused = await renewal.renew()
      if (refused && wasSignedIn && (refused.status === 401 || state.access.msLeft() <= 0)) return refused.clone()
    } catch (error) {
      if (state.access.msLeft() <= 0) throw error
    }
  }

  function isDue () {
    return state.isSignedIn() && state.access.msLeft() < marginMs
  }
}

async function isStale (answer: Response) {
  return answer.status === 401 && stale.test(String((await problemOf(answer))?.code))
}
