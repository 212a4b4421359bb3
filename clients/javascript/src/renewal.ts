import { isProblem, isTokenResponse, read, retryAfter, unintelligible } from './answers.ts'
import { stopwatch } from './clock.ts'
import type { Clock } from './clock.ts'
import type { Locks } from './host.ts'
import { exclusively } from './lock.ts'
import { deadlineMs, persist } from './patience.ts'
import type { State } from './state.ts'

export type Renewal = ReturnType<typeof createRenewal>

/** Sends a refresh or a sign-out: by cookie, or with the token in the body. */
export type Post = (path: string, body: object | undefined, signal: AbortSignal) => Promise<Response>

interface Setup {
  state: State
  post: Post
  clock: Clock
  /** The lock between tabs, if there are tabs that share the session. */
  locks: Locks | undefined
  lockName: string
  /** Whether other tabs refresh for this one. */
  isShared: boolean
}

/** The refresh: one at a time in this tab, and with a lock one at a time in this browser. */
export function createRenewal ({ state, post, clock, locks, lockName, isShared }: Setup) {
  let flight: Promise<Response | undefined> | undefined
  let rotation: Promise<unknown> = Promise.resolve()
  let resting = (): Response | undefined => undefined

  return {
    renew,
    get flight () { return flight },
    /** A call whose answer brings new tokens: no refresh is sent before it is answered. */
    waitFor (call: Promise<unknown>) { rotation = call.catch(() => {}) }
  }

  /**
   * Gets a new access token. All callers share one refresh.
   *
   * @returns the answer, if the server has refused; a clone of it is to be read
   * @throws Unreachable, Unintelligible: the session is what it was
   */
  function renew (): Promise<Response | undefined> {
    flight ??= rotateOnce().finally(() => {
      flight = undefined
      state.announce()
    })
    return flight
  }

  async function rotateOnce () {
    const seen = state.kept.grant
    let refused = resting()
    if (refused) return refused

    await rotation
    await exclusively(locks, lockName, deadlineMs, async () => {
      const isDone = state.kept.grant !== seen || (isShared && await state.catchUp())
      if (!isDone) refused = await rotate()
    })
    return refused
  }

  async function rotate () {
    const { grant, session, refreshToken } = state.kept
    const isSame = () => state.kept.grant === grant
    const { response, answer } = await persist(async signal => {
      const response = await post('/auth/refresh', refreshToken === undefined ? undefined : { refresh_token: refreshToken }, signal)
      return { response, answer: await read(response.clone()) }
    })

    if (response.ok && isTokenResponse(answer)) {
      await state.grant(answer, isSame)
      return undefined
    }
    if (response.ok || !isProblem(answer)) throw unintelligible(response)
    if (response.status === 401 && isSame()) await state.forget(session && (answer.reason ?? answer.code))
    else waitAsTold(response)
    return response
  }

  /** Refreshes are not sent before the time that the server has named. */
  function waitAsTold (answer: Response) {
    const { grant } = state.kept
    const age = stopwatch(clock)
    const restMs = (retryAfter(answer) ?? 0) * 1000
    resting = () => state.kept.grant === grant && age() < restMs ? answer : undefined
  }
}
