import { isUser, isProblem, isTokenResponse, read, retryAfter, unintelligible } from './answers.ts'
import { isRefusal, Refusal, Unreachable } from './errors.ts'
import { isRecord } from './kept.ts'
import { createProving } from './proving.ts'
import type { AskProof } from './proving.ts'
import type { Sender } from './sender.ts'
import type { State } from './state.ts'
import type { OperationId } from './types.ts'

/** Makes a call of the API by its name and its route, `POST /auth/login`. */
export type Call = (operation: OperationId, route: string, input?: object, options?: CallOptions) => Promise<unknown>

export interface CallOptions {
  /** Gives up the call. */
  signal?: AbortSignal
}

/** Calls whose answer brings new tokens. */
const rotating = /^(login|reauthenticate$|changePassword|confirmTotp|addPasskey|remove(Totp|Passkey|Password)|setTwoStep)/
/** Calls of somebody who signs in: a session from before may be over, and does not matter. */
const entering = /^(login|get(SecondFactor|PasskeyLogin)Options)/

/** What an answer with tokens may bring beside them. */
const shownOnce = ['recovery_codes', 'passkey']

interface Setup {
  root: string
  state: State
  sender: Sender
  /** Is waited for before each call. */
  ready: () => Promise<void>
  /** Lets the user prove who they are. */
  askProof: AskProof | undefined
}

/**
 * Makes the calls: fills the path, sends the rest of the input as query or body, takes over what the answer says about
 * the session, and throws what the server refuses.
 */
export function createCall ({ root, state, sender, ready, askProof }: Setup): Call {
  const proveAgain = createProving({ ask: askProof, send: proof => call('reauthenticate', 'POST /auth/reauthenticate', proof) })

  return async (operation, route, input, options) => {
    try {
      return await call(operation, route, input, options)
    } catch (error) {
      if (!isRefusal(error) || error.code !== 'reauthentication_required') throw error
      if (!await proveAgain(error)) throw error
      return await call(operation, route, input, options)
    }
  }

  async function call (operation: OperationId, route: string, input: object = {}, options: CallOptions = {}) {
    await ready()
    const [url, init] = requestOf(root, route, input)
    const nature = { isRotating: rotating.test(operation), needsSession: !entering.test(operation) }
    const response = await sender.send(url, { ...init, ...options }, nature)
      .catch(unreachableUnless(options.signal))
    const answer = await read(response)

    if (response.ok) return await take(operation, answer, response)
    throw isProblem(answer) ? new Refusal(operation, answer, retryAfter(response)) : unintelligible(response)
  }

  /** Takes over an answer; in place of tokens it has the session. */
  async function take (operation: OperationId, answer: unknown, response: Response) {
    if (answer === undefined ? response.status < 202 : !isRecord(answer)) throw unintelligible(response)
    if (isTokenResponse(answer)) await state.grant(answer)
    else if (isRecord(answer)) {
      const { user, device_token: deviceToken } = answer
      if (isUser(user)) await state.remember(user)
      if (typeof deviceToken === 'string') await state.rememberDevice(deviceToken)
    }
    if (operation === 'deleteMe') await state.forget('account_deleted')
    state.announce()
    if (!isTokenResponse(answer)) return answer
    const brought = Object.entries(answer).filter(([name]) => shownOnce.includes(name))
    return brought.length === 0 ? state.session : { ...state.session, ...Object.fromEntries(brought) }
  }
}

/** The request of a call: fields that the path names go into it, and the others into the query or the body. */
function requestOf (root: string, route: string, input: object): [string, RequestInit] {
  const [method = '', path = ''] = route.split(' ')
  const fields = new Map(Object.entries(input).filter(([, value]) => value !== undefined))
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => segment(take(name)))
  if (method !== 'GET') {
    const body = fields.size > 0 && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(Object.fromEntries(fields)) }
    return [root + filled, { method, ...body }]
  }

  const query = [...fields].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')
  return [root + filled + (query && `?${query}`), { method }]

  function take (name: string) {
    const value: unknown = fields.get(name)
    fields.delete(name)
    return value
  }
}

/** A part of a path. @throws TypeError for one that would lead to another path */
function segment (value: unknown) {
  if (typeof value !== 'string' || /^\.{0,2}$/.test(value)) throw new TypeError(`${String(value)} cannot stand in a path`)
  return encodeURIComponent(value)
}

function unreachableUnless (signal: AbortSignal | undefined) {
  return (cause: unknown): never => {
    throw signal?.aborted || (cause instanceof Error && 'kind' in cause) ? cause : new Unreachable(cause)
  }
}
