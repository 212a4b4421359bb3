import { isGrant, read } from './answers.ts'
import { retryAfter, unintelligible, unreachable } from './errors.ts'
import type { Locks } from './host.ts'
import { beforeDeadline, persist } from './patience.ts'
import { json } from './request.ts'
import type { Fetch } from './request.ts'
import type { State } from './state.ts'

export type Renewal = ReturnType<typeof createRenewal>

/** The answer of a refresh that the server has refused; a clone of it is to be read. */
type Refused = Response | undefined

/**
 * What is said to the server about the session itself: a sign-out of which it has not heard, or else a refresh; one
 * thing at a time in this tab, and in this browser if there are locks.
 */
export function createRenewal (state: State, root: string, request: Fetch, locks: Locks | undefined) {
  let flight: Promise<Refused> | undefined
  let rotation: Promise<unknown> = Promise.resolve()
  let resting = (): Refused => undefined

  return {
    ready,
    renew,
    settle,
    isUnderWay: () => flight !== undefined,
    /** A call whose answer brings new tokens: no refresh is sent before it is answered, or the deadline is over. */
    waitFor (call: Promise<unknown>) { rotation = beforeDeadline(() => call).catch(() => {}) }
  }

  /**
   * What each request waits for: the storage, and a sign-out that comes first.
   *
   * @throws Unreachable, Unintelligible, and the error of the storage
   */
  async function ready () {
    await state.load()
    if (state.kept.signOut) await settle()
    if (state.kept.signOut) await renew()
  }

  /** Waits for what is under way, whatever comes of it. */
  async function settle () {
    await flight?.catch(() => {})
  }

  /**
   * Tells the server of a sign-out, or gets a new access token. All callers share one request.
   *
   * @throws Unreachable, Unintelligible: the session is what it was
   */
  function renew (): Promise<Refused> {
    flight ??= oncePerBrowser(state.kept.signOut ? tellSignOut : rotate).finally(() => {
      flight = undefined
      state.announce()
    })
    return flight
  }

  async function tellSignOut () {
    const { body, problem } = await post('/auth/logout', { ...state.kept.signOut })
    // A refusal is for good, because the session has ended already for example, unless the server is busy.
    if (body || (problem && (problem.status === 429 || problem.status >= 500))) throw unreachable()
    await state.told()
    return undefined
  }

  /** Does what another tab has not done before. */
  async function oncePerBrowser (work: () => Promise<Refused>) {
    const { grant } = state.kept
    const refused = resting()
    if (refused) return refused

    await rotation
    return await exclusively(async () => {
      const isDone = state.kept.grant !== grant || await state.catchUp()
      return isDone ? undefined : await work()
    })
  }

  /**
   * Does work while no other tab does. A lock that another tab does not give back must not stop this one: after the
   * deadline it is done without the lock, which the server allows for.
   */
  async function exclusively (work: () => Promise<Refused>) {
    let result: Promise<Refused> | undefined
    const once = () => {
      result ??= work()
      return result
    }
    // The signal means nothing to a lock that is held. An error of the work itself is thrown below.
    await beforeDeadline(async signal => await locks?.request(state.kept.owner, { signal }, once)).catch(() => {})
    return await once()
  }

  async function rotate () {
    const { grant, refreshToken } = state.kept
    const isOvertaken = () => state.kept.grant !== grant
    const { response, body, problem } = await post('/auth/refresh', { refresh_token: refreshToken })
    if (isGrant(body)) {
      await state.grant(body, isOvertaken)
      return undefined
    }
    if (!problem) throw unintelligible(response)
    if (problem.status === 401 && !isOvertaken()) await state.forget(problem.reason ?? problem.code)
    else rest(response)
    return response
  }

  /** Refreshes are not sent before the time that the server has named. */
  function rest (answer: Response) {
    const isEarly = state.lasting((retryAfter(answer) ?? 0) * 1000)
    resting = () => isEarly() ? answer : undefined
  }

  /** Sends again if no answer comes, and to the end although the tab is closed meanwhile. */
  function post (path: string, fields: object) {
    return persist(async signal => {
      const response = await request(root + path, { ...json('POST', fields), signal, keepalive: true })
      return { response, ...await read(response.clone()) }
    })
  }
}
