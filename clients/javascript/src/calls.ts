import { accept, isGrant, isUser } from './answers.ts'
import type { Answer } from './answers.ts'
import { isRefusal, isUnintelligible, unreachable } from './errors.ts'
import type { Kept } from './kept.ts'
import { prove } from './proving.ts'
import type { AskProof, Due } from './proving.ts'
import type { Renewal } from './renewal.ts'
import { json } from './request.ts'
import type { Sender } from './sender.ts'
import type { State } from './state.ts'
import type { OperationId } from './types.ts'

export type Calls = ReturnType<typeof createCalls>

/** Makes a call of the API by its name and its route, `POST /auth/login`. */
export type Call = (operation: OperationId, route: string, input?: object, options?: CallOptions) => Promise<unknown>

export interface CallOptions {
  /** Gives up the call. */
  signal?: AbortSignal
}

/** Routes of somebody who signs in: a session from before may be over, and does not matter. */
const signIns = /\/auth\/login/
/** Routes whose answers may bring new tokens. */
export const rotating = /\/auth\/(login|reauthenticate|password|passkeys|totp|two-step)/

interface Setup {
  root: string
  state: State
  renewal: Renewal
  sender: Sender
  /** What the client adds to the input of a route. */
  added: (route: string) => object
  /** Lets the user prove who they are. */
  askProof: AskProof
}

/**
 * Makes the calls: fills the path, sends the rest of the input as query or body, takes over what the answer says about
 * the session, and throws what the server refuses.
 */
export function createCalls ({ root, state, renewal, sender, added, askProof }: Setup) {
  const call: Call = async (...request) => {
    try {
      return await callOnce(...request)
    } catch (error) {
      const isDue = isRefusal(error) && error.code === 'reauthentication_required'
      if (!isDue || !await stepUp(error)) throw error
      return await callOnce(...request)
    }
  }

  return { call, stepUp }

  /** Lets the user prove who they are; false if they do not want to. @throws Refusal of a proof */
  function stepUp (due: Due) {
    return prove(due, askProof, proof => callOnce('reauthenticate', 'POST /auth/reauthenticate', proof))
  }

  async function callOnce (...[operation, route, input, options]: Parameters<Call>) {
    await state.load()
    const before = state.kept
    const [path, init] = requestOf(route, { ...added(route), ...input })
    const nature = { isRotating: rotating.test(route), needsSession: !signIns.test(route) }
    const response = await sender.send(root + path, { ...init, ...options }, nature).catch(cause => {
      throw options?.signal?.aborted || isUnintelligible(cause) ? cause : unreachable(cause)
    })
    return await take(operation, await accept(operation, response), before)
  }

  /** Takes over an answer, unless the user has signed out meanwhile; in place of tokens it has the session. */
  async function take (operation: OperationId, answer: Answer['body'], { lastSignOut, session }: Kept) {
    const { user, device_token: deviceToken } = answer ?? {}
    if (isGrant(answer)) {
      const isOvertaken = () => state.kept.lastSignOut !== lastSignOut
      const holds = await state.grant(answer, isOvertaken)
      // The sign-out was that of the session before. This one is new, and must not live on unseen.
      if (!holds && isOvertaken() && answer.session.id !== session?.id) {
        await state.disown(answer)
        renewal.ready().catch(() => {})
      }
    } else {
      if (isUser(user)) await state.confirm(user)
      if (typeof deviceToken === 'string') await state.remember(deviceToken)
    }
    if (operation === 'deleteMe') await state.forget('account_deleted')
    state.announce()
    if (!isGrant(answer)) return answer

    if (!state.isSignedIn()) throw new Error('The session ended at once.')
    const { recovery_codes: codes, passkey } = answer
    return codes || passkey ? { ...state.session, recovery_codes: codes, passkey } : state.session
  }
}

/** The request of a call: fields that the path names go into it, and the others into the query or the body. */
function requestOf (route: string, input: Record<string, unknown>): [path: string, init: RequestInit] {
  const [method = '', template = ''] = route.split(' ')
  const path = template.replace(/\{(\w+)\}/g, (_, name) => {
    const { [name]: value, ...others } = input
    input = others
    return segment(value)
  })
  if (method !== 'GET') return [path, json(method, input)]

  // JSON has no undefined: what was left out does not become a part of the query.
  const query = new URLSearchParams(JSON.parse(JSON.stringify(input))).toString()
  return [path + (query && `?${query}`), json(method, {})]
}

/** A part of a path. @throws TypeError for one that would lead to another path */
function segment (value: unknown) {
  if (typeof value !== 'string' || /^\.{0,2}$/.test(value)) throw new TypeError(`${value} cannot stand in a path`)
  return encodeURIComponent(value)
}
