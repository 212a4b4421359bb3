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
   * What each request waits for: the storage, and the sign-outs that come first.
   *
   * @returns the refusal after which a sign-out has ended less than it should
   * @throws Unreachable, Unintelligible, and the error of the storage
   */
  async function ready () {
    await state.load()
    let refused = state.signOut && await settle()
    while (state.signOut) refused = await renew()
    return refused
  }

  /** Waits for what is under way, whatever comes of it. */
  async function settle () {
    return await flight?.catch(() => undefined)
  }

  /**
   * Tells the server of a sign-out, or gets a new access token. All callers share one request.
   *
   * @throws Unreachable, Unintelligible: the session is what it was
   */
  function renew (): Promise<Refused> {
    flight ??= oncePerBrowser(state.signOut ? tellSignOut : rotate).finally(() => {
      flight = undefined
      state.announce()
    })
    return flight
  }

  /** @returns why a sign-out everywhere has ended its own session at most */
  async function tellSignOut () {
    let { signOut } = state
    let token: string | undefined
    let refused: Refused
    if (signOut?.scope === 'everywhere') {
      // The server may not know which refresh token is the newest. A new access token leaves no doubt.
      const { response, body } = await tell('/auth/refresh', { refresh_token: signOut.refresh_token })
      if (isGrant(body)) {
        const next = { ...signOut, refresh_token: body.refresh_token }
        await state.told(signOut, next)
        signOut = next
        token = body.access_token
      } else refused = response
    }
    await tell('/auth/logout', { ...signOut }, token)
    if (signOut) await state.told(signOut)
    return refused
  }

  /** A refusal is for good, because the session has ended already for example, unless the server is busy. */
  async function tell (path: string, fields: object, token?: string) {
    const answer = await post(path, fields, token)
    const { body, problem: { status = 0 } = {} } = answer
    if ((body && !isGrant(body)) || status === 429 || status >= 500) throw unreachable()
    return answer
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
    const { grant } = state.kept
    const msLeft = state.countdown((retryAfter(answer) ?? 0) * 1000)
    resting = () => state.kept.grant === grant && msLeft() > 0 ? answer : undefined
  }

  /** Sends again if no answer comes, and to the end although the tab is closed meanwhile. */
  function post (path: string, fields: object, token?: string) {
    const init = json('POST', fields)
    const headers = { ...init.headers, ...(token && { authorization: `Bearer ${token}` }) }
    return persist(async signal => {
      const response = await request(root + path, { ...init, headers, signal, keepalive: true })
      return { response, ...await read(response.clone()) }
    })
  }
}
